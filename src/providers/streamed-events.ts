/**
 * A streamed answer as reply events. Ends its attempt exactly once, however the stream ends: read to
 * the end, broken off by the upstream, or given up by the reader.
 *
 * @module
 */
import type { Attempt, Call, ReplyEvent } from '../call.ts';
import type { StreamDecoder } from '../dialects/dialect.ts';
import { SseParser } from '../dialects/sse.ts';
import { type FarthingError, toFarthingError } from '../errors.ts';
import type { Breaker } from './breaker.ts';
import { estimateStreamUsage } from './estimate-usage.ts';
import { OutputMeter } from './output-meter.ts';

/** What a stream is made from. */
export interface StreamedEventsOptions {
  readonly call: Call;
  readonly attempt: Attempt;
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly decoder: StreamDecoder;
  readonly breaker: Breaker;
}

/** The events of one streamed answer. */
export class StreamedEvents implements AsyncIterableIterator<readonly ReplyEvent[]> {
  readonly #options: StreamedEventsOptions;
  readonly #bytes: AsyncIterator<Uint8Array>;
  readonly #parser = new SseParser();
  readonly #meter = new OutputMeter();
  #ready: readonly ReplyEvent[] = [];
  #begun = false;
  #ended = false;

  constructor(options: StreamedEventsOptions) {
    this.#options = options;
    this.#bytes = options.bytes[Symbol.asyncIterator]();
  }

  /** Waits for the first event; throws what the stream throws before it. */
  async begin(): Promise<void> {
    await this.#fill();
    const { attempt } = this.#options;
    attempt.firstByteMs = Date.now() - attempt.startedAt;
    this.#begun = true;
  }

  async next(): Promise<IteratorResult<readonly ReplyEvent[]>> {
    if (this.#ready.length === 0) await this.#fill();
    const value = this.#ready;
    this.#ready = [];
    return value.length === 0 ? { done: true, value: undefined } : { done: false, value };
  }

  /** The reader wants no more: the upstream request is aborted. */
  async return(): Promise<IteratorResult<readonly ReplyEvent[]>> {
    if (!this.#ended) {
      this.#ready = [];
      await this.#bytes.return?.();
      await this.#end(undefined);
    }
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Reads until there is an event, or none will come. */
  async #fill(): Promise<void> {
    try {
      while (this.#ready.length === 0 && !this.#ended) await this.#read();
    } catch (thrown) {
      const failure = toFarthingError(thrown);
      await this.#bytes.return?.();
      await this.#end(failure);
      throw failure;
    }
  }

  async #read(): Promise<void> {
    const { decoder } = this.#options;
    const chunk = await this.#bytes.next();
    const messages = chunk.done === true ? this.#parser.end() : this.#parser.push(chunk.value);
    const events: ReplyEvent[] = [];
    const take = (decoded: readonly ReplyEvent[]): void => {
      // Metered at once: what came before a failure was generated, and is billed.
      for (const event of decoded) this.#meter.push(event.data);
      events.push(...decoded);
    };
    for (const message of messages) take(decoder.push(message));
    if (chunk.done === true) take(decoder.end());
    this.#ready = events;
    if (chunk.done === true) await this.#end(undefined);
  }

  async #end(failure: FarthingError | undefined): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const { call, attempt, decoder, breaker } = this.#options;
    if (failure !== undefined) attempt.error = failure;
    // A failure before the first event is reported by whoever asked.
    if (this.#begun && failure !== undefined && failure.code !== 'client_disconnected') {
      breaker.failed();
    }
    const model = decoder.model();
    if (model !== undefined) attempt.answeredBy = model;
    const reported = decoder.usage();
    const refused = failure?.code === 'upstream_rejected' && !this.#begun;
    if (!refused || reported !== undefined || this.#meter.text() !== '') {
      attempt.usage = await estimateStreamUsage(call, reported, this.#meter);
    }
    attempt.endedAt = Date.now();
  }
}
