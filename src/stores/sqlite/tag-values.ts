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
/** Tags that are told apart in each span, by each process. */
const MOST_TAGS = 400;

/** How many values of one tag are told apart. */
export interface TagValuesOptions {
  readonly span: Span;
  /** In each span, by each process. */
  readonly most: number;
  /** Places that are kept for the most frequent of the span before; newcomers share the rest. */
  readonly kept: number;
}

/** Calls to be summed up under a tag's value. */
export interface TaggedCalls {
  readonly tag: string;
  readonly value: string;
  readonly calls: number;
}

/** The values that have a place in the span of now. */
export class TagValues {
  readonly #options: TagValuesOptions;
  /** By tag, the calls of each value since {@link #start}. */
  #calls = new Map<string, Map<string, number>>();
  /** In ms since the epoch. */
  #start = -Infinity;

  constructor(options: TagValuesOptions) {
    this.#options = options;
  }

  /**
   * The value under which calls of a time (ms since the epoch) are summed up; undefined for a tag that is
   * one too many.
   */
  placeOf({ tag, value, calls: more }: TaggedCalls, at: number): string | undefined {
    const start = this.#options.span.startOf(at);
    if (start > this.#start) this.#begin(start);
    let calls = this.#calls.get(tag);
    if (calls === undefined) {
      if (this.#calls.size >= MOST_TAGS) return undefined;
      this.#calls.set(tag, (calls = new Map()));
    }
    const before = calls.get(value);
    if (before === undefined && calls.size >= this.#options.most) return OTHER_VALUES;
    calls.set(value, (before ?? 0) + more);
    return value;
  }

  #begin(start: number): void {
    this.#start = start;
    const { kept: most } = this.#options;
    const kept = [...this.#calls].map(([tag, calls]) => [tag, mostFrequent(calls, most)] as const);
    this.#calls = new Map(kept.filter(([, values]) => values.size > 0));
  }
}

/** The values that keep their places, with no calls yet. */
function mostFrequent(calls: ReadonlyMap<string, number>, most: number): Map<string, number> {
  const kept = [...calls]
    .filter(([, count]) => count > 0)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, most);
  return new Map(kept.map(([value]) => [value, 0]));
}
