/**
 * What no price list may contain. A wrong unit or sign would make every figure behind it wrong, so the
 * list is refused as a whole.
 *
 * @module
 */
import type { PriceRow } from '../../src/pricing/price-list.ts';
import type { Rates } from '../../src/pricing/price-rule.ts';

/** USD per 1M tokens. The dearest model ever sold by the token cost 600. */
const DEAREST = 2000;
/** The cheapest cost 0.01, the cheapest cache read 0.002; the dearest price per token would be 0.0006. */
const CHEAPEST = 0.001;

/** One line for each thing that is wrong; empty for a good list. */
export function absurdities(rows: readonly PriceRow[]): string[] {
  return [...duplicates(rows), ...rows.flatMap(inRow)];
}

function inRow(row: PriceRow): string[] {
  const name = `${row.provider}/${row.model}`;
  const found = [row.rates, ...(row.bands ?? []).map(({ rates }) => rates)]
    .concat((row.windows ?? []).map(({ rates }) => rates))
    .flatMap((rates) => inRates(name, rates));
  if (row.bands !== undefined && row.windows !== undefined) {
    found.push(
      `${name} has bands and windows; what it costs at a large prompt in a window is not said.`,
    );
  }
  if (!/^\d{4}-\d\d-\d\d$/.test(row.asOf)) found.push(`${name} has no date: "${row.asOf}".`);
  if (row.source === '') found.push(`${name} has no source.`);
  if (row.model === '') found.push(`${row.provider} has a model without a name.`);
  return found;
}

function inRates(name: string, rates: Rates): string[] {
  return Object.entries(rates).flatMap(([what, value]) => {
    const rate: unknown = value;
    if (typeof rate !== 'number' || !Number.isFinite(rate)) {
      return [`${name}: ${what} is no number: ${String(rate)}.`];
    }
    if (rate < 0) return [`${name}: ${what} is negative: ${rate}.`];
    if (rate > DEAREST) return [`${name}: ${what} is above $${DEAREST} per 1M tokens: ${rate}.`];
    if (rate > 0 && rate < CHEAPEST) {
      return [`${name}: ${what} is ${rate}; that looks like a price per token, not per 1M tokens.`];
    }
    return [];
  });
}

function duplicates(rows: readonly PriceRow[]): string[] {
  const seen = new Set<string>();
  return rows.flatMap(({ provider, model }) => {
    const name = `${provider}/${model}`.toLowerCase();
    if (seen.has(name)) return [`${name} is listed twice.`];
    seen.add(name);
    return [];
  });
}
