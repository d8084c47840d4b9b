/**
 * Which values of tags are told apart in reports: so many a day, since a client must not blow up the
 * ledger with labels.
 *
 * The values that were the most frequent on one day have their places on the next. Were all places given
 * to those who come first, a user with many calls would be among the others on half of the days.
 *
 * @module
 */
import { DAY_MS } from './sqlite-schema.ts';

/** The value under which a tag's values beyond the bound are summed up. */
export const OTHER_VALUES = '(others)';
/** Values of one tag that are told apart each day, by each process; and tags. */
const MOST_VALUES = 400;
const MOST_TAGS = 400;
/** Places that are kept for the most frequent of the day before; newcomers share the rest. */
const KEPT_VALUES = 300;

/** The values that have a place today. */
export class TagValues {
  /** By tag, the calls of each value on {@link #day}. */
  #calls = new Map<string, Map<string, number>>();
  /** Days since the epoch. */
  #day = 0;

  /**
   * The value under which a call of a time (ms since the epoch) is summed up; undefined for a tag that is
   * one too many.
   */
  placeOf(tag: string, value: string, at: number): string | undefined {
    const day = Math.floor(at / DAY_MS);
    if (day > this.#day) this.#begin(day);
    let calls = this.#calls.get(tag);
    if (calls === undefined) {
      if (this.#calls.size >= MOST_TAGS) return undefined;
      this.#calls.set(tag, (calls = new Map()));
    }
    const before = calls.get(value);
    if (before === undefined && calls.size >= MOST_VALUES) return OTHER_VALUES;
    calls.set(value, (before ?? 0) + 1);
    return value;
  }

  #begin(day: number): void {
    this.#day = day;
    const kept = [...this.#calls].map(([tag, calls]) => [tag, mostFrequent(calls)] as const);
    this.#calls = new Map(kept.filter(([, values]) => values.size > 0));
  }
}

/** The values that keep their places, with no calls yet. */
function mostFrequent(calls: ReadonlyMap<string, number>): Map<string, number> {
  const kept = [...calls]
    .filter(([, count]) => count > 0)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, KEPT_VALUES);
  return new Map(kept.map(([value]) => [value, 0]));
}
