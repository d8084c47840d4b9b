/**
 * In which figures two prices differ.
 *
 * @module
 */
import { completeRates } from './cost.ts';
import type { PriceRow } from './price-list.ts';
import type { PriceBand, Rates, TierPrice } from './price-rule.ts';
import { withTerms } from './provider-terms.ts';
import { TOKEN_CLASSES } from './usage.ts';

/** One figure of a price that is another in the other price. */
export interface PriceDifference {
  /** `input`, `over 200K: output`, `priority: input`, `region us`, `per search`. */
  readonly what: string;
  /** USD per 1M tokens, a factor, or USD a time; undefined where the price says nothing. */
  readonly before: number | undefined;
  readonly after: number | undefined;
}

/** All figures in which two prices of a model differ. A rate that follows from another is none of its own. */
export function priceDifferences(before: PriceRow, after: PriceRow): readonly PriceDifference[] {
  const old = figures(before);
  const now = figures(after);
  return [...new Set([...old.stated.keys(), ...now.stated.keys()])].flatMap((what) => {
    const was = old.stated.get(what) ?? old.implied.get(what);
    const is = now.stated.get(what) ?? now.implied.get(what);
    return was === is ? [] : [{ what, before: was, after: is }];
  });
}

/** True where two prices charge the same for every request. */
export function samePrice(one: PriceRow, other: PriceRow): boolean {
  return priceDifferences(one, other).length === 0;
}

interface Figures {
  readonly stated: Map<string, number>;
  /** What missing rates come to. */
  readonly implied: Map<string, number>;
}

type Section = Pick<PriceRow, 'rates' | 'bands'>;

function figures(row: PriceRow): Figures {
  const found: Figures = { stated: new Map(), implied: new Map() };
  const { tiers = {}, windows = [], regions = {}, fees = {}, ...standard } = withTerms(row);
  addSection(found, '', standard);
  for (const { utcDays, fromMinute, toMinute, rates } of windows) {
    addRates(found, `days ${utcDays.join('')}, minutes ${fromMinute}-${toMinute}: `, rates);
  }
  for (const [name, tier] of Object.entries(tiers)) addTier(found, name, tier);
  for (const [region, factor] of Object.entries(regions)) {
    found.stated.set(`region ${region}`, factor);
  }
  for (const [name, fee] of Object.entries(fees)) found.stated.set(`per ${name}`, Number(fee));
  return found;
}

function addSection(found: Figures, prefix: string, { rates, bands = [] }: Section): void {
  addRates(found, prefix, rates);
  for (const band of bands) addRates(found, `${prefix}${bandName(band)}: `, band.rates);
}

function addTier(found: Figures, name: string, { factor, rates, bands = [] }: TierPrice): void {
  if (factor !== undefined) found.stated.set(`${name} factor`, factor);
  if (rates !== undefined) addSection(found, `${name}: `, { rates, bands });
}

function addRates({ stated, implied }: Figures, prefix: string, rates: Rates): void {
  const complete = completeRates(rates);
  for (const name of TOKEN_CLASSES) {
    const rate = rates[name];
    if (rate !== undefined) stated.set(`${prefix}${name}`, rate);
    implied.set(`${prefix}${name}`, complete[name]);
  }
}

/** `over 200K`: how a band is named in tables and messages. */
export function bandName({ abovePromptTokens }: Pick<PriceBand, 'abovePromptTokens'>): string {
  return `over ${abovePromptTokens / 1000}K`;
}
