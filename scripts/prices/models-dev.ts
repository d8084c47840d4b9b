/**
 * Rows from the public list of models.dev (MIT), for the providers that Farthing has hosts for.
 *
 * @module
 */
import { type JsonObject, asArray, asNumber, asObject, asString } from '../../src/json.ts';
import type { PriceBand, Rates } from '../../src/pricing/price-rule.ts';
import type { PriceRow } from '../../src/pricing/price-list.ts';

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

/** What was read, and what was left out with the reason. */
export interface ReadList {
  readonly rows: readonly PriceRow[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  /** ISO date of the youngest entry. */
  readonly youngest: string;
}

/** Reads the parsed `api.json`. Throws an Error where a provider is missing: then the format has changed. */
export function readModelsDev(list: JsonObject, asOf?: string): ReadList {
  const youngest = youngestEntry(list);
  const rows: PriceRow[] = [];
  const skipped: { name: string; reason: string }[] = [];
  for (const [listed, provider] of Object.entries(PROVIDERS)) {
    const models = asObject(asObject(list[listed])?.['models']);
    if (models === undefined) throw new Error(`The list has no models of ${listed}.`);
    for (const value of Object.values(models)) {
      const model = asObject(value) ?? {};
      const id = plainId(provider, asString(model['id']) ?? '');
      const reason = reasonToSkip(model);
      if (reason !== undefined) skipped.push({ name: `${provider}/${id}`, reason });
      else rows.push(toRow({ provider, id, model, asOf: asOf ?? youngest }));
    }
  }
  return { rows, skipped, youngest };
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
