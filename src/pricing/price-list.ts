/**
 * The list of prices that comes with Farthing, as it stands in `price-list.json`: one row a line, written
 * by `npm run prices:build`.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import type { PriceRule } from './price-rule.ts';

/** A row: a rule without its id, which follows from the rest, and with its dates in ISO 8601. */
export interface PriceRow extends Omit<PriceRule, 'id' | 'from' | 'until'> {
  /** A provider's own name: `openai`, `together`. */
  readonly provider: string;
  /** What the provider calls the model. */
  readonly model: string;
  /** From when the price holds, inclusive: a day (UTC midnight) or an instant. @default always */
  readonly from?: string;
  /** Until when, exclusive. @default for good */
  readonly until?: string;
}

/** The whole file. */
export interface PriceList {
  /** Whose work the list builds on. */
  readonly _source: {
    readonly list: string;
    readonly license: string;
    /** ISO date of the public list. */
    readonly asOf: string;
    readonly overlay?: string;
  };
  readonly rows: readonly PriceRow[];
}

/** Reads the file that stands beside this module, in the source tree and in the built package alike. */
export function readPriceList(): PriceList {
  const text = readFileSync(new URL('./price-list.json', import.meta.url), 'utf8');
  return JSON.parse(text) as PriceList;
}

/** What the ledger calls a row: `provider/model@date`, the day from which it holds or, without one, that of its source. */
export function ruleId({ provider, model, asOf, from }: PriceRow): string {
  return `${provider}/${model}@${from?.slice(0, 10) ?? asOf}`;
}

/** What a row prices: its provider and model, in whatever letter case. */
export function rowKey({ provider, model }: Pick<PriceRow, 'provider' | 'model'>): string {
  return `${provider}\n${model.toLowerCase()}`;
}

/** Rows by provider, model and the time from which they hold. */
export function sortRows(rows: readonly PriceRow[]): PriceRow[] {
  return rows.toSorted((a, b) => compare(rowKey(a), rowKey(b)) || compare(startOf(a), startOf(b)));
}

/** From when a row holds, in ms since the epoch. */
function startOf({ from }: PriceRow): number {
  return from === undefined ? -Infinity : Date.parse(from);
}

function compare<Value extends string | number>(a: Value, b: Value): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** JSON with one row a line, so that a changed price is a changed line. */
export function formatPriceList({ _source, rows }: PriceList): string {
  const lines = rows.map((row) => JSON.stringify(inOrder(row)));
  return `{\n"_source": ${JSON.stringify(_source)},\n"rows": [\n${lines.join(',\n')}\n]\n}\n`;
}

const FIELDS = [
  'provider',
  'model',
  'from',
  'until',
  'rates',
  'bands',
  'windows',
  'tiers',
  'regions',
  'fees',
  'source',
  'asOf',
  'maxOutputTokens',
  'contextTokens',
  'retiresOn',
] as const satisfies readonly (keyof PriceRow)[];

/** The same fields in the same order, whoever wrote the row. JSON leaves out what is undefined. */
function inOrder(row: PriceRow): Partial<PriceRow> {
  return Object.fromEntries(FIELDS.map((field) => [field, row[field]]));
}
