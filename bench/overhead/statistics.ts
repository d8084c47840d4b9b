/** Small statistics. */

/** The value below which the share of sorted numbers lies, by nearest rank. */
export function percentile(sorted: readonly number[], share: number): number {
  const rank = Math.max(0, Math.ceil(share * sorted.length) - 1);
  return sorted[rank] ?? Number.NaN;
}

/** The middle number. */
export function median(numbers: readonly number[]): number {
  return percentile(
    numbers.toSorted((a, b) => a - b),
    0.5,
  );
}

/** A median, and the quartiles around it. */
export interface Spread {
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
}

/** Where the middle half of some values lies. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    lower: percentile(sorted, 0.25),
    median: median(values),
    upper: percentile(sorted, 0.75),
  };
}

/** As `1.23 (1.20–1.31)`. */
export function spreadText(values: Spread): string {
  const { lower, median: middle, upper } = values;
  return `${middle.toFixed(2)} (${lower.toFixed(2)}–${upper.toFixed(2)})`;
}
