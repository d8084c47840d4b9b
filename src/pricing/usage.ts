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
}

/** No tokens at all. */
export const NO_TOKENS: TokenCounts = Object.freeze(
  Object.fromEntries(TOKEN_CLASSES.map((name) => [name, 0])) as Record<TokenClass, number>,
);
