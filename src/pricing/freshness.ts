/**
 * How old a price is. Public lists go out of date, and a cost computed at an old price should say so.
 *
 * @module
 */
import type { PriceRule } from './price-rule.ts';

const DAY_MS = 86_400_000;

/** The age in ms above which a price is flagged, where nothing else is configured: 90 days. */
export const DEFAULT_PRICE_MAX_AGE_MS = 90 * DAY_MS;

/** When prices were read, in ms since the epoch: parsed once. */
const readAt = new WeakMap<PriceRule, number>();

/**
 * True where a price was older than `maxAgeMs` at a time (ms since the epoch), normally that of the call.
 * A user's own price is never stale: nobody knows better what they pay.
 */
export function isStale(rule: PriceRule, at: number, maxAgeMs: number): boolean {
  if (rule.source === 'config') return false;
  let read = readAt.get(rule);
  if (read === undefined) readAt.set(rule, (read = Date.parse(rule.asOf)));
  return at - read > maxAgeMs;
}

/** Whole days from the day on which a price was read to a time (ms since the epoch); at least 0. */
export function ageInDays({ asOf }: Pick<PriceRule, 'asOf'>, at: number): number {
  return Math.max(0, Math.floor((at - Date.parse(asOf)) / DAY_MS));
}
