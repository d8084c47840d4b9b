/**
 * Prices of models at providers, found by the names that requests use.
 *
 * @module
 */
import { type PriceList, type PriceRow, readPriceList, ruleId } from './price-list.ts';
import type { PriceRule } from './price-rule.ts';

/** A price with what it belongs to. */
export interface ListedPrice {
  readonly provider: string;
  readonly model: string;
  readonly rule: PriceRule;
}

/** Further names of providers: their companies', their products', and those that other tools use. */
const PROVIDER_NAMES: ReadonlyMap<string, string> = new Map([
  ['google', 'gemini'],
  ['qwen', 'alibaba'],
  ['dashscope', 'alibaba'],
  ['togetherai', 'together'],
  ['together_ai', 'together'],
  ['fireworks-ai', 'fireworks'],
  ['fireworks_ai', 'fireworks'],
  ['mistralai', 'mistral'],
  ['x-ai', 'xai'],
]);

/**
 * What providers charge alike for all their models, where a price says nothing else.
 * OpenAI: developers.openai.com/api/docs/pricing (batch and flex at half price). Anthropic:
 * platform.claude.com/docs/en/about-claude/pricing (batch at half price, `inference_geo` "us" 1.1 times,
 * web search 10 USD per 1,000). Gemini: ai.google.dev/gemini-api/docs/pricing (batch at half price).
 */
const TERMS: ReadonlyMap<string, Pick<PriceRule, 'tiers' | 'regions' | 'fees'>> = new Map([
  ['openai', { tiers: { batch: { factor: 0.5 }, flex: { factor: 0.5 } } }],
  [
    'anthropic',
    { tiers: { batch: { factor: 0.5 } }, regions: { us: 1.1 }, fees: { search: 0.01 } },
  ],
  ['gemini', { tiers: { batch: { factor: 0.5 } } }],
]);

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

  /** The book that comes with this version; read once. */
  static load(): PriceBook {
    return (PriceBook.#loaded ??= new PriceBook(readPriceList()));
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
  const { provider, model, from, until, ...rule } = row;
  const { tiers, regions, fees } = TERMS.get(provider) ?? {};
  return {
    provider,
    model,
    rule: {
      id: ruleId(row),
      ...(regions === undefined ? {} : { regions }),
      ...rule,
      ...(tiers === undefined ? {} : { tiers: { ...tiers, ...rule.tiers } }),
      ...(fees === undefined ? {} : { fees: { ...fees, ...rule.fees } }),
      ...(from === undefined ? {} : { from: Date.parse(from) }),
      ...(until === undefined ? {} : { until: Date.parse(until) }),
    },
  };
}

/** The name under which the book keeps a provider: `google` is `gemini`. */
export function canonicalProvider(provider: string): string {
  const folded = provider.toLowerCase();
  return PROVIDER_NAMES.get(folded) ?? folded;
}

/** The names that certainly mean the same model, most exact first, in lower case. */
function* spellings(provider: string, modelId: string): Generator<string> {
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
