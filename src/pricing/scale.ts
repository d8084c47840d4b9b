/**
 * Rates times a factor: discounts, service tiers, regions. The product is rounded to a pico-dollar a
 * token, as every rate is, so that arithmetic stays in integers.
 *
 * @module
 */
import type { PriceRule, Rates } from './price-rule.ts';

/** Pico-dollars a token at 1 USD per 1M tokens. */
const PICO_PER_DOLLAR_RATE = 1e6;

/** A rate of USD per 1M tokens in whole pico-dollars a token. Throws a RangeError for what is no price. */
export function toPico(rate: number): number {
  const pico = Math.round(rate * PICO_PER_DOLLAR_RATE);
  if (!(rate >= 0) || !Number.isSafeInteger(pico)) throw new RangeError(`${rate} is no price.`);
  return pico;
}

/** Rates never change once made: their multiples are made once. */
const scaledRates = new WeakMap<Rates, Map<number, Rates>>();

/** All rates times a factor. */
export function scaleRates(rates: Rates, factor: number): Rates {
  let known = scaledRates.get(rates);
  if (known === undefined) scaledRates.set(rates, (known = new Map()));
  let scaled = known.get(factor);
  if (scaled === undefined) {
    const entries = Object.entries(rates) as [keyof Rates, number][];
    scaled = Object.fromEntries(
      entries.map(([name, rate]) => [name, toPico(rate * factor) / PICO_PER_DOLLAR_RATE]),
    ) as Record<keyof Rates, number>;
    known.set(factor, scaled);
  }
  return scaled;
}

/** A whole price times a factor, fees included; its id tells so. */
export function scaleRule(rule: PriceRule, factor: number): PriceRule {
  const scaled = <Part extends { readonly rates: Rates }>(part: Part): Part => ({
    ...part,
    rates: scaleRates(part.rates, factor),
  });
  const { bands, windows, tiers, fees } = rule;
  return {
    ...scaled(rule),
    id: `${rule.id}*${factor}`,
    ...(bands === undefined ? {} : { bands: bands.map(scaled) }),
    ...(windows === undefined ? {} : { windows: windows.map(scaled) }),
    ...(tiers === undefined
      ? {}
      : {
          tiers: Object.fromEntries(
            Object.entries(tiers).map(([name, { rates, bands: own, ...tier }]) => [
              name,
              {
                ...tier,
                ...(rates === undefined ? {} : { rates: scaleRates(rates, factor) }),
                ...(own === undefined ? {} : { bands: own.map(scaled) }),
              },
            ]),
          ),
        }),
    ...(fees === undefined
      ? {}
      : {
          fees: Object.fromEntries(
            Object.entries(fees).map(([name, fee]) => [name, Number(fee) * factor]),
          ),
        }),
  };
}
