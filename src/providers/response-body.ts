/**
 * The bytes of an upstream's answer, read as they come, with back-pressure to the socket.
 *
 * @module
 */
import type { Dispatcher } from 'undici';
import { FarthingError } from '../errors.ts';

/** Bytes held for a slow reader before the socket is paused. */
const HIGH_WATER = 64 * 1024;

/** A response body with one reader. Failing upstreams make `next()` throw a {@link FarthingError}. */
export class ResponseBody implements AsyncIterableIterator<Uint8Array> {
  readonly #controller: Dispatcher.DispatchController;
  readonly #chunks: Buffer[] = [];
  #held = 0;
  #done = false;
  #failure: FarthingError | undefined;
  #wake: (() => void) | undefined;

  constructor(controller: Dispatcher.DispatchController) {
    this.#controller = controller;
  }

  /** Called by the transport with the next bytes. */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    if (this.#held > HIGH_WATER) this.#controller.pause();
    this.#wake?.();
  }

  /** Called by the transport when all bytes have come. */
  finish(): void {
    this.#done = true;
    this.#wake?.();
  }

  /** Called by the transport when no more bytes will come. Bytes that did come are read first. */
  fail(failure: FarthingError): void {
    this.#failure = failure;
    this.finish();
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#chunks.length === 0 && !this.#done) await this.#moreOrEnd();
    const value = this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : this.#chunks[0];
    if (value === undefined) {
      if (this.#failure !== undefined) throw this.#failure;
      return { done: true, value: undefined };
    }
    this.#chunks.length = 0;
    this.#held = 0;
    if (this.#controller.paused) this.#controller.resume();
    return { done: false, value };
  }

  /** Stops the exchange; the connection is closed unless all bytes had come. */
  async return(): Promise<IteratorResult<Uint8Array>> {
    this.cancel();
    return { done: true, value: undefined };
  }

  /** Stops the exchange without reading on. */
  cancel(): void {
    if (this.#done) return;
    this.#done = true;
    this.#chunks.length = 0;
    this.#controller.abort(new FarthingError('client_disconnected', 'No longer wanted.'));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** All bytes, as they came, where none was read before. Throws `upstream_malformed` above `limit` bytes. */
  async bytes(limit: number): Promise<Buffer> {
    while (!this.#done) {
      await this.#moreOrEnd();
      if (this.#held > limit) {
        this.cancel();
        throw new FarthingError('upstream_malformed', `The answer is larger than ${limit} bytes.`);
      }
      if (this.#controller.paused) this.#controller.resume();
    }
    if (this.#failure !== undefined) throw this.#failure;
    const [only] = this.#chunks;
    return only !== undefined && this.#chunks.length === 1 ? only : Buffer.concat(this.#chunks);
  }

  async #moreOrEnd(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }
}
