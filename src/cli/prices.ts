/**
 * `farthing prices`: what models cost, and where that is known from.
 *
 * @module
 */
import { Command } from 'commander';
import { FarthingError } from '../errors.ts';
import { completeRates } from '../pricing/cost.ts';
import { nearest } from '../pricing/nearest.ts';
import { type ListedPrice, PriceBook, canonicalProvider } from '../pricing/price-book.ts';
import type { PriceRule, PriceWindow } from '../pricing/price-rule.ts';
import { type Column, renderTable } from './table.ts';

interface Options {
  readonly provider?: string;
  readonly json?: boolean;
}

/** Which prices are asked for. */
export interface PriceQuery {
  /** An id as requests name it. */
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
}

/** Names offered for a model that is unknown. */
const MOST_HINTS = 5;
const DAY_MS = 86_400_000;

/** The command. */
export function pricesCommand(): Command {
  return new Command('prices')
    .description('Tell what models cost, in USD per 1M tokens, and where that is known from.')
    .argument('[model]', 'a model, as requests name it; left out: all')
    .option('-p, --provider <provider>', 'only at this provider')
    .option('--json', 'one JSON document')
    .action((model: string | undefined, { provider, json }: Options) => {
      const book = PriceBook.load();
      const prices = findPrices(book, { model, provider });
      const now = Date.now();
      process.stdout.write(
        json === true
          ? `${JSON.stringify({ as_of: book.asOf, prices: prices.map((price) => toJson(price, now)) })}\n`
          : `${renderPrices(prices, now)}\n`,
      );
    });
}

/**
 * The prices that a query means, sorted: for a model, that of each provider which has it under this id or
 * with its maker before it (`openai/gpt-4o`). Throws `model_not_found` with the nearest known names where
 * there is none, `invalid_value` for a provider that is not in the book.
 */
export function findPrices(
  book: PriceBook,
  { model, provider }: PriceQuery,
): readonly ListedPrice[] {
  const wanted = provider === undefined ? undefined : requireProvider(book, provider);
  const listed = book.prices.filter((price) => wanted === undefined || price.provider === wanted);
  if (model === undefined) return listed;
  const providers = wanted === undefined ? book.providers() : [wanted];
  const rules = new Set(providers.map((name) => book.find(name, model)));
  const lower = model.toLowerCase();
  const found = listed.filter(
    (price) => rules.has(price.rule) || price.model.toLowerCase().endsWith(`/${lower}`),
  );
  if (found.length > 0) return found;
  throw new FarthingError('model_not_found', unknownModel(model, listed, provider));
}

function requireProvider(book: PriceBook, provider: string): string {
  const name = canonicalProvider(provider);
  const known = book.providers();
  if (known.includes(name)) return name;
  const close = nearest(provider, known);
  const hint = close === undefined ? '' : ` Did you mean "${close}"?`;
  throw new FarthingError(
    'invalid_value',
    `There are no prices of "${provider}".${hint} Known are ${known.join(', ')}.`,
  );
}

function unknownModel(model: string, listed: readonly ListedPrice[], provider?: string): string {
  const at = provider === undefined ? '' : ` at ${provider}`;
  const lower = model.toLowerCase();
  const names = [...new Set(listed.map((price) => price.model))];
  const close = nearest(model, names);
  const similar = names.filter((name) => name.toLowerCase().includes(lower));
  const hints = [...new Set([...(close === undefined ? [] : [close]), ...similar])].slice(
    0,
    MOST_HINTS,
  );
  const hint = hints.length === 0 ? '' : ` Near it are ${hints.join(', ')}.`;
  return `"${model}" has no known price${at}.${hint} Set one in farthing.yaml: models: NAME: { price: { input: …, output: … } }.`;
}

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

/** Prices as a table. `now` in ms since the epoch. Rates that follow from others stand in brackets. */
export function renderPrices(prices: readonly ListedPrice[], now: number): string {
  const rows = prices.map(({ provider, model, rule }) => [
    model,
    provider,
    dollars(rule.rates.input),
    rule.rates.cacheRead === undefined
      ? `(${dollars(rule.rates.input)})`
      : dollars(rule.rates.cacheRead),
    cacheWrites(rule),
    dollars(rule.rates.output),
    otherRates(rule),
    rule.maxOutputTokens === undefined ? '' : String(rule.maxOutputTokens),
    rule.source,
    `${ageInDays(rule, now)} d`,
  ]);
  return [
    renderTable(COLUMNS, rows),
    '',
    'USD per 1M tokens. In brackets: not published, charged as input. Age: days since the price was read.',
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

function otherRates({ rates, bands = [], windows = [] }: PriceRule): string {
  const pair = (of: { readonly input: number; readonly output: number }): string =>
    `${dollars(of.input)} / ${dollars(of.output)}`;
  const classes = (['reasoning', 'inputAudio', 'inputImage', 'outputAudio'] as const).flatMap(
    (name) => {
      const rate = rates[name];
      return rate === undefined || rate === rates.output ? [] : [`${words(name)} ${dollars(rate)}`];
    },
  );
  return [
    ...bands.map((band) => `over ${band.abovePromptTokens / 1000}K: ${pair(band.rates)}`),
    ...windows.map((window) => `${hoursOf(window)}: ${pair(window.rates)}`),
    ...classes,
  ].join('; ');
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

function ageInDays({ asOf }: PriceRule, now: number): number {
  return Math.max(0, Math.floor((now - Date.parse(asOf)) / DAY_MS));
}

function toJson({ provider, model, rule }: ListedPrice, now: number): Record<string, unknown> {
  return {
    model,
    provider,
    rule: rule.id,
    usd_per_1m_tokens: snakeKeys(completeRates(rule.rates)),
    bands: (rule.bands ?? []).map(({ abovePromptTokens, rates }) => ({
      above_prompt_tokens: abovePromptTokens,
      usd_per_1m_tokens: snakeKeys(completeRates(rates)),
    })),
    windows: (rule.windows ?? []).map(({ utcDays, fromMinute, toMinute, rates }) => ({
      utc_days: utcDays,
      from: clock(fromMinute),
      to: clock(toMinute),
      usd_per_1m_tokens: snakeKeys(completeRates(rates)),
    })),
    max_output_tokens: rule.maxOutputTokens ?? null,
    context_tokens: rule.contextTokens ?? null,
    source: rule.source,
    as_of: rule.asOf,
    age_days: ageInDays(rule, now),
  };
}

function snakeKeys(rates: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(rates).map(([name, rate]) => [
      name.replaceAll(/[A-Z]|\d+/g, (part) => `_${part.toLowerCase()}`),
      rate,
    ]),
  );
}
