/**
 * An answer that was kept, given again.
 *
 * @module
 */
import {
  type Attempt,
  type Call,
  type CacheState,
  type HitState,
  eventsOf,
  type Reply,
  ReplyEvent,
} from '../../call.ts';
import type { Entry } from '../../cache/entry.ts';
import type { Model } from '../../config/config.ts';
import { toChunks } from '../../dialects/openai-chat-chunks.ts';
import type { JsonObject } from '../../json.ts';

/** What is given again, and how it was found. */
export interface Replayed {
  readonly entry: Entry;
  /** Who answered. */
  readonly model: Model;
  readonly state: HitState;
}

/** Answers the call with an entry, in the form that it asks for, and notes whose answer it is. */
export function replay(call: Call, { entry, model, state }: Replayed): Reply {
  const { trace, body, operation } = call;
  trace.cache = state;
  trace.cacheHeaders = toldOfHit(state, ageOf(entry, call));
  // Not among the call's attempts: no request was sent for it, and it costs nothing.
  const answer: Attempt = {
    model,
    provider: entry.provider,
    tier: entry.tier,
    startedAt: call.startedAt,
    endedAt: call.startedAt,
    status: 200,
    usage: entry.usage,
  };
  trace.answer = answer;
  if (entry.outcome !== undefined) trace.outcome = entry.outcome;
  if (entry.costNano !== undefined) trace.avoidedNano = entry.costNano;
  if (operation === 'embeddings' || body.json['stream'] !== true) {
    return { form: 'json', events: eventsOf(wholeOf(entry)), attempt: answer };
  }
  const chunks = toChunks(JSON.parse(entry.body) as JsonObject);
  return { form: 'stream', events: eventsOf([chunks]), attempt: answer };
}

/** The bodies of entries as events: made once for as long as the entry is in memory. */
const wholes = new WeakMap<Entry, readonly (readonly ReplyEvent[])[]>();

function wholeOf(entry: Entry): readonly (readonly ReplyEvent[])[] {
  let whole = wholes.get(entry);
  if (whole === undefined) wholes.set(entry, (whole = [[new ReplyEvent(entry.body)]]));
  return whole;
}

/** How old an entry was when it was asked for, in whole seconds; 0 for one that was waited for. */
function ageOf({ storedAt }: Entry, { startedAt }: Call): string {
  return String(Math.max(0, Math.floor((startedAt - storedAt) / 1000)));
}

type Told = Readonly<Record<string, string>>;

/** What is told, also in the words of other gateways. */
function told(own: string, others: string): Told {
  return {
    'x-farthing-cache': own,
    'cf-aig-cache-status': others,
    'x-portkey-cache-status': others,
  };
}

function toldOfHit(own: string, age: string): Told {
  return {
    'x-farthing-cache': own,
    'cf-aig-cache-status': 'HIT',
    'x-portkey-cache-status': 'HIT',
    age,
  };
}

/** States in which no answer is given again. */
export type PassedState = Exclude<CacheState, HitState>;

/** What is told of them. */
export const CACHE_HEADERS: Readonly<Record<PassedState, Told>> = {
  miss: told('miss', 'MISS'),
  unavailable: told('miss', 'MISS'),
  refresh: told('refresh', 'REFRESH'),
  revalidate: told('refresh', 'REFRESH'),
  off: { 'x-farthing-cache': 'off' },
};
