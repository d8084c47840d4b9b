/**
 * What is known of one scope: the calls of one tenant and task, under one policy and embedder.
 *
 * @module
 */
import { WrongRate, type WrongRateReport, type WrongRateState } from './wrong-rate.ts';

/** What may be given in a scope; shares are between 0 and 1. */
export interface ScopeLimits {
  /** The greatest share of wrong hits. */
  readonly maxWrong: number;
  /** Share of would-be hits, while the model answers anyway, that are to be judged. */
  readonly shadowShare: number;
  /** Share of served hits that the model is asked for as well; at most `shadowShare`. */
  readonly verifyShare: number;
}

/** What happened in a scope. Money in nano-dollars. */
export interface ScopeCounts {
  /** Questions looked up. */
  lookedUp: number;
  /** Answers that were given. */
  served: number;
  /** Hits that would have been given with more evidence. */
  shadow: number;
  /** Questions whose candidates the guards refused. */
  refused: number;
  /** What the answers given had cost when a model gave them. */
  avoidedNano: number;
  /** What vectors cost. */
  embeddingNano: number;
  /** What judging cost: fresh answers to compare with, and the judge. */
  judgingNano: number;
  /** Attempts and given answers whose cost is not known, and in none of those sums. */
  unpriced: number;
}

/** A scope as it is saved. */
export interface ScopeState {
  readonly tenant: string;
  readonly task: string;
  readonly embedder: string;
  readonly maxWrong: number;
  readonly rate: WrongRateState;
  readonly counts: Readonly<ScopeCounts>;
  /** Its last question, in ms since the epoch. */
  readonly usedAt: number;
}

/** A scope as it is shown. */
export interface ScopeReport extends WrongRateReport, Readonly<ScopeCounts> {
  readonly evidence: string;
  readonly tenant: string;
  readonly task: string;
  readonly embedder: string;
}

const NOTHING: Readonly<ScopeCounts> = {
  lookedUp: 0,
  served: 0,
  shadow: 0,
  refused: 0,
  avoidedNano: 0,
  embeddingNano: 0,
  judgingNano: 0,
  unpriced: 0,
};

/** Who a scope is of. */
export type ScopeNames = Pick<ScopeState, 'tenant' | 'task' | 'embedder'>;

/** The scope: its evidence, and what it did so far. */
export class Scope {
  readonly names: ScopeNames;
  /** The greatest share of wrong hits, between 0 and 1. */
  readonly limit: number;
  readonly counts: ScopeCounts;
  usedAt: number;
  #rate: WrongRate;

  /** The evidence of a saved scope is judged by the limit of now. */
  constructor({ tenant, task, embedder }: ScopeNames, maxWrong: number, saved?: ScopeState) {
    this.limit = maxWrong;
    this.names = { tenant, task, embedder };
    this.counts = { ...NOTHING, ...saved?.counts };
    this.#rate = new WrongRate(maxWrong, saved?.rate);
    this.usedAt = saved?.usedAt ?? 0;
  }

  get rate(): WrongRate {
    return this.#rate;
  }

  /** Knows this from here on, in place of what it knew. Who holds the scope holds it still. */
  take({ counts, rate, usedAt }: ScopeState): void {
    Object.assign(this.counts, counts);
    this.#rate = new WrongRate(this.limit, rate);
    this.usedAt = usedAt;
  }

  /** Adds what something cost, in nano-dollars; undefined is unpriced. */
  add(what: 'avoidedNano' | 'embeddingNano' | 'judgingNano', nano: number | undefined): void {
    if (nano === undefined) this.counts.unpriced++;
    else this.counts[what] += nano;
  }

  /** Everything, to be saved and given to a new one. */
  state(): ScopeState {
    return {
      ...this.names,
      maxWrong: this.limit,
      rate: this.rate.toJSON(),
      counts: { ...this.counts },
      usedAt: this.usedAt,
    };
  }
}

/** A saved scope, to be shown. */
export function scopeReport(evidence: string, state: ScopeState): ScopeReport {
  const { names, counts, rate } = new Scope(state, state.maxWrong, state);
  return { evidence, ...names, ...counts, ...rate.report() };
}
