/**
 * `keep`: an answer is kept while it is given on.
 *
 * Innermost of the stages that answer from what was given before: what arrives here was asked of a model,
 * once, whoever waits for it. Of calls that share a question the one that asked may leave; its answer is
 * kept all the same when another has read it to the end.
 *
 * @module
 */
import type { AnswerCache } from '../../cache/answer-cache.ts';
import type { Entry } from '../../cache/entry.ts';
import {
  batchesOf,
  type Call,
  eventsOf,
  NO_TIER,
  type Reply,
  type ReplyEvent,
  type Stage,
} from '../../call.ts';
import type { CachePolicy } from '../../config/cache-policy.ts';
import type { Task } from '../../config/config.ts';
import { CompletionGatherer } from '../../dialects/openai-chat-gathered.ts';
import type { JsonObject } from '../../json.ts';
import type { PriceLookup } from '../../pricing/price-lookup.ts';
import { priceOf } from '../../pricing/receipt.ts';
import { toOpenAIUsage } from '../../pricing/usage-openai.ts';
import { readDirectives } from './directives.ts';
import { isWhole, wentWell } from './keepable.ts';

/** What the stage works with. */
export interface KeepOptions {
  readonly answers: AnswerCache;
  readonly prices: PriceLookup;
  /** Told of each answer once it is kept, behind the call. */
  readonly onKept?: ((call: Call, entry: Entry) => Promise<void>) | undefined;
}

/** The stage. Only for calls with `sameAs`; an answer is kept once it is complete and if it may be. */
export function keep(options: KeepOptions): Stage {
  return {
    name: 'keep',
    wrap: (next) => async (call) => {
      const place = placeOf(call, options.answers);
      return place === undefined
        ? await next(call)
        : kept(call, await next(call), { ...options, ...place });
    },
  };
}

/** Where an answer belongs. */
interface Place {
  readonly key: string;
  readonly task: Task;
  readonly policy: CachePolicy;
}

type Keeping = KeepOptions & Place;

/** Up to this share of its time an entry dies earlier, by chance, so that those of one burst do not die at once. */
const JITTER = 0.1;

function placeOf({ sameAs: key, task }: Call, answers: AnswerCache): Place | undefined {
  const policy = key === undefined || task === undefined ? undefined : answers.policyOf(task);
  if (key === undefined || task === undefined || policy === undefined) return undefined;
  return { key, task, policy };
}

async function kept(call: Call, reply: Reply, keeping: Keeping): Promise<Reply> {
  if (reply.form === 'stream') {
    const whole = (answer: JsonObject | undefined): void => keepStreamed(call, answer, keeping);
    return { ...reply, events: new GatheredEvents(reply.events, whole) };
  }
  const batches = await batchesOf(reply);
  const event = batches[0]?.[0];
  if (event !== undefined && isWhole(event.value, call)) put(call, event.data, keeping);
  return { ...reply, events: eventsOf(batches) };
}

function keepStreamed(call: Call, answer: JsonObject | undefined, keeping: Keeping): void {
  if (answer === undefined || !isWhole(answer, call)) return;
  const used = call.trace.answer?.usage;
  // Of a host that streams no usage it was counted here; a client that asks for JSON is told as much.
  const usage = answer['usage'] ?? (used === undefined ? undefined : toOpenAIUsage(used));
  put(call, JSON.stringify(usage === undefined ? answer : { ...answer, usage }), keeping);
}

function put(call: Call, body: string, keeping: Keeping): void {
  const { key, task, policy, answers, prices, onKept } = keeping;
  const { trace, operation, tenant, tags } = call;
  const answer = trace.answer;
  if (answer?.usage === undefined || !wentWell(call, task, answer)) return;
  const ttl = timeOf(call, policy);
  if (ttl <= 0) return;
  const storedAt = Date.now();
  const freshUntil = storedAt + Math.ceil(ttl * (1 - JITTER * Math.random()));
  const entry: Entry = {
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
  };
  answers.keep(entry, async () => onKept?.(call, entry));
}

/**
 * How long an answer is kept, in ms: never longer than the client allows. What is fetched behind a client's
 * call is not the client's: were it not kept, it would be fetched again for each call.
 */
function timeOf({ headers, trace }: Call, { ttlMs }: CachePolicy): number {
  if (trace.cache === 'revalidate') return ttlMs;
  return Math.min(ttlMs, readDirectives(headers).ttlMs ?? Infinity);
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
