/**
 * What the ledger knows of a provider's days, for comparison with the provider's own figures.
 *
 * @module
 */
import type { TokenCounts } from '../pricing/usage.ts';

/** Which days. */
export interface ProviderDaysQuery {
  /** Milliseconds since the epoch, inclusive. */
  readonly since: number;
  /** Milliseconds since the epoch, exclusive. */
  readonly until: number;
  /** Minutes that the day begins before UTC's: 480 for +08:00. @default 0 */
  readonly utcOffsetMinutes?: number;
}

/** Attempts of one day at one provider with one model and service tier. */
export interface LedgerDay {
  /** `YYYY-MM-DD`, of the day on which the attempts began. */
  readonly day: string;
  /** As it is named in the configuration. */
  readonly provider: string;
  /** The provider's own name of the model: the one that answered, else the one that was asked. */
  readonly model: string;
  /** As responses name it; undefined where they do not. */
  readonly serviceTier: string | undefined;
  /** Attempts that got an answer (HTTP 2xx): what a provider counts as requests. */
  readonly requests: number;
  readonly tokens: TokenCounts;
  /** Nano-dollars that count, of the attempts that are priced. */
  readonly costNano: number;
  /** The same by our own prices. */
  readonly computedNano: number;
  /** The same by the provider's word in its responses; 0 where it gave none. */
  readonly reportedNano: number;
  /** Attempts without a price. */
  readonly unpriced: number;
  /** Attempts whose token counts are estimated, or partial because the answer broke off. */
  readonly estimated: number;
  /** The price rules that were in force, sorted. */
  readonly priceIds: readonly string[];
}
