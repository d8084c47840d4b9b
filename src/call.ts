/**
 * The words of the pipeline: a {@link Call} goes down through the stages, a {@link Reply} comes back up,
 * and everything that happened on the way stands in the call's {@link Trace}.
 *
 * @module
 */
import type { Departure } from './departure.ts';
import type { JsonObject } from './json.ts';
import { type FarthingError, toFarthingError } from './errors.ts';
import type { Model, Task } from './config/config.ts';
import type { Usage } from './pricing/usage.ts';
import type { PriceRule } from './pricing/price-rule.ts';
import type { Part } from './accounts/leases.ts';
import type { KeyRecord } from './stores/key-store.ts';

/** What a client asks for. */
export type Operation = 'chat' | 'embeddings';

/** One request of a client. Immutable: a stage that changes something passes on a copy. */
export interface Call {
  /** ULID: sorts by time, unique across processes. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly operation: Operation;
  readonly body: RequestBody;
  /** Request headers, lower-case names. Never forwarded upstream. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Who pays: the name of the key. `""` while the gateway is open. */
  readonly tenant: string;
  /** The caller's key; undefined while the gateway is open. */
  readonly key?: KeyRecord | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** The caller's cap for this call in nano-dollars, all attempts together (`x-farthing-max-cost`). */
  readonly maxCostNano?: number | undefined;
  /** Tells when the client leaves. */
  readonly departure: Departure;
  readonly trace: Trace;
  /** The kind of work, set by `identify`. */
  readonly task?: Task;
  /** The key of its answer, set by `cache`: calls with the same may be given each other's answers. */
  readonly sameAs?: string;
  /** The model to ask, and how, set by `route`. */
  readonly ask?: Ask;
}

/** The request body as it arrived, in chat-completions (or embeddings) format. */
export interface RequestBody {
  /** The bytes as received; forwarded untouched where nothing but the model's name changes. */
  readonly raw: string;
  readonly json: JsonObject;
}

/**
 * The tier of a question that no tier asks: it embeds the call's question, or judges an answer. What it costs
 * is the call's overhead.
 */
export const NO_TIER = -1;

/** One question to one model. */
export interface Ask {
  readonly model: Model;
  /** Index of the tier in the task's ladder, or {@link NO_TIER}. */
  readonly tier: number;
  /** Upper limit on output tokens, lower than or equal to the client's own; undefined leaves the body as it is. */
  readonly maxOutputTokens?: number | undefined;
}

/**
 * One event of a reply: a whole JSON body, or one chunk of a stream. Kept as text, parsed only when a
 * stage looks inside.
 */
export class ReplyEvent {
  /** JSON text without framing. */
  readonly data: string;
  #value: JsonObject | undefined;
  #bytes = -1;

  constructor(data: string, value?: JsonObject) {
    this.data = data;
    this.#value = value;
  }

  /** An event for a value made here. */
  static of(value: JsonObject): ReplyEvent {
    return new ReplyEvent(JSON.stringify(value), value);
  }

  /** Bytes of the text in UTF-8; counted once. */
  get bytes(): number {
    if (this.#bytes < 0) this.#bytes = Buffer.byteLength(this.data);
    return this.#bytes;
  }

  /** The parsed object, made anew each time: for events that are many and looked at once. */
  parse(): JsonObject {
    return this.#value ?? (JSON.parse(this.data) as JsonObject);
  }

  /** The parsed object. Dialects only make events whose text is a JSON object. */
  get value(): JsonObject {
    return (this.#value ??= JSON.parse(this.data) as JsonObject);
  }
}

/** What a call is answered with. JSON and streams are one thing: a JSON reply is a sequence of one event. */
export interface Reply {
  readonly form: 'json' | 'stream';
  /**
   * The events as they come, those of one read together: a promise for each event would cost more than
   * the event. Never an empty batch. Consumed exactly once. Ending the iteration early (`return()`) aborts the upstream request.
   * Failing in the middle throws a {@link FarthingError}.
   */
  readonly events: AsyncIterable<readonly ReplyEvent[]>;
  /** The attempt whose answer this is; undefined where no model was asked. */
  readonly attempt?: Attempt | undefined;
}

/** Batches that are all there already, as the events of a reply. */
export function eventsOf(
  batches: readonly (readonly ReplyEvent[])[],
): AsyncIterable<readonly ReplyEvent[]> {
  return new ReadyEvents(batches);
}

/** All batches of a reply, where they are there already: without a promise. */
export function readyBatchesOf({ events }: Reply): readonly (readonly ReplyEvent[])[] | undefined {
  return events instanceof ReadyEvents ? events.batches : undefined;
}

/** All batches of a reply. */
export async function batchesOf(reply: Reply): Promise<readonly (readonly ReplyEvent[])[]> {
  const ready = readyBatchesOf(reply);
  if (ready !== undefined) return ready;
  const batches: (readonly ReplyEvent[])[] = [];
  for await (const batch of reply.events) batches.push(batch);
  return batches;
}

class ReadyEvents implements AsyncIterableIterator<readonly ReplyEvent[]> {
  readonly batches: readonly (readonly ReplyEvent[])[];
  #next = 0;

  constructor(batches: readonly (readonly ReplyEvent[])[]) {
    this.batches = batches;
  }

  async next(): Promise<IteratorResult<readonly ReplyEvent[]>> {
    const value = this.batches[this.#next++];
    return value === undefined ? { done: true, value } : { done: false, value };
  }

  async return(): Promise<IteratorResult<readonly ReplyEvent[]>> {
    this.#next = this.batches.length;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** How an answer fared against the checks of its tier. */
export type Outcome = 'accepted' | 'repaired' | 'rejected' | 'unchecked';

/** One request that Farthing sent upstream for a call. Filled in while it happens; final once `endedAt` is set. */
export interface Attempt {
  readonly model: Model;
  readonly provider: string;
  /** Index of the tier that asked, or {@link NO_TIER}. */
  readonly tier: number;
  /** What was asked for, where that is not what the call asks for. */
  readonly operation?: Operation | undefined;
  readonly startedAt: number;
  /** Milliseconds from `startedAt` to the first byte of the answer. */
  firstByteMs?: number | undefined;
  endedAt?: number | undefined;
  /** HTTP status of the upstream; undefined where none arrived. */
  status?: number | undefined;
  error?: FarthingError | undefined;
  usage?: Usage | undefined;
  /** The model's name in the answer, where it differs from what was asked. */
  answeredBy?: string | undefined;
  outcome?: Outcome | undefined;
  /** Why the answer was not accepted: names of checks with their reasons. */
  reasons?: readonly string[] | undefined;
}

/** An attempt that begins now, with all its fields, as {@link newTrace}. */
export function newAttempt({
  model,
  provider,
  tier,
  operation,
}: Pick<Attempt, 'model' | 'provider' | 'tier' | 'operation'>): Attempt {
  return {
    model,
    provider,
    tier,
    operation,
    startedAt: Date.now(),
    firstByteMs: undefined,
    endedAt: undefined,
    status: undefined,
    error: undefined,
    usage: undefined,
    answeredBy: undefined,
    outcome: undefined,
    reasons: undefined,
  };
}

/** Money of one attempt. */
export interface AttemptPrice {
  /** Nano-dollars that count; undefined where neither the provider nor a price tells. */
  readonly costNano: number | undefined;
  /** By our own price; undefined where unpriced. */
  readonly computedNano: number | undefined;
  readonly rule: PriceRule | undefined;
}

/** Money of one call, in nano-dollars. */
export interface Receipt {
  readonly attempts: readonly AttemptPrice[];
  /** Sum of the attempts whose cost is known. */
  readonly costNano: number;
  /** False when an attempt used tokens that cannot be priced. */
  readonly priced: boolean;
  readonly reference: Model | undefined;
  /** Undefined where the reference cannot be priced; 0 for a call without an answer. */
  readonly referenceNano: number | undefined;
  /** `measured`: the reference itself answered; `estimated`: priced on the answering model's tokens. */
  readonly referenceSource: 'measured' | 'estimated' | 'none';
  /** The reference that counts: for a call that is not wholly priced its known cost, so that sums stay exact. */
  readonly countedReferenceNano: number;
  /** What each stage saved; negative where it lost. `countedReference − Σ saved + overhead = cost`, exactly. */
  readonly savedNano: Readonly<Record<SavingStage, number>>;
  /** What was paid for answers that were not given: rejected tiers, judges, failures. */
  readonly overheadNano: number;
  /** A price that was used is older than the configuration allows. */
  readonly stale: boolean;
}

/** Where money is saved, in the order of the pipeline. */
export const SAVING_STAGES = ['cache', 'coalesce', 'route', 'service'] as const;

/**
 * `cache`: an answer that was kept. `coalesce`: the answer of the same call in flight. `route`: another
 * model than the reference. `service`: the same model, cheaper than its list price.
 */
export type SavingStage = (typeof SAVING_STAGES)[number];

/** A side of the hold-out: served by the task's policy, or by the reference untouched. */
export type Arm = 'treated' | 'hold-out';

/**
 * What the cache did for a call. `off`: it was not asked. `miss`: it had nothing. `refresh`: the client
 * wanted a new answer. `unavailable`: it could not be asked in time. `semantic`: it gave the answer to
 * another question that means the same. `revalidate`: no client made this call; it fetches a new answer
 * behind a hit that was stale, or judges one that was semantic.
 */
export type CacheState =
  | 'off'
  | 'hit'
  | 'semantic'
  | 'miss'
  | 'refresh'
  | 'unavailable'
  | 'revalidate';

/** Those in which the call is given an answer that was kept. */
export type HitState = Extract<CacheState, 'hit' | 'semantic'>;

/** What happened on the way of one call: the ledger's row is this, priced. Shared by all copies of a call. */
export interface Trace {
  readonly attempts: Attempt[];
  /** The attempt whose answer the client got: one of this call, or for a hit that of the call which it answered first. */
  answer?: Attempt | undefined;
  /** The call whose answer this one was given while it was in flight. */
  coalescedWith?: string | undefined;
  /** What became of the call's answer, after all tiers. */
  outcome?: Outcome | undefined;
  /** True when a dearer tier was not asked because it would have exceeded the call's maximum cost. */
  capped?: boolean | undefined;
  /** The call's task, for the ledger. */
  task?: Task | undefined;
  /** The call's template, where it was looked for. */
  template?: string | undefined;
  /** The side of the hold-out that the call is on, and what was drawn by (undefined: the call itself). */
  arm?: Arm | undefined;
  unit?: string | undefined;
  /** Money set aside for the question in flight. */
  reserved?: readonly Part[] | undefined;
  /** Nano-dollars of earlier questions that budgets have counted as used before the call is settled. */
  countedNano?: number | undefined;
  /** Tokens that rate limits were charged at admission. */
  countedTokens?: number | undefined;
  /** What the tightest rate limit leaves, as response headers. */
  limitHeaders?: Readonly<Record<string, string>> | undefined;
  /** What the cache did; undefined where there is none. */
  cache?: CacheState | undefined;
  /** What is told of it, as response headers. */
  cacheHeaders?: Readonly<Record<string, string>> | undefined;
  /** What the answer of a hit had cost, in nano-dollars; undefined where that is not known. */
  avoidedNano?: number | undefined;
  /** What it cost, once the call is settled. */
  receipt?: Receipt | undefined;
}

/**
 * A trace in which nothing has happened. All of its fields are there from the start: objects that gain
 * them one by one, each in its own order, are slower for everybody who reads them.
 */
export function newTrace(): Trace {
  return {
    attempts: [],
    answer: undefined,
    coalescedWith: undefined,
    outcome: undefined,
    capped: undefined,
    task: undefined,
    template: undefined,
    arm: undefined,
    unit: undefined,
    reserved: undefined,
    countedNano: undefined,
    countedTokens: undefined,
    limitHeaders: undefined,
    cache: undefined,
    cacheHeaders: undefined,
    avoidedNano: undefined,
    receipt: undefined,
  };
}

/**
 * Answers a call. Rejects with a {@link FarthingError} where there is no answer, and never throws. A reply that
 * is there at once comes without a promise.
 */
export type Handler = (call: Call) => Promise<Reply> | Reply;

/**
 * One step of the pipeline. An async one ends with `return await next(call)`: an async function that returns
 * a promise as it is waits two microtasks longer. One that does not look at the reply is made by
 * {@link passing}.
 */
export interface Stage {
  readonly name: string;
  readonly wrap: (next: Handler) => Handler;
}

/**
 * A stage that passes calls on, as they are or changed, and throws to refuse one. It hands back the reply's
 * own promise: another for each stage is what much of a cheap call would cost.
 */
export function passing(name: string, pass: (call: Call) => Call): Stage {
  return {
    name,
    wrap: (next) => (call) => {
      let passed: Call;
      try {
        passed = pass(call);
      } catch (thrown) {
        return Promise.reject(toFarthingError(thrown));
      }
      return next(passed);
    },
  };
}

/** Folds stages around the innermost handler; the first stage is the outermost. */
export function compose(stages: readonly Stage[], innermost: Handler): Handler {
  return stages.reduceRight((next, stage) => stage.wrap(next), innermost);
}
