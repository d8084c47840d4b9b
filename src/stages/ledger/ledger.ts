/**
 * `ledger`: prices every call when it ends and hands it to the sinks, whatever became of it. Everything
 * behind this stage only appends to the call's trace.
 *
 * @module
 */
import {
  type Call,
  eventsOf,
  batchesOf,
  readyBatchesOf,
  type Receipt,
  type Reply,
  type ReplyEvent,
  type Stage,
} from '../../call.ts';
import { clientGone } from '../../departure.ts';
import { wantsUsage } from '../../dialects/openai-chat-request.ts';
import { type FarthingError, toFarthingError } from '../../errors.ts';
import { type ReceiptOptions, writeReceipt } from '../../pricing/receipt.ts';
import { closingChunk, isUsageOnly } from './closing-chunk.ts';

/** A call that is over, as the sinks see it. */
export interface SettledCall {
  readonly call: Call;
  readonly receipt: Receipt;
  /** Milliseconds since the epoch. */
  readonly endedAt: number;
  /** Why there was no answer, or no whole one. */
  readonly error: FarthingError | undefined;
}

/** Takes settled calls: metrics, telemetry. Must not throw. */
export type Sink = (settled: SettledCall) => void;

/** What the stage works with. */
export interface LedgerOptions extends ReceiptOptions {
  /** Charges a settled call and keeps its rows; resolves once they are written, or cannot be now. Never rejects. */
  readonly keep: (settled: SettledCall) => Promise<void>;
  readonly sinks: readonly Sink[];
}

/** The stage. Every call is settled exactly once, and its rows are written before its answer is complete. */
export function ledger(options: LedgerOptions): Stage {
  const settle: Settle = (call, error) => {
    const receipt = writeReceipt(call, options);
    call.trace.receipt = receipt;
    const settled = { call, receipt, endedAt: Date.now(), error };
    const kept = options.keep(settled);
    for (const sink of options.sinks) sink(settled);
    return kept;
  };
  return {
    name: 'ledger',
    wrap: (next) => async (call) => {
      let reply: Reply;
      try {
        const given = next(call);
        reply = given instanceof Promise ? await given : given;
        if (reply.form === 'stream') {
          return { ...reply, events: new SettlingEvents(call, reply.events, settle) };
        }
        // A JSON reply is settled before it is sent, so that its headers can tell what it cost.
        if (readyBatchesOf(reply) === undefined) {
          reply = { ...reply, events: eventsOf(await batchesOf(reply)) };
        }
        await settle(call);
        return reply;
      } catch (thrown) {
        const error = toFarthingError(thrown);
        // Nobody got what a failed call's attempts answered.
        call.trace.answer = undefined;
        await settle(call, error);
        throw error;
      }
    },
  };
}

/** Prices a call, and resolves once it is kept. */
type Settle = (call: Call, error?: FarthingError) => Promise<void>;

/** The events of a stream; settles its call when they end, fail, or are given up. */
class SettlingEvents implements AsyncIterableIterator<readonly ReplyEvent[]> {
  readonly #call: Call;
  readonly #events: AsyncIterator<readonly ReplyEvent[]>;
  readonly #settle: Settle;
  readonly #wantsUsage: boolean;
  #usage: ReplyEvent | undefined;
  #last: ReplyEvent | undefined;
  #settled = false;

  constructor(call: Call, events: AsyncIterable<readonly ReplyEvent[]>, settle: Settle) {
    this.#call = call;
    this.#events = events[Symbol.asyncIterator]();
    this.#settle = settle;
    this.#wantsUsage = wantsUsage(call.body.json);
  }

  async next(): Promise<IteratorResult<readonly ReplyEvent[]>> {
    if (this.#settled) return { done: true, value: undefined };
    try {
      const result = await this.#nextForClient();
      if (result.done !== true) {
        this.#last = result.value.at(-1);
        return result;
      }
    } catch (thrown) {
      const error = toFarthingError(thrown);
      // What an upstream breaks off answers nobody: its attempts count, a reference does not.
      if (error.code !== 'client_disconnected') this.#call.trace.answer = undefined;
      await this.#end(error);
      throw error;
    }
    const receipt = await this.#end();
    if (receipt === undefined || !this.#wantsUsage) return { done: true, value: undefined };
    const closing = closingChunk(this.#call, receipt, this.#usage ?? this.#last);
    return { done: false, value: [closing] };
  }

  /** The client is gone: what is upstream is stopped first, so that its usage is known. */
  async return(): Promise<IteratorResult<readonly ReplyEvent[]>> {
    if (!this.#settled) {
      await this.#events.return?.();
      await this.#end(clientGone());
    }
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The usage chunk is held back: it leaves last, with the cost, or not at all. */
  async #nextForClient(): Promise<IteratorResult<readonly ReplyEvent[]>> {
    for (;;) {
      const result = await this.#events.next();
      if (result.done === true) return result;
      const usage = result.value.findLast(isUsageOnly);
      if (usage === undefined) return result;
      this.#usage = usage;
      const others = result.value.filter((event) => event !== usage);
      if (others.length > 0) return { done: false, value: others };
    }
  }

  async #end(error?: FarthingError): Promise<Receipt | undefined> {
    if (this.#settled) return undefined;
    this.#settled = true;
    await this.#settle(this.#call, error);
    return this.#call.trace.receipt;
  }
}
