/**
 * The configuration as the rest of the house sees it: loaded, checked, with every name resolved.
 * The file's own form is in `schema.ts`.
 *
 * @module
 */
import type { Check } from '../checks/check.ts';
import type { PriceRule } from '../pricing/price-rule.ts';
import type { CachePolicy, CacheSettings } from './cache-policy.ts';
import type { Spending } from './spending.ts';

/** The whole configuration. */
export interface Config {
  readonly listen: { readonly host: string; readonly port: number };
  /** Path of the ledger's SQLite file; `:memory:` keeps nothing. */
  readonly data: string;
  /** Path of the price file that `farthing prices update` writes; there need not be one. */
  readonly priceFile: string;
  /** Age in ms above which a listed price is flagged as stale. */
  readonly priceMaxAgeMs: number;
  /** The model every call is compared with; undefined compares with the model the client asked for. */
  readonly reference: Model | undefined;
  readonly providers: ReadonlyMap<string, Provider>;
  /** Configured models by the name clients use. */
  readonly models: ReadonlyMap<string, Model>;
  readonly tasks: ReadonlyMap<string, Task>;
  /** Who may spend how much, and how it is measured what that saves. */
  readonly spending: Spending;
  /** Where answers are kept that may be given again. */
  readonly cache: CacheSettings;
  /** Opens the admin API; undefined: there is none. Never shown or logged. */
  readonly adminKey: string | undefined;
  /** Largest request body in bytes. */
  readonly maxBodyBytes: number;
  /** Silence on a stream after which a keep-alive comment is sent, in ms. */
  readonly keepAliveMs: number;
  /** How long a shutdown waits for calls in flight, in ms. */
  readonly drainMs: number;
  /** True while only simulated models are served. */
  readonly sandbox: boolean;
}

/** Wire formats an upstream may speak. */
export type DialectName = 'openai' | 'anthropic';

/** A host that serves models. */
export interface Provider {
  readonly name: string;
  /** The well-known host it is, which is also its name in the price book. */
  readonly host: string | undefined;
  readonly dialect: DialectName;
  /** Base URL as its SDKs take it, without a trailing slash: `https://api.openai.com/v1`. */
  readonly url: string;
  /** The secret; undefined where none is set. Never logged. */
  readonly key: string | undefined;
  /** The environment variable that would hold the key, for messages; undefined for hosts that need none. */
  readonly keyVariable: string | undefined;
  /** Further headers of each request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds to connect. */
  readonly connectTimeoutMs: number;
  /** Milliseconds without a byte, before the first and between two. */
  readonly idleTimeoutMs: number;
  /** How often a failed request is repeated here before the next provider is asked. */
  readonly retries: number;
  /** Open connections at most. */
  readonly connections: number;
  /** What the price book's prices are multiplied with: a discount, an uplift. */
  readonly priceFactor: number;
}

/** A model that can be asked. */
export interface Model {
  /** What clients, the ledger and reports call it. */
  readonly name: string;
  /** What the provider calls it. */
  readonly id: string;
  /** Who serves it, in the order of trying; at least one. */
  readonly providers: readonly Provider[];
  /** The user's own prices, of which at most one is in force; undefined leaves it to the price book. */
  readonly price: readonly PriceRule[] | undefined;
  /** Tokens one answer may have at most; undefined where unknown. */
  readonly maxOutputTokens: number | undefined;
}

/** A kind of work, and how it is served. */
export interface Task {
  readonly name: string;
  /** `configured` in the file, or `found` by the template of calls nobody named yet. */
  readonly origin: 'configured' | 'found';
  readonly match: readonly Match[];
  /** The ladder, cheapest first; at least one. */
  readonly tiers: readonly Tier[];
  /** Nano-dollars a call, all tiers together; undefined for no limit. */
  readonly maxCostNano: number | undefined;
  /** What a call of this task would have used; undefined leaves it to the configuration. */
  readonly reference: Model | undefined;
  /** Whether a conversation or tool loop stays on the model that it is on. */
  readonly sticky: boolean;
  /** True for a task's stand-in in the hold-out: the reference alone. @default false */
  readonly isControl?: boolean;
  /** How its answers are kept; undefined: not at all, or, for a task that was found, as the configuration says. */
  readonly cache?: CachePolicy | undefined;
  /** How the file describes what it is served by, options of checks and all; undefined for a found task. */
  readonly form?: string | undefined;
}

/** One rung of a ladder. */
export interface Tier {
  readonly model: Model;
  /** What the answer must pass; empty accepts any. */
  readonly accept: readonly WeightedCheck[];
  /** Share of the weights that must pass, 0 to 1; undefined means every check must. */
  readonly threshold: number | undefined;
}

/** A check with its say in a tier's score. */
export interface WeightedCheck {
  readonly check: Check;
  readonly weight: number;
}

/** A rule that recognises calls of a task. Every part that is given must hold. */
export interface Match {
  /** Glob over the system prompt: `*` any text, `?` one character. */
  readonly system?: string;
  /** Glob over the last user message. */
  readonly user?: string;
  /** Glob over the model the client asked for. */
  readonly model?: string;
  /** Globs over request headers, by lower-case name. */
  readonly header?: Readonly<Record<string, string>>;
  /** Globs over tags. */
  readonly tag?: Readonly<Record<string, string>>;
  /** A template's id, as reports show it. */
  readonly template?: string;
}
