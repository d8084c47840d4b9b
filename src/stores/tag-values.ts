/**
 * Which values of tags are told apart in reports: so many in each span of time, since a client must not
 * blow up the ledger with labels.
 *
 * The values that were the most frequent in one span have their places in the next. Were all places given
 * to those who come first, a user with many calls would be among the others on half of the days.
 *
 * @module
 */
import type { Span } from './rollup-spans.ts';

/** The value under which a tag's values beyond the bound are summed up. */
export const OTHER_VALUES = '(others)';
/** Values of one tag that are told apart in each span, by each process; and tags. */
const MOST_VALUES = 400;
const MOST_TAGS = 400;
/** Places that are kept for the most frequent of the span before; newcomers share the rest. */
const KEPT_VALUES = 300;

/** Calls to be summed up under a tag's value. */
export interface TaggedCalls {
  readonly tag: string;
  readonly value: string;
  readonly calls: number;
}

/** The values that have a place in the span of now. */
export class TagValues {
  readonly #span: Span;
  /** By tag, the calls of each value since {@link #start}. */
  #calls = new Map<string, Map<string, number>>();
  /** In ms since the epoch. */
  #start = -Infinity;

  constructor(span: Span) {
    this.#span = span;
  }

  /**
   * The value under which calls of a time (ms since the epoch) are summed up; undefined for a tag that is
   * one too many.
   */
  placeOf({ tag, value, calls: more }: TaggedCalls, at: number): string | undefined {
    const start = this.#span.startOf(at);
    if (start > this.#start) this.#begin(start);
    let calls = this.#calls.get(tag);
    if (calls === undefined) {
      if (this.#calls.size >= MOST_TAGS) return undefined;
      this.#calls.set(tag, (calls = new Map()));
    }
    const before = calls.get(value);
    if (before === undefined && calls.size >= MOST_VALUES) return OTHER_VALUES;
    calls.set(value, (before ?? 0) + more);
    return value;
  }

  #begin(start: number): void {
    this.#start = start;
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
