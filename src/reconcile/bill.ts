/**
 * What a provider says about its days, put together from all its exports: costs from one, requests and
 * tokens perhaps from another, each counted once.
 *
 * @module
 */
import { FarthingError } from '../errors.ts';
import { formatUsd } from '../pricing/format-usd.ts';
import type { PriceBook } from '../pricing/price-book.ts';
import { TOKEN_CLASSES, type TokenCounts } from '../pricing/usage.ts';
import { modelKey } from './model-key.ts';
import {
  type Measure,
  type Period,
  periodOf,
  type ProviderDay,
  type ProviderExport,
} from './provider-day.ts';

/** A model's row, one for all models where the bill does not tell them apart, or another line of the bill. */
export type LineKind = 'model' | 'all' | 'item';

/** What a day's line on the bill says. Undefined is what no export tells. */
export interface BillLine {
  readonly day: string;
  readonly kind: LineKind;
  /** By which the ledger's models are found: see `modelKey`. */
  readonly key: string;
  /** The name on the bill. */
  readonly name: string;
  /** Nano-dollars. */
  readonly costNano?: number;
  /** Nano-dollars before a negotiated discount. */
  readonly listNano?: number;
  readonly requests?: number;
  readonly tokens?: Readonly<Partial<TokenCounts>>;
  /** Special service tiers that the bill names. */
  readonly serviceTiers: ReadonlySet<string>;
}

/** All that is known from one provider. */
export interface Bill {
  /** In the price book's name. */
  readonly provider: string;
  readonly utcOffsetMinutes: number;
  readonly period: Period;
  readonly files: readonly { readonly file: string; readonly format: string }[];
  /** False where costs are not told apart by model: then there is one line a day. */
  readonly byModel: boolean;
  /** Days whose costs are known, if only to be nothing. */
  readonly costDays: readonly Period[];
  readonly lines: readonly BillLine[];
  readonly notes: readonly string[];
}

/** What the key of all models together is. */
export const ALL_MODELS = '(all models)';

/** Days to leave out: those before `since` and from `until` on, as `YYYY-MM-DD`. */
export interface DayLimits {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/**
 * One bill for each provider, in the order in which they first appear. Throws `invalid_value` where a
 * provider's exports count their days in different time zones.
 */
export function billsOf(
  exports: readonly ProviderExport[],
  book: PriceBook,
  limits: DayLimits = {},
): Bill[] {
  return [...Map.groupBy(exports, ({ provider }) => provider)].flatMap(([, found]) => {
    const [first] = found;
    if (first === undefined) return [];
    if (found.some(({ utcOffsetMinutes }) => utcOffsetMinutes !== first.utcOffsetMinutes)) {
      throw new FarthingError(
        'invalid_value',
        `The files of ${first.provider} count their days in different time zones: give them one at a time.`,
      );
    }
    const bill = billOf(found, book, limits);
    return bill === undefined ? [] : [bill];
  });
}

function billOf(
  exports: readonly ProviderExport[],
  book: PriceBook,
  limits: DayLimits,
): Bill | undefined {
  const once = countedOnce(exports);
  const dollars = inDollars(once.exports);
  const within = dollars.exports.map((one) => clamp(one, limits));
  const periods = within.flatMap(({ period }) => (period === undefined ? [] : [period]));
  const period = periodOf(periods.flatMap(({ first, last }) => [first, last]));
  const [first] = within;
  if (period === undefined || first === undefined) return undefined;
  const { provider, utcOffsetMinutes } = first;
  const told = within.flatMap((one) => one.days.map((day) => toldBy(one, day, within)));
  const divided = divide(told);
  return {
    provider,
    utcOffsetMinutes,
    period,
    files: exports.map(({ file, format }) => ({ file, format })),
    byModel: divided.byModel,
    costDays: within.flatMap(({ period: of, measures }) =>
      of !== undefined && measures.includes('cost') ? [of] : [],
    ),
    lines: linesOf(divided.days, divided.byModel, (model) => modelKey(provider, model, book)),
    notes: [
      ...exports.flatMap(({ notes }) => notes),
      ...unfinished(exports),
      ...once.notes,
      ...dollars.notes,
      ...divided.notes,
    ],
  };
}

interface Sorted<Found> {
  readonly exports: Found;
  readonly notes: readonly string[];
}

/** The same row in two files: a page that was fetched twice. What was fetched later is nearer to the bill. */
function countedOnce(exports: readonly ProviderExport[]): Sorted<ProviderExport[]> {
  const lastFile = new Map<string, number>();
  const nameOf = (one: ProviderExport, day: ProviderDay): string => `${one.format} ${day.identity}`;
  for (const [index, one] of exports.entries()) {
    for (const day of one.days) lastFile.set(nameOf(one, day), index);
  }
  let dropped = 0;
  const kept = exports.map((one, index) => {
    const days = one.days.filter((day) => lastFile.get(nameOf(one, day)) === index);
    dropped += one.days.length - days.length;
    return { ...one, days };
  });
  const note = `${dropped} rows stand in several files; those of the file that was named last count.`;
  return { exports: kept, notes: dropped === 0 ? [] : [note] };
}

/** The ledger is in dollars, and rates of exchange are nobody's word: other money is told, not compared. */
function inDollars(exports: readonly ProviderExport[]): Sorted<ProviderExport[]> {
  const foreign = new Map<string, number>();
  const kept = exports.map((one) => {
    const days = one.days.map((day) => {
      if (day.costNano === undefined || day.currency === 'USD') return day;
      foreign.set(day.currency, (foreign.get(day.currency) ?? 0) + day.costNano);
      return { ...day, costNano: undefined, listNano: undefined };
    });
    const hasDollars = days.length === 0 || days.some(({ costNano }) => costNano !== undefined);
    const measures = one.measures.filter((measure) => measure !== 'cost' || hasDollars);
    return { ...one, days, measures };
  });
  const notes = [...foreign].map(
    ([currency, nano]) =>
      `The bill has ${formatUsd(nano, 2).replace('$', '')} ${currency}, which is not compared: the ledger is in USD.`,
  );
  return { exports: kept, notes };
}

function clamp(one: ProviderExport, { since = '', until = '9999' }: DayLimits): ProviderExport {
  const { period } = one;
  if (period === undefined) return one;
  const days = one.days.filter(({ day }) => day >= since && day < until);
  const first = period.first < since ? since : period.first;
  const last = period.last < until ? period.last : dayBefore(until);
  return { ...one, days, period: first <= last ? { first, last } : undefined };
}

function dayBefore(day: string): string {
  return new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10);
}

/** What counts of a row: measures that no better export tells of the same day. */
function toldBy(
  one: ProviderExport,
  day: ProviderDay,
  exports: readonly ProviderExport[],
): ProviderDay {
  const counts = (measure: Measure): boolean =>
    !exports.some(
      ({ rank, measures, period }) =>
        rank < one.rank && measures.includes(measure) && isWithin(day.day, period),
    );
  return {
    ...day,
    ...(counts('cost') ? {} : { costNano: undefined, listNano: undefined }),
    ...(counts('requests') ? {} : { requests: undefined }),
    ...(counts('tokens') ? {} : { tokens: undefined }),
  };
}

/** Whether a day is one of a period's. */
export function isWithin(day: string, period: Period | undefined): boolean {
  return period !== undefined && day >= period.first && day <= period.last;
}

interface Divided {
  readonly byModel: boolean;
  readonly days: readonly ProviderDay[];
  readonly notes: readonly string[];
}

/** Costs that are not told apart by model are compared by day; usage that is not, beside costs that are, not at all. */
function divide(days: readonly ProviderDay[]): Divided {
  const undivided = (day: ProviderDay): boolean =>
    day.model === undefined && day.item === undefined;
  const priced = days.filter(({ costNano }) => costNano !== undefined);
  if (priced.some(undivided) || (priced.length === 0 && days.some(undivided))) {
    const note =
      'The export does not tell models apart; with group_by (line_item at OpenAI, description at Anthropic, model for usage) it does.';
    return { byModel: false, days, notes: [note] };
  }
  const usable = days.filter((day) => !undivided(day));
  const note = 'Usage without models (group_by=model) is left out, because costs have them.';
  return { byModel: true, days: usable, notes: usable.length < days.length ? [note] : [] };
}

function linesOf(
  days: readonly ProviderDay[],
  byModel: boolean,
  keyOf: (model: string) => string,
): BillLine[] {
  const groups = Map.groupBy(days, ({ day, model, item }) => {
    const key = item !== undefined ? `item ${item}` : byModel ? keyOf(model ?? '') : ALL_MODELS;
    return JSON.stringify([day, key]);
  });
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { day, item, model = '' } = first;
    const kind: LineKind = item !== undefined ? 'item' : byModel ? 'model' : 'all';
    const name = item ?? (byModel ? model : ALL_MODELS);
    return [{ day, kind, name, key: kind === 'model' ? keyOf(model) : name, ...sumOf(group) }];
  });
}

function sumOf(
  days: readonly ProviderDay[],
): Pick<BillLine, 'costNano' | 'listNano' | 'requests' | 'tokens' | 'serviceTiers'> {
  const sum = (name: 'costNano' | 'listNano' | 'requests'): object => {
    const known = days.flatMap(({ [name]: value }) => (value === undefined ? [] : [value]));
    return known.length === 0 ? {} : { [name]: known.reduce((total, value) => total + value, 0) };
  };
  const tokens = days.flatMap((day) => (day.tokens === undefined ? [] : [day.tokens]));
  return {
    ...sum('costNano'),
    ...sum('listNano'),
    ...sum('requests'),
    ...(tokens.length === 0 ? {} : { tokens: sumTokens(tokens) }),
    serviceTiers: new Set(
      days.flatMap(({ serviceTier }) => (serviceTier === undefined ? [] : [serviceTier])),
    ),
  };
}

/** Sums by class; a class that none of them tells apart is not there. */
function sumTokens(all: readonly Readonly<Partial<TokenCounts>>[]): Partial<TokenCounts> {
  return Object.fromEntries(
    TOKEN_CLASSES.filter((name) => all.some((tokens) => tokens[name] !== undefined)).map((name) => [
      name,
      all.reduce((total, tokens) => total + (tokens[name] ?? 0), 0),
    ]),
  );
}

function unfinished(exports: readonly ProviderExport[]): string[] {
  return [...Map.groupBy(exports, ({ format }) => format)]
    .filter(([, found]) => found.every(({ complete }) => !complete))
    .map(([format]) => `${format}: the last page says that more follow; give those as well.`);
}
