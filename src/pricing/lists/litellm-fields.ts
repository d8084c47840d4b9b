/**
 * The field names of LiteLLM's list, which hold a price's dimensions in suffixes:
 * `cache_read_input_token_cost_above_272k_tokens_priority`.
 *
 * @module
 */
import type { JsonObject } from '../../json.ts';
import type { Rates, ServiceTier } from '../price-rule.ts';

/** A rate with its place. */
export interface ListedRate {
  /** `cacheWrite` is of a time to live that only the provider tells. */
  readonly rateClass: keyof Rates | 'cacheWrite';
  /** Undefined for ordinary service. */
  readonly tier: ServiceTier | undefined;
  /** Prompt tokens, exclusive; 0 for the rates of ordinary prompts. */
  readonly above: number;
  /** USD per 1M tokens. */
  readonly rate: number;
}

const CLASSES: Readonly<Record<string, ListedRate['rateClass']>> = {
  input_cost_per_token: 'input',
  output_cost_per_token: 'output',
  cache_read_input_token_cost: 'cacheRead',
  input_cost_per_token_cache_hit: 'cacheRead',
  cache_creation_input_token_cost: 'cacheWrite',
  cache_creation_input_token_cost_above_1hr: 'cacheWrite1h',
  output_cost_per_reasoning_token: 'reasoning',
  input_cost_per_audio_token: 'inputAudio',
  output_cost_per_audio_token: 'outputAudio',
  input_cost_per_image_token: 'inputImage',
};

const TIERS: Readonly<Record<string, ServiceTier>> = {
  batches: 'batch',
  priority: 'priority',
  flex: 'flex',
};

/** Fields that are prices but of no class of tokens: read elsewhere or not at all. */
const READ_ELSEWHERE: ReadonlySet<string> = new Set([
  'input_cost_per_request',
  'search_context_cost_per_query',
]);

/** What is read of a model's prices. */
export interface ListedRates {
  readonly rates: readonly ListedRate[];
  /** Fields with a price other than 0 that no rule can hold: per second, per picture, per character. */
  readonly unread: readonly string[];
}

/** All rates of a model, or of one part of its `tiered_pricing`. */
export function listedRates(model: JsonObject): ListedRates {
  const rates: ListedRate[] = [];
  const unread: string[] = [];
  for (const [field, value] of Object.entries(model)) {
    if (!field.includes('cost') || READ_ELSEWHERE.has(field)) continue;
    const [, name = field, thousands = '0', suffix] =
      /^(.*?)(?:_above_(\d+)k_tokens)?(?:_(batches|priority|flex))?$/.exec(field) ?? [];
    const rateClass = Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined;
    const rate = perMillion(value);
    if (rate === undefined) continue;
    if (rateClass === undefined) {
      if (rate > 0) unread.push(field);
      continue;
    }
    const tier = suffix === undefined ? undefined : TIERS[suffix];
    rates.push({ rateClass, tier, above: Number(thousands) * 1000, rate });
  }
  return { rates, unread };
}

/**
 * A price of USD per token, as the list writes it (`1.4e-07`), as USD per 1M tokens: the decimal point is
 * moved in the text, because a product of floating-point numbers would not be the printed price. Rounded
 * to a pico-dollar a token. Undefined for what is no number.
 */
export function perMillion(value: unknown): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const [, digits, exponent = '0'] =
    /^(-?\d+(?:\.\d*)?|-?\.\d+)(?:e([+-]?\d+))?$/i.exec(String(value).trim()) ?? [];
  if (digits === undefined) return undefined;
  const rate = Number(`${digits}e${Number(exponent) + 6}`);
  return Number.isFinite(rate) ? Math.round(rate * 1e6) / 1e6 : undefined;
}
