/**
 * Rows from the public list of models.dev (MIT), for the providers that Farthing has hosts for.
 *
 * @module
 */
import { type JsonObject, asArray, asNumber, asObject, asString } from '../../json.ts';
import type { PriceRow } from '../price-list.ts';
import type { PriceBand, PriceRule, Rates } from '../price-rule.ts';
import type { ReadList } from './read-list.ts';
import { tierPrice } from './tier-price.ts';

/** The list's names of providers, and ours. */
export const PROVIDERS: Readonly<Record<string, string>> = {
  alibaba: 'alibaba',
  anthropic: 'anthropic',
  deepseek: 'deepseek',
  'fireworks-ai': 'fireworks',
  google: 'gemini',
  groq: 'groq',
  mistral: 'mistral',
  openai: 'openai',
  openrouter: 'openrouter',
  togetherai: 'together',
  xai: 'xai',
};

/**
 * Reads the parsed `api.json`. Rows are of `asOf`, an ISO date. Providers that the list does not have are
 * passed over; throws an Error where it has none of them, because then it is another list.
 */
export function readModelsDev(list: JsonObject, asOf?: string): ReadList {
  const youngest = youngestEntry(list);
  const rows: PriceRow[] = [];
  const skipped: { name: string; reason: string }[] = [];
  for (const [listed, provider] of Object.entries(PROVIDERS)) {
    for (const value of Object.values(modelsOf(list, listed) ?? {})) {
      const model = asObject(value) ?? {};
      const id = plainId(provider, asString(model['id']) ?? '');
      const reason = reasonToSkip(model);
      if (reason !== undefined) skipped.push({ name: `${provider}/${id}`, reason });
      else rows.push(toRow({ provider, id, model, asOf: asOf ?? youngest }));
    }
  }
  if (missingProviders(list).length === Object.keys(PROVIDERS).length) {
    throw new Error('This is no list of models.dev: it has no models of any provider.');
  }
  return { rows, skipped, unread: {}, youngest };
}

/** Providers that the list should have and has not: a sign that its format has changed. */
export function missingProviders(list: JsonObject): readonly string[] {
  return Object.keys(PROVIDERS).filter((listed) => modelsOf(list, listed) === undefined);
}

function modelsOf(list: JsonObject, listed: string): JsonObject | undefined {
  return asObject(asObject(list[listed])?.['models']);
}

/** The list writes some ids with a dash where the API has a point. */
function plainId(provider: string, id: string): string {
  return provider === 'alibaba' ? id.replace(/^qwen2-5/, 'qwen2.5') : id;
}

function reasonToSkip(model: JsonObject): string | undefined {
  if (asString(model['id']) === undefined) return 'no id';
  const cost = asObject(model['cost']);
  if (asNumber(cost?.['input']) === undefined || asNumber(cost?.['output']) === undefined) {
    return 'no price';
  }
  const outputs = asArray(asObject(model['modalities'])?.['output']);
  if (!outputs.includes('text')) return 'answers without text';
  // One output rate cannot hold both a picture's price and a sentence's.
  if (outputs.includes('image') || outputs.includes('video')) return 'answers with pictures';
  if (outputs.includes('audio') && asNumber(cost?.['output_audio']) === undefined) {
    return 'answers with sound of unknown price';
  }
  return undefined;
}

interface Entry {
  readonly provider: string;
  readonly id: string;
  readonly model: JsonObject;
  readonly asOf: string;
}

function toRow({ provider, id, model, asOf }: Entry): PriceRow {
  const cost = asObject(model['cost']) ?? {};
  const rates = toRates(provider, id, cost);
  const limit = asObject(model['limit']) ?? {};
  const maxOutputTokens = asNumber(limit['output']) ?? 0;
  const contextTokens = asNumber(limit['context']) ?? 0;
  const bands = toBands(provider, id, cost);
  return {
    provider,
    model: id,
    rates,
    ...(bands.length === 0 ? {} : { bands }),
    ...toTiers({ provider, id, model }, { rates, bands }),
    source: 'models.dev',
    asOf,
    // Embedding models have the length of their vectors here.
    ...(maxOutputTokens > 0 && rates.output > 0 ? { maxOutputTokens } : {}),
    ...(contextTokens > 0 ? { contextTokens } : {}),
  };
}

function toRates(provider: string, id: string, cost: JsonObject): Rates {
  const input = asNumber(cost['input']) ?? 0;
  const optional = {
    cacheRead: cacheRead(cost, input),
    ...cacheWrites(provider, id, cost),
    reasoning: asNumber(cost['reasoning']),
    inputAudio: asNumber(cost['input_audio']),
    outputAudio: asNumber(cost['output_audio']),
  };
  const known = Object.fromEntries(
    Object.entries(optional).filter(([, rate]) => rate !== undefined),
  ) as Partial<Rates>;
  return { input, output: asNumber(cost['output']) ?? 0, ...known };
}

/** A cache that is free while prompts are not means "unknown" in the list. */
function cacheRead(cost: JsonObject, input: number): number | undefined {
  const rate =
    asNumber(cost['cache_read']) ?? asNumber(cost['cached_input']) ?? asNumber(cost['cache_input']);
  return rate === 0 && input > 0 ? undefined : rate;
}

/**
 * The list has one write rate. It is Anthropic's for 5 minutes, whose hour costs twice the input
 * (platform.claude.com/docs, prompt caching), and OpenAI's for 30 minutes. A write that costs less than
 * reading afresh is no write's price but a surcharge for storage (Gemini): left out.
 */
function cacheWrites(provider: string, id: string, cost: JsonObject): Partial<Rates> {
  const rate = asNumber(cost['cache_write']) ?? asNumber(cost['cached_write']);
  const input = asNumber(cost['input']) ?? 0;
  if (rate === undefined || rate < input || rate === 0) return {};
  if (provider === 'openai') return { cacheWrite30m: rate };
  const isClaude = provider === 'anthropic' || /^~?anthropic\//.test(id);
  return isClaude ? { cacheWrite5m: rate, cacheWrite1h: toSix(input * 2) } : { cacheWrite5m: rate };
}

function toSix(rate: number): number {
  return Math.round(rate * 1e6) / 1e6;
}

function toBands(provider: string, id: string, cost: JsonObject): PriceBand[] {
  const bands = asArray(cost['tiers']).flatMap((value) => {
    const band = asObject(value) ?? {};
    const size = asNumber(asObject(band['tier'])?.['size']);
    const isComplete =
      asNumber(band['input']) !== undefined && asNumber(band['output']) !== undefined;
    if (size === undefined || !isComplete) return [];
    return [{ abovePromptTokens: size, rates: toRates(provider, id, band) }];
  });
  return bands.toSorted((a, b) => a.abovePromptTokens - b.abovePromptTokens);
}

/** The list's modes that are a service tier of their own: Anthropic's fast mode, OpenAI's priority. */
function toTiers(
  { provider, id, model }: Omit<Entry, 'asOf'>,
  standard: Pick<PriceRule, 'rates' | 'bands'>,
): Pick<PriceRow, 'tiers'> {
  const mode = asObject(asObject(asObject(model['experimental'])?.['modes'])?.['fast']);
  const cost = asObject(mode?.['cost']);
  const body = asObject(asObject(mode?.['provider'])?.['body']) ?? {};
  const isKnown =
    asNumber(cost?.['input']) !== undefined && asNumber(cost?.['output']) !== undefined;
  if (cost === undefined || !isKnown) return {};
  const price = tierPrice(standard, { rates: toRates(provider, id, cost) });
  if (price === undefined) return {};
  if (body['speed'] === 'fast') return { tiers: { fast: price } };
  return body['service_tier'] === 'priority' ? { tiers: { priority: price } } : {};
}

function youngestEntry(list: JsonObject): string {
  let youngest = '';
  for (const provider of Object.values(list)) {
    for (const model of Object.values(asObject(asObject(provider)?.['models']) ?? {})) {
      const date = asString(asObject(model)?.['last_updated']) ?? '';
      if (/^\d{4}-\d\d-\d\d$/.test(date) && date > youngest) youngest = date;
    }
  }
  return youngest;
}
