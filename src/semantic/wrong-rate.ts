/**
 * How often a cache that answers by likeness would be wrong, and from which similarity on it may answer.
 * Pure: a namespace's evidence is counts, which are saved and read again.
 *
 * @module
 */
import {
  type AnytimeOptions,
  anytimeUpper,
  clopperPearsonLower,
  clopperPearsonUpper,
  isAnytimeBelow,
} from './bounds.ts';

/** The word on a would-be hit: would the kept answer have served? `unknown` is no evidence either way. */
export type Verdict = 'right' | 'wrong' | 'unknown';

/** A would-be or served hit that was judged. */
export interface JudgedHit {
  /** Cosine, −1 to 1. */
  readonly similarity: number;
  readonly verdict: Verdict;
  /** True where the client got the kept answer. */
  readonly served: boolean;
}

/**
 * Thresholds that may be chosen, fixed before any evidence: choosing the best of finely spaced ones would
 * pick the luckiest. The distance to 1 shrinks by the same factor from each to the next.
 */
export const THRESHOLDS = [0.5, 0.7, 0.82, 0.89, 0.935, 0.96, 0.977, 0.986] as const;

/** The wrong-hit rate is below the limit with this confidence, over all thresholds and all times together. */
const CONFIDENCE = 0.95;
/** Served hits, verified last, that are watched for a change. */
export const WATCHED = 200;
/** Confidence with which they must be worse than the limit. */
const ALARM_CONFIDENCE = 0.99;

/** What is known, as it is saved. */
export interface WrongRateState {
  /** Judged hits by the highest threshold they reach: `[right, wrong]`. */
  readonly counts: readonly (readonly [right: number, wrong: number])[];
  readonly unknown: number;
  /** Served hits verified last, oldest first; true for wrong. */
  readonly recent: readonly boolean[];
  /** How often all was forgotten because served hits turned wrong. */
  readonly alarms: number;
}

/** What is to be shown. */
export interface WrongRateReport {
  /** `serving` from the threshold on; `learning`: nothing is served. */
  readonly state: 'learning' | 'serving';
  readonly threshold: number | undefined;
  /** Judged hits from the threshold on; while there is none, of all thresholds together. */
  readonly judged: number;
  readonly wrong: number;
  readonly unknown: number;
  /** The upper 95 % bound for these hits alone (Clopper-Pearson). */
  readonly upper: number;
  /** The bound that decides: corrected for every threshold and every look. */
  readonly decidingUpper: number;
  readonly limit: number;
  readonly alarms: number;
}

/**
 * The evidence of one namespace. The threshold is the lowest one at which the bound of the wrong-hit rate of
 * all that lies above is within the limit. It is corrected twice. For the search over thresholds: each of the
 * eight is held at 1 − 5 %/8 (Bonferroni), which needs no second half of the evidence and wastes little,
 * for bounds grow with the logarithm only. For looking again after each verdict: the bound is one that holds
 * at all times. Hits must be a sample whose chance does not depend on whether they are right; hits below the
 * threshold may be judged more often than those above, which errs to the safe side.
 */
export class WrongRate {
  readonly #limit: number;
  #counts: [right: number, wrong: number][];
  #unknown: number;
  #recent: boolean[];
  #alarms: number;
  #threshold: number | undefined;

  /** `limit`: the greatest share of wrong hits, between 0 and 1. */
  constructor(limit: number, state?: WrongRateState) {
    this.#limit = limit;
    this.#counts = THRESHOLDS.map((_, at) => {
      const [right, wrong] = state?.counts[at] ?? [0, 0];
      return [right, wrong];
    });
    this.#unknown = state?.unknown ?? 0;
    this.#recent = [...(state?.recent ?? [])];
    this.#alarms = state?.alarms ?? 0;
    this.#threshold = this.#lowest();
  }

  /** The similarity from which on answers may be given; undefined while none may. */
  get threshold(): number | undefined {
    return this.#threshold;
  }

  /** Takes a verdict. It may open the cache, move the threshold either way, or close it. */
  record({ similarity, verdict, served }: JudgedHit): void {
    if (verdict === 'unknown') {
      this.#unknown++;
      return;
    }
    const counts = this.#counts[THRESHOLDS.findLastIndex((least) => similarity >= least)];
    if (counts === undefined) return;
    counts[verdict === 'right' ? 0 : 1]++;
    if (served) this.#watch(verdict === 'wrong');
    this.#threshold = this.#lowest();
  }

  /** Lately served hits that are worse than the limit outweigh all that was learned: begin anew. */
  #watch(wrong: boolean): void {
    this.#recent.push(wrong);
    if (this.#recent.length > WATCHED) this.#recent.shift();
    const wrongs = this.#recent.filter(Boolean).length;
    const { length } = this.#recent;
    if (clopperPearsonLower(wrongs, length, ALARM_CONFIDENCE) <= this.#limit) return;
    this.#counts = THRESHOLDS.map(() => [0, 0]);
    this.#recent = [];
    this.#alarms++;
  }

  #lowest(): number | undefined {
    return THRESHOLDS.find((_, from) => {
      const { judged, wrong } = this.#above(from);
      return isAnytimeBelow(wrong, judged, this.#sureness());
    });
  }

  /** A share of the doubt for each threshold. */
  #sureness(): AnytimeOptions {
    return { confidence: 1 - (1 - CONFIDENCE) / THRESHOLDS.length, aim: this.#limit };
  }

  #above(from: number): { readonly judged: number; readonly wrong: number } {
    let [right, wrong] = [0, 0];
    for (const [ofRight, ofWrong] of this.#counts.slice(from)) {
      right += ofRight;
      wrong += ofWrong;
    }
    return { judged: right + wrong, wrong };
  }

  report(): WrongRateReport {
    const threshold = this.#threshold;
    const from = threshold === undefined ? 0 : THRESHOLDS.findIndex((at) => at === threshold);
    const { judged, wrong } = this.#above(from);
    return {
      state: threshold === undefined ? 'learning' : 'serving',
      threshold,
      judged,
      wrong,
      unknown: this.#unknown,
      upper: clopperPearsonUpper(wrong, judged, CONFIDENCE),
      decidingUpper: anytimeUpper(wrong, judged, this.#sureness()),
      limit: this.#limit,
      alarms: this.#alarms,
    };
  }

  /** What is known, to be saved and given to a new one. */
  toJSON(): WrongRateState {
    return {
      counts: this.#counts.map(([right, wrong]) => [right, wrong] as const),
      unknown: this.#unknown,
      recent: this.#recent,
      alarms: this.#alarms,
    };
  }
}
