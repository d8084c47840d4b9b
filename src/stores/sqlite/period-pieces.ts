/**
 * A period in pieces: the months in its middle, the days and hours beside them, and the calls at its
 * ragged ends.
 *
 * @module
 */
import type { Period } from '../ledger-store.ts';
import {
  DAY,
  DAY_MS,
  DAY_TOTAL,
  HOUR,
  HOUR_MS,
  HOUR_TOTAL,
  MONTH,
  monthStart,
  type SpanName,
} from './rollup-spans.ts';

/** From `from` (inclusive) to `to` (exclusive), in ms since the epoch. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** A range of whole spans; of calls where it has none. */
export interface Piece extends Range {
  readonly of: SpanName | 'call';
}

/** Earlier and later than any call. */
const NEVER: Range = { from: 0, to: DAY_MS * 100_000_000 };

/** What can be set. */
export interface PiecesOptions {
  /** Days are to be told apart: no months. @default false */
  readonly byDay?: boolean;
  /** Neither tasks nor keys are to be told apart: whole days and hours by their totals. @default false */
  readonly isWhole?: boolean;
}

/** All of a period, in as few spans as there can be. */
export function piecesOf(
  { since, until }: Period,
  { byDay = false, isWhole = false }: PiecesOptions = {},
): readonly Piece[] {
  const whole = { from: since ?? NEVER.from, to: until ?? NEVER.to };
  const { inner: months, outer } = byDay ? { inner: [], outer: [whole] } : inMonths([whole]);
  const { inner: days, outer: beside } = inside(outer, DAY_MS);
  const { inner: hours, outer: calls } = inside(beside, HOUR_MS);
  return [
    ...months.map((range) => ({ ...range, of: MONTH.name })),
    ...days.map((range) => ({ ...range, of: (isWhole ? DAY_TOTAL : DAY).name })),
    ...hours.map((range) => ({ ...range, of: (isWhole ? HOUR_TOTAL : HOUR).name })),
    ...calls.map((range) => ({ ...range, of: 'call' as const })),
  ];
}

/** The days that a period touches, whole. */
export function wholeDays({ since, until }: Period): Range {
  return {
    from: Math.floor((since ?? NEVER.from) / DAY_MS) * DAY_MS,
    to: Math.ceil((until ?? NEVER.to) / DAY_MS) * DAY_MS,
  };
}

/** Ranges, and what is left around them. */
interface Divided {
  readonly inner: readonly Range[];
  readonly outer: readonly Range[];
}

/** The whole months inside of ranges. */
function inMonths(ranges: readonly Range[]): Divided {
  return within(ranges, ({ from, to }) => {
    const start = monthStart(from);
    return { from: start < from ? monthStart(from, 1) : start, to: monthStart(to) };
  });
}

/** The whole multiples of `ms` inside of ranges. */
function inside(ranges: readonly Range[], ms: number): Divided {
  return within(ranges, ({ from, to }) => ({
    from: Math.ceil(from / ms) * ms,
    to: Math.floor(to / ms) * ms,
  }));
}

/** Divides ranges by what is whole inside each; that may be empty. */
function within(ranges: readonly Range[], wholeIn: (range: Range) => Range): Divided {
  const inner: Range[] = [];
  const outer: Range[] = [];
  for (const range of ranges) {
    const { from, to } = range;
    const whole = wholeIn(range);
    if (whole.from >= whole.to) {
      if (from < to) outer.push(range);
      continue;
    }
    inner.push(whole);
    if (from < whole.from) outer.push({ from, to: whole.from });
    if (whole.to < to) outer.push({ from: whole.to, to });
  }
  return { inner, outer };
}
