/**
 * The spans of time that rollups are kept for: hours, days and months of UTC. Times are in ms since the
 * epoch.
 *
 * @module
 */

/** Names of the spans, as they stand in the ledger. */
export type SpanName = 'hour' | 'hour-total' | 'day' | 'total' | 'month';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** A span, and the start of the one that a time is in. */
export interface Span {
  readonly name: SpanName;
  readonly startOf: (at: number) => number;
}

/** When the month of a time begins; of those after it with `later`. */
export function monthStart(at: number, later = 0): number {
  const time = new Date(at);
  return Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + later);
}

export const HOUR: Span = { name: 'hour', startOf: (at) => Math.floor(at / HOUR_MS) * HOUR_MS };
export const DAY: Span = { name: 'day', startOf: (at) => Math.floor(at / DAY_MS) * DAY_MS };
/** An hour and a day again, of all their calls whatever their task, key and tags. */
export const HOUR_TOTAL: Span = { ...HOUR, name: 'hour-total' };
export const DAY_TOTAL: Span = { ...DAY, name: 'total' };
export const MONTH: Span = { name: 'month', startOf: monthStart };
