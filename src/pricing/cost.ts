/**
 * What tokens cost. All arithmetic is in integers: a rate of USD per 1M tokens is a whole number of
 * pico-dollars a token (rates finer than that are rounded to the nearest one), products and their sum are
 * exact, and one rounding to nano-dollars is made at the end.
 *
 * @module
 */
import type { PriceRule, PriceWindow, Rates } from './price-rule.ts';
import {
  INPUT_CLASSES,
  OUTPUT_CLASSES,
  TOKEN_CLASSES,
  type TokenClass,
  type TokenCounts,
  inputTokens,
} from './usage.ts';

/** Pico-dollars a token at 1 USD per 1M tokens. */
const PICO_PER_DOLLAR_RATE = 1e6;
const PICO_PER_NANO = 1000;

/** Decimals of a dollar that nano-dollars have, and that are shown at least. */
const NANO_DIGITS = 9;
const LEAST_DIGITS = 2;

const CLASS_INDEX = Object.fromEntries(
  TOKEN_CLASSES.map((name, index) => [name, index]),
) as Readonly<Record<TokenClass, number>>;

/** Rates never change once made; what they mean in pico-dollars is worked out once, in the order of the classes. */
const picoRates = new WeakMap<Rates, readonly number[]>();

/**
 * Nano-dollars that tokens cost, rounded half up.
 *
 * A prompt larger than a band's limit moves the whole request to the band's rates. `at` (ms since the
 * epoch) chooses among rates by the hour; without it the dearest hour is taken, so that the result is
 * never too low. Throws a RangeError for counts or rates that are negative or no numbers, and for a cost
 * beyond 2^53 nano-dollars (9 million dollars).
 *
 * @example
 * costNano({ ...NO_TOKENS, input: 1000, output: 100 }, { rates: { input: 2.5, output: 10 }, … }); // 3_500_000
 */
export function costNano(tokens: TokenCounts, rule: PriceRule, at?: number): number {
  const { windows } = rule;
  if (windows === undefined) return costAt(tokens, bandOf(tokens, rule));
  if (at !== undefined) {
    const window = windows.find((candidate) => isWithin(candidate, at));
    return costAt(tokens, window?.rates ?? rule.rates);
  }
  const anyHour = [rule.rates, ...windows.map(({ rates }) => rates)];
  return Math.max(...anyHour.map((rates) => costAt(tokens, rates)));
}

/**
 * Nano-dollars that a request costs at most, whatever share of its prompt is cached, spoken or shown and
 * of its answer is reasoning or sound: the bound for limits on cost. Holds for fewer tokens as well.
 * Infinity where the numbers are beyond counting, so that no limit is ever kept by mistake.
 */
export function mostCostNano(
  { prompt, output }: { readonly prompt: number; readonly output: number },
  rule: PriceRule,
): number {
  const bands = (rule.bands ?? []).filter(({ abovePromptTokens }) => prompt > abovePromptTokens);
  const possible = [rule, ...bands, ...(rule.windows ?? [])].map(({ rates }) => picoOf(rates));
  const dearest = (classes: readonly TokenClass[]): number =>
    Math.max(...possible.flatMap((pico) => classes.map((name) => pico[CLASS_INDEX[name]] ?? 0)));
  const pico = prompt * dearest(INPUT_CLASSES) + output * dearest(OUTPUT_CLASSES);
  // Each step may be off by a part in 2^53: one nano-dollar more covers all of them.
  const nano = Math.ceil(pico / PICO_PER_NANO) + 1;
  return Number.isSafeInteger(nano) ? nano : Infinity;
}

/** The rates for a prompt of this size: those of the highest band that it exceeds. */
function bandOf(tokens: TokenCounts, { rates, bands }: PriceRule): Rates {
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
  for (const [index, name] of TOKEN_CLASSES.entries()) {
    const count = tokens[name];
    if (count === 0) continue;
    if (!(count > 0) || !Number.isSafeInteger(count)) {
      throw new RangeError(`${count} is no number of ${name} tokens.`);
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

function toPico(rate: number): number {
  const pico = Math.round(rate * PICO_PER_DOLLAR_RATE);
  if (!(rate >= 0) || !Number.isSafeInteger(pico)) throw new RangeError(`${rate} is no price.`);
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

/**
 * Nano-dollars as dollars: exact, with at least two decimals and no further trailing zeros. With
 * `decimals`, rounded to that many, half away from zero. Throws a RangeError for anything but a safe
 * integer.
 *
 * @example
 * formatUsd(1_234_000); // '$0.001234'
 * formatUsd(-1_500_000_000); // '-$1.50'
 * formatUsd(1_239_000_000, 2); // '$1.24'
 */
export function formatUsd(nano: number, decimals?: number): string {
  if (!Number.isSafeInteger(nano)) throw new RangeError(`${nano} is no amount of nano-dollars.`);
  const amount = BigInt(Math.abs(nano));
  const text = decimals === undefined ? exact(amount) : rounded(amount, decimals);
  return nano < 0 && /[1-9]/.test(text) ? `-$${text}` : `$${text}`;
}

function exact(amount: bigint): string {
  const [whole = '', fraction = ''] = withPoint(amount, NANO_DIGITS).split('.');
  return `${whole}.${fraction.replace(/0+$/, '').padEnd(LEAST_DIGITS, '0')}`;
}

function rounded(amount: bigint, decimals: number): string {
  if (decimals >= NANO_DIGITS) return withPoint(amount, NANO_DIGITS);
  const unit = 10n ** BigInt(NANO_DIGITS - decimals);
  return withPoint((amount + unit / 2n) / unit, decimals);
}

function withPoint(amount: bigint, decimals: number): string {
  const digits = amount.toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  return decimals === 0 ? whole : `${whole}.${digits.slice(-decimals)}`;
}
