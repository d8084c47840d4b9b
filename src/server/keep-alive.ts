/**
 * Keep-alives: a stream that says nothing for a while gets a comment line, so that proxies and clients
 * do not give up on a model that is thinking, or on an answer that is held back to be checked.
 *
 * @module
 */

/** Something that can be kept alive. */
export interface Quiet {
  /** Milliseconds since the epoch of the last bytes sent. */
  readonly lastSentAt: number;
  readonly sendComment: () => void;
}

/** One timer for all streams: a timer a stream would cost more than the streams are worth. */
export class KeepAlive {
  readonly #streams = new Set<Quiet>();
  readonly #timer: NodeJS.Timeout;

  /** Sends a comment after `everyMs` of silence, and again after each further such time. */
  constructor(everyMs: number) {
    this.#timer = setInterval(() => this.#sweep(everyMs), Math.max(10, everyMs / 4)).unref();
  }

  add(stream: Quiet): void {
    this.#streams.add(stream);
  }

  delete(stream: Quiet): void {
    this.#streams.delete(stream);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sweep(everyMs: number): void {
    const now = Date.now();
    for (const stream of this.#streams) {
      if (now - stream.lastSentAt >= everyMs) stream.sendComment();
    }
  }
}
