/**
 * Prices as `farthing prices` shows them.
 *
 * @module
 */
import { completeRates } from '../pricing/cost.ts';
import { ageInDays, isStale } from '../pricing/freshness.ts';
import type { ListedPrice } from '../pricing/price-book.ts';
import { bandName } from '../pricing/price-differences.ts';
import type { PriceBand, PriceRule, PriceWindow, TierPrice } from '../pricing/price-rule.ts';
import { type Column, renderTable } from './table.ts';

const DAY_MS = 86_400_000;

const right = (title: string): Column => ({ title, align: 'right' });
const left = (title: string): Column => ({ title, align: 'left' });

const COLUMNS: readonly Column[] = [
  left('model'),
  left('provider'),
  right('input'),
  right('cache read'),
  right('cache write'),
  right('output'),
  left('other rates'),
  right('max output'),
  left('source'),
  right('age'),
];

/** The time at which prices are shown, and the age above which they are flagged; in ms. */
export interface Showing {
  /** Since the epoch. */
  readonly now: number;
  readonly maxAgeMs: number;
}

/** A price that is over cannot be renewed, so its age says nothing. */
function isFlagged(rule: PriceRule, { now, maxAgeMs }: Showing): boolean {
  return now < (rule.until ?? Infinity) && isStale(rule, now, maxAgeMs);
}

/** Prices as a table. Rates that follow from others stand in brackets, prices that are too old have a mark. */
export function renderPrices(prices: readonly ListedPrice[], when: Showing): string {
  const stale = prices.filter(({ rule }) => isFlagged(rule, when)).length;
  const rows = prices.map(({ provider, model, rule }) => [
    model,
    provider,
    dollars(rule.rates.input),
    rule.rates.cacheRead === undefined
      ? `(${dollars(rule.rates.input)})`
      : dollars(rule.rates.cacheRead),
    cacheWrites(rule),
    dollars(rule.rates.output),
    [...datesOf(rule), ...otherRates(rule)].join('; '),
    rule.maxOutputTokens === undefined ? '' : String(rule.maxOutputTokens),
    rule.source,
    `${ageInDays(rule, when.now)} d${isFlagged(rule, when) ? ' !' : ''}`,
  ]);
  return [
    renderTable(COLUMNS, rows),
    '',
    'USD per 1M tokens. In brackets: not published, charged as input. Age: days since the price was read.',
    ...(stale === 0
      ? []
      : [
          `${stale} of ${prices.length} are older than ${when.maxAgeMs / DAY_MS} days (!): "farthing prices update" takes a newer list.`,
        ]),
  ].join('\n');
}

const WRITES = [
  ['5m', 'cacheWrite5m'],
  ['30m', 'cacheWrite30m'],
  ['1h', 'cacheWrite1h'],
  ['12h', 'cacheWrite12h'],
] as const;

function cacheWrites({ rates }: PriceRule): string {
  const known = WRITES.flatMap(([time, name]) => {
    const rate = rates[name];
    return rate === undefined ? [] : [`${dollars(rate)} ${time}`];
  });
  return known.length === 0 ? `(${dollars(rates.input)})` : known.join(', ');
}

function otherRates({ rates, bands = [], windows = [], ...rest }: PriceRule): string[] {
  const classes = (['reasoning', 'inputAudio', 'inputImage', 'outputAudio'] as const).flatMap(
    (name) => {
      const rate = rates[name];
      return rate === undefined || rate === rates.output ? [] : [`${words(name)} ${dollars(rate)}`];
    },
  );
  const { tiers = {}, regions = {}, fees = {} } = rest;
  return [
    ...bands.map((band) => `${bandName(band)}: ${pair(band.rates)}`),
    ...windows.map((window) => `${hoursOf(window)}: ${pair(window.rates)}`),
    ...classes,
    ...Object.entries(tiers).map(([name, price]) => `${name} ${tierText(price)}`),
    ...Object.entries(regions).map(([name, factor]) => `region ${name} ×${factor}`),
    ...Object.entries(fees).map(([name, fee]) => `$${dollars(Number(fee))} a ${name}`),
  ];
}

function pair(of: { readonly input: number; readonly output: number }): string {
  return `${dollars(of.input)} / ${dollars(of.output)}`;
}

function tierText({ factor, rates, bands = [] }: TierPrice): string {
  const own = rates === undefined ? `×${factor ?? 1}` : pair(rates);
  return [own, ...bands.map((band) => `${bandName(band)}: ${pair(band.rates)}`)].join(', ');
}

/** When a price holds, where that is not always, and when the model goes. */
function datesOf({ from, until, retiresOn }: PriceRule): string[] {
  return [
    ...(from === undefined ? [] : [`from ${dateText(from)}`]),
    ...(until === undefined ? [] : [`until ${dateText(until)}`]),
    ...(retiresOn === undefined ? [] : [`taken down on ${retiresOn}`]),
  ];
}

/** A day, or an instant where it is not at midnight UTC. */
function dateText(at: number): string {
  return new Date(at)
    .toISOString()
    .replace(/T00:00:00\.000Z$/, '')
    .replace(/:00\.000Z$/, 'Z');
}

function words(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** `Mon-Fri 01:00-04:00 UTC`. */
function hoursOf({ utcDays, fromMinute, toMinute }: PriceWindow): string {
  const names = utcDays.map((day) => DAYS[day] ?? '');
  const isRange =
    names.length > 2 && utcDays.every((day, index) => day === (utcDays[0] ?? 0) + index);
  const days = isRange ? `${names[0]}-${names.at(-1)}` : names.join(' ');
  return `${days} ${clock(fromMinute)}-${clock(toMinute)} UTC`;
}

function clock(minute: number): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

/** At least two decimals, and all that there are. */
function dollars(rate: number): string {
  const text = rate.toFixed(6).replace(/0+$/, '');
  const [whole = '', decimals = ''] = text.split('.');
  return `${whole}.${decimals.padEnd(2, '0')}`;
}

/** Prices as they stand in the JSON document. */
export function pricesAsJson(prices: readonly ListedPrice[], when: Showing): object[] {
  return prices.map((price) => toJson(price, when));
}

function toJson({ provider, model, rule }: ListedPrice, when: Showing): object {
  const { tiers = {}, regions = {}, fees = {}, from, until } = rule;
  return {
    model,
    provider,
    rule: rule.id,
    usd_per_1m_tokens: snakeKeys(completeRates(rule.rates)),
    bands: bandsAsJson(rule.bands),
    windows: (rule.windows ?? []).map(({ utcDays, fromMinute, toMinute, rates }) => ({
      utc_days: utcDays,
      from: clock(fromMinute),
      to: clock(toMinute),
      usd_per_1m_tokens: snakeKeys(completeRates(rates)),
    })),
    tiers: Object.fromEntries(
      Object.entries(tiers).map(([name, { factor, rates, bands }]) => [
        name,
        rates === undefined
          ? { factor: factor ?? 1 }
          : { usd_per_1m_tokens: snakeKeys(completeRates(rates)), bands: bandsAsJson(bands) },
      ]),
    ),
    regions,
    usd_per_request: fees.request ?? null,
    usd_per_search: fees.search ?? null,
    from: from === undefined ? null : new Date(from).toISOString(),
    until: until === undefined ? null : new Date(until).toISOString(),
    retires_on: rule.retiresOn ?? null,
    max_output_tokens: rule.maxOutputTokens ?? null,
    context_tokens: rule.contextTokens ?? null,
    source: rule.source,
    as_of: rule.asOf,
    age_days: ageInDays(rule, when.now),
    stale: isFlagged(rule, when),
  };
}

function bandsAsJson(bands: readonly PriceBand[] = []): object[] {
  return bands.map(({ abovePromptTokens, rates }) => ({
    above_prompt_tokens: abovePromptTokens,
    usd_per_1m_tokens: snakeKeys(completeRates(rates)),
  }));
}

function snakeKeys(rates: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(rates).map(([name, rate]) => [
      name.replaceAll(/[A-Z]|\d+/g, (part) => `_${part.toLowerCase()}`),
      rate,
    ]),
  );
}
