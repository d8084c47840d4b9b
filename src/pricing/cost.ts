/**
 * What tokens cost. All arithmetic is in integers: a rate of USD per 1M tokens is a whole number of
 * pico-dollars a token (rates finer than that are rounded to the nearest one), products and their sum are
 * exact, and one rounding to nano-dollars is made at the end.
 *
 * @module
 */
import {
  type Fees,
  isSpecialTier,
  type PriceRule,
  type PriceWindow,
  type Rates,
  type ServiceTier,
  type TierPrice,
} from './price-rule.ts';
import { scaleRates, toPico } from './scale.ts';
import {
  INPUT_CLASSES,
  OUTPUT_CLASSES,
  TOKEN_CLASSES,
  type TokenClass,
  type TokenCounts,
  countsOf,
  inputTokens,
} from './usage.ts';

const PICO_PER_NANO = 1000;

const CLASS_INDEX = Object.fromEntries(
  TOKEN_CLASSES.map((name, index) => [name, index]),
) as Readonly<Record<TokenClass, number>>;

/** Rates never change once made; what they mean in pico-dollars is worked out once, in the order of the classes. */
const picoRates = new WeakMap<Rates, readonly number[]>();

/** Under which circumstances a request was served. */
export interface Circumstances {
  /** Milliseconds since the epoch, for rates by the hour. @default the dearest hour, so that the result is never too low */
  readonly at?: number | undefined;
  /** As the response names it. @default ordinary service */
  readonly serviceTier?: string | undefined;
  /** As the response names it. */
  readonly region?: string | undefined;
  /** Web searches that the provider made. */
  readonly searches?: number | undefined;
}

/**
 * Nano-dollars of one answered request, rounded half up; undefined where the rule has no price for the
 * service tier, or for searches that were made.
 *
 * A prompt larger than a band's limit moves the whole request to the band's rates. Tier and region are
 * factors on rates, tier first; fees are added as they are. Throws a RangeError for counts or rates that
 * are negative or no numbers, and for a cost beyond 2^53 nano-dollars (9 million dollars).
 *
 * @example
 * costNano({ ...NO_TOKENS, input: 1000, output: 100 }, { rates: { input: 2.5, output: 10 }, … }); // 3_500_000
 */
export function costNano(
  tokens: TokenCounts,
  rule: PriceRule,
  circumstances: Circumstances = {},
): number | undefined {
  const { serviceTier, region, searches = 0 } = circumstances;
  // What a search costs is not known: that is not nothing.
  if (searches > 0 && rule.fees?.search === undefined) return undefined;
  const fees = rule.fees === undefined ? 0 : feesNano(rule.fees, searches);
  if (isSpecialTier(serviceTier)) {
    const tier = tierOf(rule, serviceTier);
    if (tier === undefined) return undefined;
    const priced = tier.rates === undefined ? rule : { ...tier, rates: tier.rates };
    const factor = (tier.factor ?? 1) * regionFactor(rule, region);
    return tokensNano(tokens, priced, { at: circumstances.at, factor }) + fees;
  }
  const factor = region === undefined ? 1 : regionFactor(rule, region);
  return tokensNano(tokens, rule, { at: circumstances.at, factor }) + fees;
}

/** The price of a special tier; its name comes off the wire. */
function tierOf({ tiers = {} }: PriceRule, name: string): TierPrice | undefined {
  return Object.hasOwn(tiers, name) ? tiers[name as ServiceTier] : undefined;
}

/** What fees come to, in nano-dollars. */
function feesNano({ request = 0, search = 0 }: Fees, searches: number): number {
  return Math.round(request * 1e9) + Math.round(search * 1e9) * searches;
}

/** A region that the rule does not know costs what any other does. */
function regionFactor({ regions }: PriceRule, region: string | undefined): number {
  return region === undefined
    ? 1
    : regions !== undefined && Object.hasOwn(regions, region)
      ? (regions[region] ?? 1)
      : 1;
}

type Priced = Pick<PriceRule, 'rates' | 'bands' | 'windows'>;

function tokensNano(
  tokens: TokenCounts,
  priced: Priced,
  { at, factor }: { readonly at: number | undefined; readonly factor: number },
): number {
  const { windows, rates } = priced;
  const scaled = (of: Rates): Rates => (factor === 1 ? of : scaleRates(of, factor));
  if (windows === undefined) return costAt(tokens, scaled(bandOf(tokens, priced)));
  if (at !== undefined) {
    const window = windows.find((candidate) => isWithin(candidate, at));
    return costAt(tokens, scaled(window?.rates ?? rates));
  }
  const anyHour = [rates, ...windows.map((window) => window.rates)];
  return Math.max(...anyHour.map((of) => costAt(tokens, scaled(of))));
}

/**
 * Nano-dollars that a request costs at most, whatever share of its prompt is cached, spoken or shown and
 * of its answer is reasoning or sound: the bound for limits on cost. Holds for fewer tokens as well, at
 * any hour, in any region. `serviceTier` is the one asked for. Infinity where the numbers are beyond
 * counting or the tier has no price, so that no limit is ever kept by mistake. Web searches of the
 * provider are not bounded.
 */
export function mostCostNano(
  { prompt, output }: { readonly prompt: number; readonly output: number },
  rule: PriceRule,
  serviceTier?: string,
): number {
  const tier = isSpecialTier(serviceTier) ? tierOf(rule, serviceTier) : undefined;
  if (isSpecialTier(serviceTier) && tier === undefined) return Infinity;
  // A provider may serve less than the tier that was asked for, at the ordinary price.
  const priced: Priced[] =
    tier?.rates === undefined ? [rule] : [rule, { ...tier, rates: tier.rates }];
  const factor = Math.max(1, tier?.factor ?? 1) * Math.max(1, ...Object.values(rule.regions ?? {}));
  const possible = priced
    .flatMap(({ rates, bands = [], windows = [] }) => [
      rates,
      ...bands.filter((band) => prompt > band.abovePromptTokens).map((band) => band.rates),
      ...windows.map((window) => window.rates),
    ])
    .map((rates) => picoOf(factor === 1 ? rates : scaleRates(rates, factor)));
  const dearest = (classes: readonly TokenClass[]): number =>
    Math.max(...possible.flatMap((pico) => classes.map((name) => pico[CLASS_INDEX[name]] ?? 0)));
  const pico = prompt * dearest(INPUT_CLASSES) + output * dearest(OUTPUT_CLASSES);
  // Each step may be off by a part in 2^53: one nano-dollar more covers all of them.
  const nano = Math.ceil(pico / PICO_PER_NANO) + 1 + feesNano(rule.fees ?? {}, 0);
  return Number.isSafeInteger(nano) ? nano : Infinity;
}

/** The rates for a prompt of this size: those of the highest band that it exceeds. */
function bandOf(tokens: TokenCounts, { rates, bands }: Priced): Rates {
  if (bands === undefined) return rates;
  const prompt = inputTokens(tokens);
  let limit = -1;
  let chosen = rates;
  for (const band of bands) {
    if (prompt > band.abovePromptTokens && band.abovePromptTokens > limit) {
      limit = band.abovePromptTokens;
      chosen = band.rates;
    }
  }
  return chosen;
}

function isWithin({ utcDays, fromMinute, toMinute }: PriceWindow, at: number): boolean {
  const time = new Date(at);
  const minute = time.getUTCHours() * 60 + time.getUTCMinutes();
  return utcDays.includes(time.getUTCDay()) && minute >= fromMinute && minute < toMinute;
}

function costAt(tokens: TokenCounts, rates: Rates): number {
  const perToken = picoOf(rates);
  let pico = 0;
  const counts = countsOf(tokens);
  for (let index = 0; index < counts.length; index++) {
    const count = counts[index] ?? Number.NaN;
    if (count === 0) continue;
    if (!(count > 0) || !Number.isSafeInteger(count)) {
      throw new RangeError(`${count} is no number of ${TOKEN_CLASSES[index]} tokens.`);
    }
    pico += count * (perToken[index] ?? 0);
  }
  // A sum below 2^53 had only exact steps, because none of its terms is negative.
  return pico < Number.MAX_SAFE_INTEGER - PICO_PER_NANO
    ? roundHalfUp(pico)
    : exactCost(tokens, perToken);
}

/** Whole thousands, without a division that could round. */
function roundHalfUp(pico: number): number {
  const raised = pico + PICO_PER_NANO / 2;
  return (raised - (raised % PICO_PER_NANO)) / PICO_PER_NANO;
}

/** The same beyond the exact range of floating point: some thousands of dollars. */
function exactCost(tokens: TokenCounts, perToken: readonly number[]): number {
  const pico = TOKEN_CLASSES.reduce(
    (sum, name, index) => sum + BigInt(tokens[name]) * BigInt(perToken[index] ?? 0),
    0n,
  );
  const nano = (pico + BigInt(PICO_PER_NANO / 2)) / BigInt(PICO_PER_NANO);
  if (nano > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new RangeError('The cost is beyond 2^53 nano-dollars.');
  }
  return Number(nano);
}

function picoOf(rates: Rates): readonly number[] {
  let pico = picoRates.get(rates);
  if (pico === undefined) {
    const complete = completeRates(rates);
    pico = TOKEN_CLASSES.map((name) => toPico(complete[name]));
    picoRates.set(rates, pico);
  }
  return pico;
}

/** Rates of all classes, in USD per 1M tokens, with the defaults that {@link Rates} names. */
export function completeRates(rates: Rates): Readonly<Record<TokenClass, number>> {
  const cacheWrite5m = rates.cacheWrite5m ?? rates.input;
  const cacheWrite30m = rates.cacheWrite30m ?? cacheWrite5m;
  const cacheWrite1h = rates.cacheWrite1h ?? cacheWrite30m;
  return {
    input: rates.input,
    cacheRead: rates.cacheRead ?? rates.input,
    cacheWrite5m,
    cacheWrite30m,
    cacheWrite1h,
    cacheWrite12h: rates.cacheWrite12h ?? cacheWrite1h,
    inputAudio: rates.inputAudio ?? rates.input,
    inputImage: rates.inputImage ?? rates.input,
    output: rates.output,
    reasoning: rates.reasoning ?? rates.output,
    outputAudio: rates.outputAudio ?? rates.output,
  };
}
