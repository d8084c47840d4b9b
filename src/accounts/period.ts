/**
 * When a budget's time begins and ends. Calendar periods are UTC: providers bill by it, and it has no
 * hour twice.
 *
 * @module
 */
import type { BudgetPeriod, CalendarUnit } from '../config/spending.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** 1970-01-05 was a Monday. */
const FIRST_MONDAY = 4 * DAY_MS;

/** A stretch of time, in ms since the epoch. */
export interface Stretch {
  /** Inclusive. */
  readonly from: number;
  /** Exclusive; Infinity where there is no end. */
  readonly until: number;
}

/** The stretch of a period that a time is in. A rolling window ends at the time itself; `total` has no bounds. */
export function stretchOf(period: BudgetPeriod, at: number): Stretch {
  if (period.kind === 'total') return { from: 0, until: Infinity };
  if (period.kind === 'rolling') return { from: at - period.ms, until: Infinity };
  return calendarStretch(period.unit, at);
}

function calendarStretch(unit: CalendarUnit, at: number): Stretch {
  const time = new Date(at);
  const year = time.getUTCFullYear();
  const month = time.getUTCMonth();
  switch (unit) {
    case 'hour':
      return multiple(at, HOUR_MS, 0);
    case 'day':
      return multiple(at, DAY_MS, 0);
    case 'week':
      return multiple(at, 7 * DAY_MS, FIRST_MONDAY);
    case 'month':
      return { from: Date.UTC(year, month), until: Date.UTC(year, month + 1) };
    default:
      return { from: Date.UTC(year, 0), until: Date.UTC(year + 1, 0) };
  }
}

function multiple(at: number, ms: number, first: number): Stretch {
  const from = Math.floor((at - first) / ms) * ms + first;
  return { from, until: from + ms };
}
