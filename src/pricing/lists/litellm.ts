/**
 * Rows from LiteLLM's public list (`model_prices_and_context_window.json`, MIT), for the providers that
 * Farthing has hosts for.
 *
 * @module
 */
import { type JsonObject, asArray, asNumber, asObject, asString } from '../../json.ts';
import type { PriceRow } from '../price-list.ts';
import type { Fees, PriceBand, PriceRule, Rates, ServiceTier, TierPrice } from '../price-rule.ts';
import { type ListedRate, listedRates, perMillion } from './litellm-fields.ts';
import type { ReadList } from './read-list.ts';
import { type ListedTier, tierPrice } from './tier-price.ts';

/** The list's names of providers, and ours. */
const PROVIDERS: Readonly<Record<string, string>> = {
  anthropic: 'anthropic',
  dashscope: 'alibaba',
  deepseek: 'deepseek',
  fireworks_ai: 'fireworks',
  'fireworks_ai-embedding-models': 'fireworks',
  gemini: 'gemini',
  groq: 'groq',
  mistral: 'mistral',
  openai: 'openai',
  openrouter: 'openrouter',
  'text-completion-openai': 'openai',
  together_ai: 'together',
  xai: 'xai',
};

/** Kinds of models that are paid by the token for text. */
const MODES: ReadonlySet<string> = new Set(['chat', 'completion', 'responses', 'embedding']);
/** Names of size classes, which stand for all models of a size: `together-ai-21.1b-41b`. */
const SIZE_CLASS = /^(?:together-ai|fireworks-ai)-/;

interface Entry {
  readonly provider: string;
  readonly id: string;
  readonly model: JsonObject;
  readonly asOf: string;
}

/**
 * Reads the parsed list. Rows are of `asOf`, an ISO date, because the list has no dates of its own. Throws
 * an Error where nothing in it is a model of a known provider.
 */
export function readLiteLlm(list: JsonObject, asOf: string): ReadList {
  const rows = new Map<string, PriceRow>();
  const skipped: { name: string; reason: string }[] = [];
  const unread: Record<string, number> = {};
  let known = 0;
  // A model may stand there twice, with its provider before its name and without: the first is exact.
  const entries = Object.entries(list).toSorted(
    ([a], [b]) => Number(isBare(a)) - Number(isBare(b)),
  );
  for (const [key, value] of entries) {
    const model = asObject(value) ?? {};
    const listed = asString(model['litellm_provider']) ?? '';
    const provider = Object.hasOwn(PROVIDERS, listed) ? PROVIDERS[listed] : undefined;
    if (provider === undefined) continue;
    known++;
    const id = plainId(key, listed);
    const name = `${provider}/${id}`;
    const result = readModel({ provider, id, model, asOf });
    const reason = rows.has(name.toLowerCase()) ? 'listed twice' : result.reason;
    if (reason !== undefined || result.row === undefined) {
      skipped.push({ name, reason: reason ?? 'no price' });
      continue;
    }
    rows.set(name.toLowerCase(), result.row);
    for (const field of result.unread) unread[field] = (unread[field] ?? 0) + 1;
  }
  if (known === 0)
    throw new Error("This is not LiteLLM's list: nothing in it names a known provider.");
  return { rows: [...rows.values()], skipped, unread, youngest: '' };
}

function isBare(key: string): boolean {
  return !key.includes('/');
}

function plainId(key: string, listed: string): string {
  const prefix = `${listed.replace(/-embedding-models$/, '')}/`;
  return key.startsWith(prefix) ? key.slice(prefix.length) : key;
}

interface ReadModel {
  readonly row?: PriceRow;
  readonly reason?: string;
  readonly unread: readonly string[];
}

function readModel(entry: Entry): ReadModel {
  const { id, model } = entry;
  const mode = asString(model['mode']) ?? '';
  if (SIZE_CLASS.test(id)) return { reason: 'a size class, no model', unread: [] };
  if (!MODES.has(mode))
    return { reason: mode === '' ? 'of no known kind' : kindOf(mode), unread: [] };
  const { base, bands, tiers, unread } = readRates(entry);
  const rates = complete(base, mode === 'embedding');
  if (rates === undefined) return { reason: 'no price', unread };
  // The list also writes 0 for what nobody looked up.
  if (rates.input === 0 && rates.output === 0 && !id.endsWith(':free')) {
    return { reason: 'a price of 0 without ":free"', unread };
  }
  const outputs = asArray(model['supported_output_modalities']);
  if (outputs.includes('image') || outputs.includes('video')) {
    return { reason: 'answers with pictures', unread };
  }
  if (outputs.includes('audio') && rates.outputAudio === undefined) {
    return { reason: 'answers with sound of unknown price', unread };
  }
  const fees = feesOf(model);
  const regions = regionsOf(model);
  const allTiers = { ...tiersOf({ rates, bands }, tiers), ...modesOf(model) };
  const row: PriceRow = {
    provider: entry.provider,
    model: id,
    rates,
    ...(bands.length === 0 ? {} : { bands }),
    ...(Object.keys(allTiers).length === 0 ? {} : { tiers: allTiers }),
    ...(regions === undefined ? {} : { regions }),
    ...(fees === undefined ? {} : { fees }),
    source: 'litellm',
    asOf: entry.asOf,
    ...limitsOf(model, rates),
  };
  return { row, unread };
}

function kindOf(mode: string): string {
  return `a model for ${mode.replaceAll('_', ' ')}`;
}

interface TieredRates {
  readonly base: Partial<Rates>;
  readonly bands: readonly PriceBand[];
  readonly tiers: ReadonlyMap<ServiceTier, ListedTier>;
  readonly unread: readonly string[];
}

function readRates(entry: Entry): TieredRates {
  const { rates, unread } = listedRates(entry.model);
  const all = [...rates, ...tieredRates(entry.model)];
  const sizesOf = (tier: ServiceTier | undefined): Map<number, Partial<Rates>> =>
    bySize(
      all.filter((rate) => rate.tier === tier),
      entry,
    );
  const standard = sizesOf(undefined);
  const base = standard.get(0) ?? {};
  // What a band leaves out costs what it does below the band.
  const bands = largePrompts(standard).flatMap(
    ({ abovePromptTokens, rates: named }): PriceBand[] => {
      const whole = complete({ ...base, ...named }, false);
      return whole === undefined ? [] : [{ abovePromptTokens, rates: whole }];
    },
  );
  const tiers = (['batch', 'flex', 'priority'] as const).flatMap((tier) => {
    const sizes = sizesOf(tier);
    const ordinary = sizes.get(0);
    return ordinary === undefined
      ? []
      : [[tier, { rates: ordinary, bands: largePrompts(sizes) }] as const];
  });
  return { base, bands, tiers: new Map(tiers), unread };
}

/** `tiered_pricing`: rates for ranges of prompt sizes, of which the lower end is exclusive. */
function tieredRates(model: JsonObject): ListedRate[] {
  return asArray(model['tiered_pricing']).flatMap((value) => {
    const part = asObject(value) ?? {};
    const start = asNumber(asArray(part['range'])[0]);
    if (start === undefined) return [];
    return listedRates(part).rates.map((rate): ListedRate => ({ ...rate, above: start }));
  });
}

/** The rates of large prompts, smallest first. */
function largePrompts(sizes: ReadonlyMap<number, Partial<Rates>>): Required<ListedTier>['bands'] {
  return [...sizes]
    .filter(([size]) => size > 0)
    .toSorted(([a], [b]) => a - b)
    .map(([abovePromptTokens, rates]) => ({ abovePromptTokens, rates }));
}

/** Rates by the prompt size from which they hold. */
function bySize(rates: readonly ListedRate[], entry: Entry): Map<number, Partial<Rates>> {
  const sizes = new Map<number, Partial<Record<keyof Rates, number>>>();
  for (const { rateClass, above, rate } of rates) {
    const of = sizes.get(above) ?? {};
    sizes.set(above, of);
    // The list's one write rate is OpenAI's for 30 minutes and everybody else's for 5.
    const name = rateClass === 'cacheWrite' ? writeClass(entry.provider) : rateClass;
    of[name] = rate;
  }
  for (const of of sizes.values()) {
    dropUnknown(of);
    addHourWrite(of, entry);
  }
  return sizes;
}

function writeClass(provider: string): 'cacheWrite30m' | 'cacheWrite5m' {
  return provider === 'openai' ? 'cacheWrite30m' : 'cacheWrite5m';
}

/** A cache that is free while prompts are not means "unknown", and a write below the input rate is none. */
function dropUnknown(rates: Partial<Record<keyof Rates, number>>): void {
  const { input } = rates;
  if (rates.cacheRead === 0) delete rates.cacheRead;
  for (const name of ['cacheWrite5m', 'cacheWrite30m', 'cacheWrite1h'] as const) {
    const rate = rates[name];
    if (rate !== undefined && (rate === 0 || rate < (input ?? 0))) delete rates[name];
  }
}

/** Where the list has no price of an hour's write, Anthropic's is twice the input (its docs, prompt caching). */
function addHourWrite(
  rates: Partial<Record<keyof Rates, number>>,
  { provider, id }: Pick<Entry, 'provider' | 'id'>,
): void {
  const isClaude = provider === 'anthropic' || /^~?anthropic\//.test(id);
  const { input, cacheWrite5m, cacheWrite1h } = rates;
  if (!isClaude || input === undefined || cacheWrite5m === undefined) return;
  rates.cacheWrite1h = cacheWrite1h ?? Math.round(input * 2e6) / 1e6;
}

function complete(rates: Partial<Rates>, isEmbedding: boolean): Rates | undefined {
  const { input } = rates;
  const output = rates.output ?? (isEmbedding ? 0 : undefined);
  if (input === undefined || output === undefined) return undefined;
  return { input, output, ...rates };
}

function tiersOf(
  standard: Pick<PriceRule, 'rates' | 'bands'>,
  listed: ReadonlyMap<ServiceTier, ListedTier>,
): Partial<Record<ServiceTier, TierPrice>> {
  const prices = [...listed].flatMap(([tier, of]) => {
    const price = tierPrice(standard, of);
    return price === undefined ? [] : [[tier, price] as const];
  });
  return Object.fromEntries(prices);
}

/** `provider_specific_entry: { us: 1.1, fast: 6.0 }`: factors of Anthropic's region and fast mode. */
function modesOf(model: JsonObject): Partial<Record<ServiceTier, TierPrice>> {
  const factor = asNumber(asObject(model['provider_specific_entry'])?.['fast']);
  return factor === undefined || factor <= 0 ? {} : { fast: { factor } };
}

function regionsOf(model: JsonObject): Record<string, number> | undefined {
  const specific = asObject(model['provider_specific_entry']) ?? {};
  const listed = {
    us: asNumber(specific['us']) ?? asNumber(model['regional_processing_uplift_multiplier_us']),
    eu: asNumber(model['regional_processing_uplift_multiplier_eu']),
  };
  const regions = Object.entries(listed).flatMap(([region, factor]) =>
    factor === undefined || factor <= 0 ? [] : [[region, factor] as const],
  );
  return regions.length === 0 ? undefined : Object.fromEntries(regions);
}

/** A search's price may depend on how much it reads, which no answer tells: the medium size is the default. */
function feesOf(model: JsonObject): Fees | undefined {
  const search = asNumber(
    asObject(model['search_context_cost_per_query'])?.['search_context_size_medium'],
  );
  const request = asNumber(model['input_cost_per_request']);
  const fees = {
    ...(request === undefined || request <= 0 ? {} : { request }),
    ...(search === undefined || search <= 0 ? {} : { search }),
  };
  return Object.keys(fees).length === 0 ? undefined : fees;
}

function limitsOf(model: JsonObject, rates: Rates): Partial<PriceRow> {
  const output = count(model['max_output_tokens']);
  const context = count(model['max_input_tokens']);
  const retires = asString(model['deprecation_date']) ?? '';
  return {
    ...(output > 0 && rates.output > 0 ? { maxOutputTokens: output } : {}),
    ...(context > 0 ? { contextTokens: context } : {}),
    ...(/^\d{4}-\d\d-\d\d$/.test(retires) ? { retiresOn: retires } : {}),
  };
}

function count(value: unknown): number {
  const tokens = (perMillion(value) ?? 0) / 1e6;
  return Number.isSafeInteger(tokens) ? tokens : 0;
}
