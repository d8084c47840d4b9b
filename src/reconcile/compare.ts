/**
 * A bill set against the ledger, line by line.
 *
 * @module
 */
import type { PriceBook } from '../pricing/price-book.ts';
import { isSpecialTier } from '../pricing/price-rule.ts';
import {
  inputTokens,
  NO_TOKENS,
  outputTokens,
  TOKEN_CLASSES,
  type TokenCounts,
} from '../pricing/usage.ts';
import type { LedgerDay } from '../stores/provider-days.ts';
import { ALL_MODELS, type Bill, type BillLine, isWithin, type LineKind } from './bill.ts';
import { modelKey } from './model-key.ts';

/** What the ledger has for a line of the bill; zeros where it has nothing. */
export interface LedgerSide {
  /** Nano-dollars, of the attempts that are priced. */
  readonly costNano: number;
  readonly requests: number;
  readonly tokens: TokenCounts;
  readonly unpriced: number;
  readonly estimated: number;
  /** Special service tiers that responses named. */
  readonly serviceTiers: ReadonlySet<string>;
  readonly priceIds: readonly string[];
  /** Names that the model has in the ledger. */
  readonly models: readonly string[];
}

/** One line: a model's day at a provider. */
export interface ComparedLine {
  readonly day: string;
  readonly provider: string;
  readonly kind: LineKind;
  /** As the bill names it, else as the ledger does. */
  readonly model: string;
  readonly key: string;
  /** Undefined parts are what the exports do not tell; a cost of 0 is known to be nothing. */
  readonly billed: Omit<BillLine, 'day' | 'kind' | 'key' | 'name'>;
  readonly ledger: LedgerSide;
  /** Ledger less bill in nano-dollars: negative where the ledger has too little. Undefined without a billed cost. */
  readonly driftNano: number | undefined;
  /** Share of the provider's requests, or where it does not count them of its tokens, that the ledger has. */
  readonly coverage: Coverage | undefined;
}

/** May be above 1, where the ledger has more. */
export interface Coverage {
  readonly ledger: number;
  readonly billed: number;
  readonly by: 'requests' | 'tokens';
}

/** Sums of lines. */
export interface Totals {
  readonly billedNano: number | undefined;
  readonly ledgerNano: number;
  readonly driftNano: number | undefined;
  readonly coverage: Coverage | undefined;
}

/** All lines of a bill and of the ledger, sorted by day and model. `ledger` is that of the bill's provider only. */
export function compare(bill: Bill, ledger: readonly LedgerDay[], book: PriceBook): ComparedLine[] {
  const keyOf = ({ model }: LedgerDay): string =>
    bill.byModel ? modelKey(bill.provider, model, book) : ALL_MODELS;
  const nameOf = (day: string, key: string): string => JSON.stringify([day, key]);
  const sides = Map.groupBy(
    ledger.filter(({ day }) => isWithin(day, bill.period)),
    (day) => nameOf(day.day, keyOf(day)),
  );
  const billed = new Map(bill.lines.map((line) => [nameOf(line.day, line.key), line]));
  const lines = [...new Set([...billed.keys(), ...sides.keys()])].map((name) => {
    const days = sides.get(name) ?? [];
    const line = billed.get(name) ?? missingLine(bill, days, keyOf);
    return comparedLine(bill, line, sideOf(days));
  });
  return lines
    .filter((line) => !isEmpty(line))
    .toSorted((one, other) => order(one.day, other.day) || order(one.model, other.model));
}

function isEmpty({ billed, ledger, coverage }: ComparedLine): boolean {
  const bill = (billed.costNano ?? 0) !== 0 || coverage !== undefined;
  const own = ledger.costNano !== 0 || ledger.requests > 0 || ledger.unpriced > 0;
  return !bill && !own;
}

function order(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** The line that the bill has not got: known to cost nothing where the day's costs are known. */
function missingLine(
  { byModel, costDays }: Bill,
  days: readonly LedgerDay[],
  keyOf: (day: LedgerDay) => string,
): BillLine {
  const [first] = days;
  const day = first?.day ?? '';
  return {
    day,
    kind: byModel ? 'model' : 'all',
    key: first === undefined ? '' : keyOf(first),
    name: byModel ? (first?.model ?? '') : ALL_MODELS,
    ...(costDays.some((period) => isWithin(day, period)) ? { costNano: 0 } : {}),
    serviceTiers: new Set(),
  };
}

function comparedLine({ provider }: Bill, line: BillLine, ledger: LedgerSide): ComparedLine {
  const { day, kind, key, name: model, ...billed } = line;
  const driftNano = billed.costNano === undefined ? undefined : ledger.costNano - billed.costNano;
  const coverage = coverageOf(billed, ledger);
  return { day, provider, kind, model, key, billed, ledger, driftNano, coverage };
}

function coverageOf(
  { requests, tokens }: ComparedLine['billed'],
  ledger: LedgerSide,
): Coverage | undefined {
  if (requests !== undefined && requests > 0) {
    return { ledger: ledger.requests, billed: requests, by: 'requests' };
  }
  const billed = tokens === undefined ? 0 : tokenSum({ ...NO_TOKENS, ...tokens });
  if (billed === 0) return undefined;
  return { ledger: tokenSum(ledger.tokens), billed, by: 'tokens' };
}

/** All tokens of a prompt and its answer. */
export function tokenSum(tokens: TokenCounts): number {
  return inputTokens(tokens) + outputTokens(tokens);
}

function sideOf(days: readonly LedgerDay[]): LedgerSide {
  const sum = (name: 'costNano' | 'requests' | 'unpriced' | 'estimated'): number =>
    days.reduce((total, day) => total + day[name], 0);
  const tokens = TOKEN_CLASSES.map((name) => [
    name,
    days.reduce((total, day) => total + day.tokens[name], 0),
  ]);
  return {
    costNano: sum('costNano'),
    requests: sum('requests'),
    tokens: Object.fromEntries(tokens) as TokenCounts,
    unpriced: sum('unpriced'),
    estimated: sum('estimated'),
    serviceTiers: new Set(days.map(({ serviceTier }) => serviceTier).filter(isSpecialTier)),
    priceIds: [...new Set(days.flatMap(({ priceIds }) => priceIds))],
    models: [...new Set(days.map(({ model }) => model))],
  };
}

/** Sums of the lines whose billed cost is known; all lines count where none is. */
export function totalsOf(lines: readonly ComparedLine[]): Totals {
  const priced = lines.filter(({ driftNano }) => driftNano !== undefined);
  const known = priced.length > 0;
  const sum = (of: readonly ComparedLine[], value: (line: ComparedLine) => number): number =>
    of.reduce((total, line) => total + value(line), 0);
  return {
    billedNano: known ? sum(priced, ({ billed }) => billed.costNano ?? 0) : undefined,
    ledgerNano: sum(known ? priced : lines, ({ ledger }) => ledger.costNano),
    driftNano: known ? sum(priced, ({ driftNano }) => driftNano ?? 0) : undefined,
    coverage: totalCoverage(lines),
  };
}

/** By requests where any line has them, because tokens say less about calls. */
function totalCoverage(lines: readonly ComparedLine[]): Coverage | undefined {
  const all = lines.flatMap(({ coverage }) => (coverage === undefined ? [] : [coverage]));
  const by = all.some((one) => one.by === 'requests') ? 'requests' : 'tokens';
  const counted = all.filter((one) => one.by === by);
  if (counted.length === 0) return undefined;
  return {
    by,
    ledger: counted.reduce((total, { ledger }) => total + ledger, 0),
    billed: counted.reduce((total, { billed }) => total + billed, 0),
  };
}
