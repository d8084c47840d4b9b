/**
 * What the cache would say to a call.
 *
 * @module
 */
import type { AnswerCache } from '../cache/answer-cache.ts';
import { cacheKeyOf } from '../cache/cache-key.ts';
import type { Entry } from '../cache/entry.ts';
import type { Call } from '../call.ts';
import type { Task } from '../config/config.ts';
import { readDirectives } from '../stages/cache/directives.ts';
import { mayBeCached } from '../stages/cache/keepable.ts';

/** Field names are the JSON contract. */
export interface QuotedCache {
  /** `off`: such calls are not cached. `unavailable`: the cache cannot be asked now. */
  readonly state: 'off' | 'miss' | 'hit' | 'unavailable';
  /** The entry that would answer, as `farthing cache list` shows it; null without one. */
  readonly entry: string | null;
  /** Seconds since it was stored. */
  readonly age: number | null;
}

const OFF: QuotedCache = { state: 'off', entry: null, age: null };

/** Looks for the entry of a call of a task, and changes nothing. Of several answers in turn it finds the first. */
export async function quoteCache(
  call: Call,
  task: Task,
  cache: AnswerCache | undefined,
): Promise<QuotedCache> {
  const policy = cache?.policyOf(task);
  if (cache === undefined || policy === undefined || !mayBeCached(call, policy)) return OFF;
  const { mode } = readDirectives(call.headers);
  const key = cacheKeyOf(call, task, policy);
  if (mode === 'off' || key === undefined) return OFF;
  if (mode === 'refresh') return { ...OFF, state: 'miss' };
  let entry: Entry | undefined;
  try {
    entry = await cache.store.get(policy.samples === 1 ? key : `${key}.0`);
  } catch {
    return { ...OFF, state: 'unavailable' };
  }
  const now = Date.now();
  if (entry === undefined || now >= entry.freshUntil + policy.staleMs)
    return { ...OFF, state: 'miss' };
  return { state: 'hit', entry: entry.key, age: Math.floor((now - entry.storedAt) / 1000) };
}
