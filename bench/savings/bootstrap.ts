/** Intervals by the bootstrap: resampling whole prompts, so that pairs stay pairs. */

/** A figure with its 95 % interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 2000;

/**
 * The statistic of the items, with the 2.5 and 97.5 percentiles of the same over resamples
 * (Efron's percentile bootstrap). Seeded: the same items give the same interval.
 */
export function interval<Item>(
  items: readonly Item[],
  statistic: (sample: readonly Item[]) => number,
): Interval {
  const random = generator(20261124);
  const values = Array.from({ length: RESAMPLES }, () =>
    statistic(items.map((item) => items[Math.floor(random() * items.length)] ?? item)),
  ).toSorted((a, b) => a - b);
  const at = (share: number): number =>
    values[Math.floor(share * (values.length - 1))] ?? Number.NaN;
  return { value: statistic(items), low: at(0.025), high: at(0.975) };
}

/** Numbers in [0, 1): mulberry32. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
