/**
 * The shape of a price. All rates are USD per 1M tokens, as price pages print them; arithmetic is done
 * in integers (`cost.ts`).
 *
 * @module
 */

/**
 * USD per 1M tokens by class. What is undefined is charged at the rate named beside it: a cache write at
 * that of the next shorter time to live, because a longer one is never cheaper.
 */
export interface Rates {
  readonly input: number;
  readonly output: number;
  /** @default input */
  readonly cacheRead?: number;
  /** @default input */
  readonly cacheWrite5m?: number;
  /** @default cacheWrite5m */
  readonly cacheWrite30m?: number;
  /** @default cacheWrite30m */
  readonly cacheWrite1h?: number;
  /** @default cacheWrite1h */
  readonly cacheWrite12h?: number;
  /** @default output */
  readonly reasoning?: number;
  /** @default input */
  readonly inputAudio?: number;
  /** @default input */
  readonly inputImage?: number;
  /** @default output */
  readonly outputAudio?: number;
}

/** Rates for prompts above a size; the whole request is charged at them. */
export interface PriceBand {
  /** Applies to prompts (input and cache tokens together) larger than this, exclusive. */
  readonly abovePromptTokens: number;
  readonly rates: Rates;
}

/** Rates for certain hours of the week, where a provider's price depends on the time of the request. */
export interface PriceWindow {
  /** Days of the week in UTC, 0 is Sunday. */
  readonly utcDays: readonly number[];
  /** Minutes after midnight UTC, inclusive. */
  readonly fromMinute: number;
  /** Minutes after midnight UTC, exclusive. */
  readonly toMinute: number;
  readonly rates: Rates;
}

/** Ways of serving with prices of their own, as responses name them; `fast` is Anthropic's fast mode. */
export type ServiceTier = 'flex' | 'priority' | 'batch' | 'fast';

/** The price of a service tier: rates of its own, or the standard ones times a factor. */
export interface TierPrice {
  /** Of all rates, bands and windows included. */
  readonly factor?: number;
  readonly rates?: Rates;
  /** Bands of the tier's own rates. */
  readonly bands?: readonly PriceBand[];
}

/** What is charged beside tokens, in USD. */
export interface Fees {
  /** For each request that is answered. */
  readonly request?: number;
  /** For each web search that the provider made. */
  readonly search?: number;
}

/** What a model costs at a provider, with where that is known from. */
export interface PriceRule {
  /** `provider/model@date`, or `config:NAME` for a user's own: stands in each ledger row. */
  readonly id: string;
  readonly rates: Rates;
  readonly bands?: readonly PriceBand[];
  /** Hours at which other rates hold. A rule has bands or windows, never both. */
  readonly windows?: readonly PriceWindow[];
  /** A service tier that is not here is unpriced: nobody knows what it costs. */
  readonly tiers?: Readonly<Partial<Record<ServiceTier, TierPrice>>>;
  /** Factors on everything for requests served in a region, by the name the response gives it. */
  readonly regions?: Readonly<Record<string, number>>;
  readonly fees?: Fees;
  /** Milliseconds since the epoch: in force from here on, inclusive. @default always */
  readonly from?: number;
  /** In force until here, exclusive. @default for good */
  readonly until?: number;
  /** Where the price was read: a list's name or a page's address, or `config`. */
  readonly source: string;
  /** ISO date on which the source was read or last changed. */
  readonly asOf: string;
  readonly maxOutputTokens?: number;
  readonly contextTokens?: number;
  /** ISO date on which the provider takes the model down, where it was announced. The price holds beyond it. */
  readonly retiresOn?: string;
}

/** Names of ordinary service in responses. */
const STANDARD: ReadonlySet<string> = new Set(['default', 'standard', 'auto', 'on_demand']);

/** False for the service that is priced without a tier: what a response names it, or no name at all. */
export function isSpecialTier(serviceTier: string | undefined): serviceTier is string {
  return serviceTier !== undefined && !STANDARD.has(serviceTier);
}
