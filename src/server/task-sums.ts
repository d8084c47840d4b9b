/**
 * The sums of one task, found once: a call adds to some ten of them, and to look each up by its labels takes
 * longer than to add.
 *
 * @module
 */
import type { CacheState, Outcome } from '../call.ts';
import type { Observed } from './distribution.ts';
import type { Sum, Tally } from './tally.ts';

/** The counters that have a task as their first label. */
export interface TaskTallies {
  readonly calls: Tally;
  readonly cached: Tally;
  readonly cost: Tally;
  readonly reference: Tally;
  readonly overhead: Tally;
  readonly unpriced: Tally;
}

interface Ended {
  readonly status: number;
  readonly outcome: Outcome | undefined;
  readonly sum: Sum;
}

/** What is counted of one task. */
export class TaskSums {
  readonly cost: Sum;
  readonly reference: Sum;
  readonly overhead: Sum;
  /** How long its calls took. */
  readonly duration: Observed;
  readonly #task: string;
  readonly #tallies: TaskTallies;
  /** A few at most, so that looking through them is quicker than a map. */
  readonly #ended: Ended[] = [];
  readonly #cached = new Map<CacheState, Sum>();

  constructor(task: string, tallies: TaskTallies, duration: Observed) {
    this.#task = task;
    this.#tallies = tallies;
    this.cost = tallies.cost.of(task);
    this.reference = tallies.reference.of(task);
    this.overhead = tallies.overhead.of(task);
    this.duration = duration;
  }

  /** Calls that ended so. */
  ended(status: number, outcome: Outcome | undefined): Sum {
    for (const known of this.#ended) {
      if (known.status === status && known.outcome === outcome) return known.sum;
    }
    const sum = this.#tallies.calls.of(this.#task, String(status), outcome ?? 'none');
    this.#ended.push({ status, outcome, sum });
    return sum;
  }

  /** Calls for which the cache did this. */
  cached(state: CacheState): Sum {
    let sum = this.#cached.get(state);
    if (sum === undefined) {
      sum = this.#tallies.cached.of(this.#task, state);
      this.#cached.set(state, sum);
    }
    return sum;
  }

  /** Calls whose cost is not known. */
  get unpriced(): Sum {
    return this.#tallies.unpriced.of(this.#task);
  }
}
