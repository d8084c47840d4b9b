/**
 * Keeping an answer while it is given on.
 *
 * @module
 */
import {
  batchesOf,
  type Call,
  eventsOf,
  NO_TIER,
  type Reply,
  type ReplyEvent,
} from '../../call.ts';
import type { Entry } from '../../cache/entry.ts';
import type { CachePolicy } from '../../config/cache-policy.ts';
import type { Task } from '../../config/config.ts';
import { CompletionGatherer } from '../../dialects/openai-chat-gathered.ts';
import type { JsonObject } from '../../json.ts';
import type { PriceLookup } from '../../pricing/price-lookup.ts';
import { priceOf } from '../../pricing/receipt.ts';
import { toOpenAIUsage } from '../../pricing/usage-openai.ts';
import { isWhole, wentWell } from './keepable.ts';

/** What is needed to keep an answer. */
export interface Keeping {
  readonly key: string;
  readonly task: Task;
  readonly policy: CachePolicy;
  /** What the client allows, in ms. */
  readonly ttlMs: number | undefined;
  readonly prices: PriceLookup;
  /** Takes the entry. Nobody waits for it. */
  readonly put: (entry: Entry) => void;
}

/** Up to this share of its time an entry dies earlier, by chance, so that those of one burst do not die at once. */
const JITTER = 0.1;

/** The reply, whose answer is kept once it is complete and if it may be. */
export async function kept(call: Call, reply: Reply, keeping: Keeping): Promise<Reply> {
  if (reply.form === 'stream') {
    const whole = (answer: JsonObject | undefined): void => keepStreamed(call, answer, keeping);
    return { ...reply, events: new GatheredEvents(reply.events, whole) };
  }
  const batches = await batchesOf(reply);
  const event = batches[0]?.[0];
  if (event !== undefined && isWhole(event.value, call)) keep(call, event.data, keeping);
  return { ...reply, events: eventsOf(batches) };
}

function keepStreamed(call: Call, answer: JsonObject | undefined, keeping: Keeping): void {
  if (answer === undefined || !isWhole(answer, call)) return;
  const used = call.trace.answer?.usage;
  // Of a host that streams no usage it was counted here; a client that asks for JSON is told as much.
  const usage = answer['usage'] ?? (used === undefined ? undefined : toOpenAIUsage(used));
  keep(call, JSON.stringify(usage === undefined ? answer : { ...answer, usage }), keeping);
}

function keep(call: Call, body: string, { key, task, policy, ttlMs, prices, put }: Keeping): void {
  const { trace, operation, tenant, tags } = call;
  const answer = trace.answer;
  // Of calls that shared an answer, in one process or in several, the one that asked for it keeps it; what was
  // given to a question that only means the same is kept under its own.
  if (trace.coalescedWith !== undefined) return;
  if (trace.cache === 'hit' || trace.cache === 'semantic') return;
  if (answer?.usage === undefined || !wentWell(call, task, answer)) return;
  const ttl = Math.min(policy.ttlMs, ttlMs ?? Infinity);
  if (ttl <= 0) return;
  const storedAt = Date.now();
  const freshUntil = storedAt + Math.ceil(ttl * (1 - JITTER * Math.random()));
  put({
    key,
    operation,
    body,
    usage: answer.usage,
    model: answer.model.name,
    provider: answer.provider,
    tier: answer.tier,
    outcome: trace.outcome,
    costNano: costOf(call, prices),
    storedAt,
    freshUntil,
    deadAt: freshUntil + policy.staleMs,
    task: task.name,
    tenant,
    tags,
  });
}

/** What answering the same again would cost: all tiers' attempts, those that were rejected too. */
function costOf({ trace }: Call, prices: PriceLookup): number | undefined {
  return priceOf(
    trace.attempts.filter(({ tier }) => tier !== NO_TIER),
    prices,
  );
}

/** A stream's events as they are, gathered while they pass. One that fails or is given up is not told. */
class GatheredEvents implements AsyncIterableIterator<readonly ReplyEvent[]> {
  readonly #events: AsyncIterator<readonly ReplyEvent[]>;
  readonly #whole: (answer: JsonObject | undefined) => void;
  readonly #gatherer = new CompletionGatherer();
  #over = false;

  constructor(
    events: AsyncIterable<readonly ReplyEvent[]>,
    whole: (answer: JsonObject | undefined) => void,
  ) {
    this.#events = events[Symbol.asyncIterator]();
    this.#whole = whole;
  }

  async next(): Promise<IteratorResult<readonly ReplyEvent[]>> {
    const result = await this.#events.next();
    if (result.done !== true) {
      for (const event of result.value) this.#gatherer.push(event.parse());
    } else if (!this.#over) {
      this.#over = true;
      this.#whole(this.#gatherer.body());
    }
    return result;
  }

  async return(): Promise<IteratorResult<readonly ReplyEvent[]>> {
    this.#over = true;
    await this.#events.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
