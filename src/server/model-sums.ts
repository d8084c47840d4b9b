/**
 * The sums of one model, found once: as `task-sums.ts` for those of a task.
 *
 * @module
 */
import type { TokenClass } from '../pricing/usage.ts';
import type { Sum, Tally } from './tally.ts';

/** The counters that have a model as a label. */
export interface ModelTallies {
  /** By provider, model and status. */
  readonly attempts: Tally;
  /** By model and class of tokens. */
  readonly tokens: Tally;
}

interface Attempted {
  readonly provider: string;
  readonly status: number | string;
  readonly sum: Sum;
}

/** What is counted of one model. */
export class ModelSums {
  readonly #model: string;
  readonly #tallies: ModelTallies;
  /** A few at most, so that looking through them is quicker than a map. */
  readonly #attempted: Attempted[] = [];
  readonly #tokens = new Map<TokenClass, Sum>();

  constructor(model: string, tallies: ModelTallies) {
    this.#model = model;
    this.#tallies = tallies;
  }

  /** Attempts at a provider that ended with this status, or this error where there was none. */
  attempted(provider: string, status: number | string): Sum {
    for (const known of this.#attempted) {
      if (known.status === status && known.provider === provider) return known.sum;
    }
    const sum = this.#tallies.attempts.of(provider, this.#model, String(status));
    this.#attempted.push({ provider, status, sum });
    return sum;
  }

  /** Tokens of a class. */
  tokens(of: TokenClass): Sum {
    let sum = this.#tokens.get(of);
    if (sum === undefined) this.#tokens.set(of, (sum = this.#tallies.tokens.of(this.#model, of)));
    return sum;
  }
}
