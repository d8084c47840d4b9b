/**
 * What no price list may contain. A wrong unit or sign would make every figure behind it wrong, so the
 * list is refused as a whole.
 *
 * @module
 */
import { type PriceRow, rowKey, sortRows } from '../price-list.ts';
import type { Rates, TierPrice } from '../price-rule.ts';

/** USD per 1M tokens. The dearest model ever sold by the token cost 600. */
const DEAREST = 2000;
/** The cheapest cost 0.01, the cheapest cache read 0.002; the dearest price per token would be 0.0006. */
const CHEAPEST = 0.001;
/** No tier or region costs a hundred times another; fast mode costs six times. */
const GREATEST_FACTOR = 100;
/** USD for a request or a search; those that are known cost below 0.1. */
const DEAREST_FEE = 10;

/** One line for each thing that is wrong; empty for a good list. */
export function absurdities(rows: readonly PriceRow[]): string[] {
  return [...overlaps(rows), ...rows.flatMap(inRow)];
}

function inRow(row: PriceRow): string[] {
  const name = `${row.provider}/${row.model}`;
  const found = [row.rates, ...(row.bands ?? []).map(({ rates }) => rates)]
    .concat((row.windows ?? []).map(({ rates }) => rates))
    .flatMap((rates) => inRates(name, rates));
  for (const [tier, price] of Object.entries(row.tiers ?? {})) {
    found.push(...inTier(`${name} at ${tier}`, price));
  }
  for (const [region, factor] of Object.entries(row.regions ?? {})) {
    found.push(...inFactor(`${name} in ${region}`, factor));
  }
  for (const [fee, amount] of Object.entries(row.fees ?? {})) {
    found.push(...inFee(`${name} per ${fee}`, Number(amount)));
  }
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

function inTier(name: string, { factor, rates, bands = [] }: TierPrice): string[] {
  return [
    ...(factor === undefined ? [] : inFactor(name, factor)),
    ...[...(rates === undefined ? [] : [rates]), ...bands.map((band) => band.rates)].flatMap((of) =>
      inRates(name, of),
    ),
  ];
}

function inFactor(name: string, factor: number): string[] {
  return factor > 0 && factor < GREATEST_FACTOR
    ? []
    : [`${name}: ${factor} is no factor between 0 and ${GREATEST_FACTOR}.`];
}

function inFee(name: string, fee: number): string[] {
  return fee >= 0 && fee <= DEAREST_FEE
    ? []
    : [`${name}: ${fee} is no fee in USD between 0 and ${DEAREST_FEE}.`];
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

/** Of a model's prices at most one may hold at any time. */
function overlaps(rows: readonly PriceRow[]): string[] {
  return [...Map.groupBy(rows, rowKey).values()].flatMap((ofModel) => {
    const sorted = sortRows(ofModel);
    return sorted.flatMap((row, index) => {
      const { provider, model, from, until } = row;
      const name = `${provider}/${model}`.toLowerCase();
      const next = sorted[index + 1];
      if (from !== undefined && until !== undefined && Date.parse(from) >= Date.parse(until)) {
        return [`${name} has a price that ends (${until}) before it begins (${from}).`];
      }
      if (next === undefined) return [];
      if (next.from === undefined || until === undefined) return [`${name} is listed twice.`];
      return Date.parse(until) > Date.parse(next.from)
        ? [`${name} has two prices at ${next.from}.`]
        : [];
    });
  });
}
