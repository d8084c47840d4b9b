/**
 * Why a line drifts: what a rule sees, and what it answers.
 *
 * @module
 */
import type { PriceBook } from '../pricing/price-book.ts';
import type { ComparedLine } from './compare.ts';

/** What a drift can come from. Stable; the words beside it are not. */
export type ReasonCode =
  | 'other-line-item'
  | 'unpriced'
  | 'other-name'
  | 'day-boundary'
  | 'not-in-ledger'
  | 'not-on-bill'
  | 'outside-gateway'
  | 'more-than-billed'
  | 'estimated-usage'
  | 'discount'
  | 'service-tier'
  | 'cached-tokens'
  | 'other-price'
  | 'region'
  | 'price-differs'
  | 'unknown';

/** The likeliest reason, with its evidence in words. */
export interface Reason {
  readonly code: ReasonCode;
  readonly text: string;
}

/** What a rule may look at beside its line. */
export interface Surroundings {
  /** All lines of the bill. */
  readonly lines: readonly ComparedLine[];
  readonly book: PriceBook;
}

/** Answers where its evidence is there, else leaves the line to the next rule. */
export type Rule = (line: ComparedLine, around: Surroundings) => Reason | undefined;

/** A drift below this share of the bill, or this many nano-dollars, is rounding. */
const ROUNDING_SHARE = 0.001;
const ROUNDING_NANO = 100_000;
/** Counts within this share of each other are the same. */
const SAME_COUNT = 0.005;

/** Whether a line's costs agree but for rounding; undefined where the bill's are not known. */
export function agrees({ driftNano, billed }: ComparedLine): boolean | undefined {
  if (driftNano === undefined) return undefined;
  const rounding = Math.max(ROUNDING_NANO, ROUNDING_SHARE * Math.abs(billed.costNano ?? 0));
  return Math.abs(driftNano) <= rounding;
}

/** Whether two numbers are the same within a share of the larger one. */
export function near(one: number, other: number, share: number = SAME_COUNT): boolean {
  return Math.abs(one - other) <= share * Math.max(Math.abs(one), Math.abs(other));
}

/** Whether the ledger has the provider's requests (or tokens): undefined where the exports do not count them. */
export function isCovered({ coverage }: ComparedLine): boolean | undefined {
  return coverage === undefined ? undefined : near(coverage.ledger, coverage.billed);
}

/** `12.3 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
