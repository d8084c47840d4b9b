/**
 * Tokens of one attempt, in classes that never overlap. Providers disagree on whether cached tokens
 * are part of the prompt count and reasoning part of the completion count; that is settled once, where
 * a provider's usage is read, and everything behind it only adds and multiplies.
 *
 * @module
 */

/** The classes, in the order of the ledger's columns. A token belongs to exactly one. */
export const TOKEN_CLASSES = [
  'input',
  'cacheRead',
  'cacheWrite5m',
  'cacheWrite30m',
  'cacheWrite1h',
  'cacheWrite12h',
  'inputAudio',
  'inputImage',
  'output',
  'reasoning',
  'outputAudio',
] as const;

/** One class of tokens. */
export type TokenClass = (typeof TOKEN_CLASSES)[number];

/** Token counts by class; each a non-negative integer. */
export type TokenCounts = Readonly<Record<TokenClass, number>>;

/**
 * Where the counts come from. `provider`: the provider reported them at the end of its answer.
 * `partial`: the provider reported some before the answer broke off. `estimated`: counted here.
 * `unavailable`: nothing is known, which is not the same as zero.
 */
export type UsageSource = 'provider' | 'partial' | 'estimated' | 'unavailable';

/** What one attempt used. */
export interface Usage {
  readonly tokens: TokenCounts;
  readonly source: UsageSource;
  /** What the provider says the attempt cost, in nano-dollars (OpenRouter, xAI); undefined where it does not. */
  readonly reportedCostNano?: number;
  /** The service tier the response names (`default`, `flex`, `priority`, …). */
  readonly serviceTier?: string;
  /** Where the response says it was served, where that has a price of its own (Anthropic's `inference_geo`). */
  readonly region?: string;
  /** Web searches that the provider made for the answer, billed apart. */
  readonly searches?: number;
}

/** No tokens at all. */
export const NO_TOKENS: TokenCounts = Object.freeze(
  Object.fromEntries(TOKEN_CLASSES.map((name) => [name, 0])) as Record<TokenClass, number>,
);

/** The classes that make up a prompt. */
export const INPUT_CLASSES = [
  'input',
  'cacheRead',
  'cacheWrite5m',
  'cacheWrite30m',
  'cacheWrite1h',
  'cacheWrite12h',
  'inputAudio',
  'inputImage',
] as const satisfies readonly TokenClass[];

/** The classes that make up an answer. */
export const OUTPUT_CLASSES = [
  'output',
  'reasoning',
  'outputAudio',
] as const satisfies readonly TokenClass[];

/** Tokens of the whole prompt, cached ones included: what OpenAI calls `prompt_tokens`. */
export function inputTokens(tokens: TokenCounts): number {
  // Written out: it is asked several times a call, and a loop over names takes five times as long.
  const { input, cacheRead, cacheWrite5m, cacheWrite30m, cacheWrite1h, cacheWrite12h } = tokens;
  const written = cacheWrite5m + cacheWrite30m + cacheWrite1h + cacheWrite12h;
  return input + cacheRead + written + tokens.inputAudio + tokens.inputImage;
}

/** The counts in the order of `TOKEN_CLASSES`. */
export function countsOf(tokens: TokenCounts): readonly number[] {
  return [
    tokens.input,
    tokens.cacheRead,
    tokens.cacheWrite5m,
    tokens.cacheWrite30m,
    tokens.cacheWrite1h,
    tokens.cacheWrite12h,
    tokens.inputAudio,
    tokens.inputImage,
    tokens.output,
    tokens.reasoning,
    tokens.outputAudio,
  ];
}

/** Tokens of the whole answer, reasoning included: what OpenAI calls `completion_tokens`. */
export function outputTokens(tokens: TokenCounts): number {
  return tokens.output + tokens.reasoning + tokens.outputAudio;
}

/** The same usage of an answer that broke off before it was complete. */
export function asPartial(usage: Usage): Usage {
  return { ...usage, source: 'partial' };
}

/** The same usage with the service tier that stands beside it in the answer; undefined changes nothing. */
export function withServiceTier(usage: Usage, serviceTier: string | undefined): Usage {
  return serviceTier === undefined ? usage : { ...usage, serviceTier };
}

/** A total to be divided, in the order in which its parts are taken out. */
export interface Division {
  readonly total: number;
  readonly parts: Readonly<Partial<TokenCounts>>;
  /** The class that gets what is left. */
  readonly rest: TokenClass;
}

/**
 * Divides a total into classes. Providers' details sometimes overlap (audio that was read from the cache)
 * or exceed their total; parts are taken in order and never more than is left, so the classes are never
 * negative and always sum to the total.
 */
export function divideTokens(division: Division): Partial<TokenCounts> {
  const divided: Partial<Record<TokenClass, number>> = {};
  divideInto(divided, division);
  return divided;
}

/** The same into counts that are being made: what is in a class is added to only where the rest goes. */
export function divideInto(
  counts: Partial<Record<TokenClass, number>>,
  { total, parts, rest }: Division,
): void {
  let left = total;
  for (const name in parts) {
    const taken = Math.min(parts[name as TokenClass] ?? 0, left);
    counts[name as TokenClass] = taken;
    left -= taken;
  }
  counts[rest] = (counts[rest] ?? 0) + left;
}

/**
 * A token count off the wire. Undefined for an absent one (null included), NaN for one that is none:
 * text, a negative number, a fraction.
 */
export function readCount(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : NaN;
}

/** A count of a breakdown: an absent or senseless one is 0, which leaves its tokens in the class of the rest. */
export function readDetail(value: unknown): number {
  const count = readCount(value);
  return count === undefined || Number.isNaN(count) ? 0 : count;
}
