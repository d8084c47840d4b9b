/**
 * Which entries are dropped when there is no more room: those that are worth least.
 *
 * All policies are of one form, that of GreedyDual (N. Young, 1994): each entry has a worth, fixed when it
 * is stored or used, and the *floor* is the worth of the one dropped last. What is new starts from the
 * floor, so that what was worth much long ago does not stay for ever.
 *
 * @module
 */

/** What is known of an entry when its worth is fixed. */
export interface EntryUse {
  /** How often it was used, storing it included. */
  readonly uses: number;
  /** What it takes. */
  readonly bytes: number;
  /** What it saves when used, in nano-dollars; 0 where unknown. */
  readonly costNano: number;
  /** Counts up with every use of any entry. */
  readonly tick: number;
}

/** Fixes the worth of an entry; the least worth goes first. */
export type EvictionPolicy = (use: EntryUse, floor: number) => number;

/** Least recently used. */
export const lru: EvictionPolicy = ({ tick }) => tick;

/** Least frequently used, with ageing (LFU-DA; Arlitt et al., 1999). */
export const lfu: EvictionPolicy = ({ uses }, floor) => floor + uses;

/** What an entry of unknown cost counts as, in nano-dollars a byte: something, so that uses count. */
const LEAST_COST = 1;

/**
 * Money saved per byte: GreedyDual-Size-Frequency (Cherkasova, 1998) with the answer's cost as its cost.
 * The default, by measurement (bench/cache-eviction.ts).
 */
export const savedPerByte: EvictionPolicy = ({ uses, bytes, costNano }, floor) =>
  floor + (uses * Math.max(costNano, LEAST_COST)) / Math.max(1, bytes);
