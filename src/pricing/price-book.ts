/**
 * Prices of models at providers, found by the names that requests use.
 *
 * @module
 */
import { readPriceFile } from './price-file.ts';
import { type PriceList, type PriceRow, readPriceList, ruleId } from './price-list.ts';
import type { PriceRule } from './price-rule.ts';
import { mergeRows } from './price-succession.ts';
import { canonicalProvider } from './provider-names.ts';
import { withTerms } from './provider-terms.ts';

export { canonicalProvider } from './provider-names.ts';

/** A price with what it belongs to. */
export interface ListedPrice {
  readonly provider: string;
  readonly model: string;
  readonly rule: PriceRule;
}

/** Day on which a version of a model was released: `-2024-08-06`, `-20240806`. */
const RELEASE_DATE = /-20\d\d-?[01]\d-?[0-3]\d$/;
/** Google's numbers of stable versions: `gemini-2.0-flash-001`. */
const GEMINI_VERSION = /-0\d\d$/;
/** Claude Code's mark of a long context. The size of the prompt itself decides about the price. */
const LONG_CONTEXT = /\[1m\]$/i;

/** Prices of each model, of which at most one is in force at any time. */
interface Shelf {
  readonly exact: ReadonlyMap<string, readonly PriceRule[]>;
  /** By name in lower case. */
  readonly folded: ReadonlyMap<string, readonly PriceRule[]>;
}

/**
 * The price book. A name is looked up as it stands, then by rules that leave no doubt which model is
 * meant; nothing is ever guessed. A model that is not found is *unpriced*, which is never free.
 */
export class PriceBook {
  static #loaded: PriceBook | undefined;

  /** ISO date of the youngest price. */
  readonly asOf: string;
  /** Everything that is listed, sorted by provider and model. */
  readonly prices: readonly ListedPrice[];
  readonly #shelves = new Map<string, Shelf>();

  constructor(list: PriceList) {
    this.prices = list.rows.map(toPrice);
    this.asOf = list.rows.reduce((last, { asOf }) => (asOf > last ? asOf : last), '');
    for (const [provider, prices] of Map.groupBy(this.prices, (price) => price.provider)) {
      const exact = new Map<string, PriceRule[]>();
      for (const { model, rule } of prices) exact.set(model, [...(exact.get(model) ?? []), rule]);
      const folded = new Map([...exact].map(([model, rules]) => [model.toLowerCase(), rules]));
      this.#shelves.set(provider, { exact, folded });
    }
  }

  /**
   * The book that comes with this version, read once; with the path of a price file, that book and the
   * file, where there is one, of which the younger price of each model holds. Throws `invalid_config` for
   * a file that is none.
   */
  static load(file?: string): PriceBook {
    const builtIn = (PriceBook.#loaded ??= new PriceBook(readPriceList()));
    const taken = file === undefined ? undefined : readPriceFile(file);
    if (taken === undefined) return builtIn;
    const list = readPriceList();
    return new PriceBook({ ...list, rows: mergeRows(list.rows, taken.rows) });
  }

  /**
   * The price of a model at a provider in force at a time (ms since the epoch); undefined where it is
   * unpriced.
   */
  find(provider: string, modelId: string, at: number = Date.now()): PriceRule | undefined {
    return inForce(this.rules(provider, modelId), at);
  }

  /**
   * All prices that a model has, had and will have at a provider; empty where it is unpriced.
   *
   * Names are tried in this order: as it is; in any letter case; without `[1m]` at its end and the
   * provider's own name (or Gemini's `models/`) before a slash; a fine-tuned model as `ft:` and its base;
   * without `-latest`, its release date or (Gemini) its version number. A dated id that has a price of its
   * own keeps it.
   */
  rules(provider: string, modelId: string): readonly PriceRule[] {
    const name = canonicalProvider(provider);
    const shelf = this.#shelves.get(name);
    if (shelf === undefined) return [];
    const exact = shelf.exact.get(modelId);
    if (exact !== undefined) return exact;
    for (const candidate of spellings(name, modelId)) {
      const rules = shelf.folded.get(candidate);
      if (rules !== undefined) return rules;
    }
    return [];
  }

  /** Models with a price at a provider, sorted; empty for one that is not in the book. */
  modelsOf(provider: string): readonly string[] {
    return [...(this.#shelves.get(canonicalProvider(provider))?.exact.keys() ?? [])];
  }

  /** Providers at which a model of this id has a price, sorted. */
  providersOf(modelId: string): readonly string[] {
    return this.providers().filter((provider) => this.find(provider, modelId) !== undefined);
  }

  /** All providers, sorted. */
  providers(): readonly string[] {
    return [...this.#shelves.keys()];
  }
}

/** The one of a model's prices that holds at a time, in ms since the epoch. */
export function inForce(rules: readonly PriceRule[], at: number): PriceRule | undefined {
  return rules.find(({ from, until }) => at >= (from ?? -Infinity) && at < (until ?? Infinity));
}

function toPrice(row: PriceRow): ListedPrice {
  const { provider, model, from, until, ...rule } = withTerms(row);
  return {
    provider,
    model,
    rule: {
      id: ruleId(row),
      ...rule,
      ...(from === undefined ? {} : { from: Date.parse(from) }),
      ...(until === undefined ? {} : { until: Date.parse(until) }),
    },
  };
}

/** The names that certainly mean the same model, most exact first, in lower case. */
export function* spellings(provider: string, modelId: string): Generator<string> {
  const folded = modelId.toLowerCase();
  yield folded;
  const short = withoutOwnName(provider, folded.replace(LONG_CONTEXT, ''));
  yield short;
  // A fine-tuned model costs more than its base: `ft:` stays on.
  const base = /^(ft:[^:]+):/.exec(short)?.[1] ?? short;
  yield base;
  yield base.replace(/-latest$/, '');
  yield base.replace(RELEASE_DATE, '');
  if (provider === 'gemini') yield base.replace(GEMINI_VERSION, '');
}

/** `openai/gpt-4o` at OpenAI is `gpt-4o`; at OpenRouter, where all ids are such, it stays as it is. */
function withoutOwnName(provider: string, modelId: string): string {
  const slash = modelId.indexOf('/');
  if (slash === -1) return modelId;
  const prefix = modelId.slice(0, slash);
  const isOwn =
    canonicalProvider(prefix) === provider || (provider === 'gemini' && prefix === 'models');
  return isOwn ? modelId.slice(slash + 1) : modelId;
}
