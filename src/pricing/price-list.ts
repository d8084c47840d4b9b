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
    readonly overlay: string;
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
