/**
 * A counter that is cheap to count with.
 *
 * @module
 */
import { Counter, type Registry } from 'prom-client';

/** What a counter is called. */
export interface TallyOptions {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly registry: Registry;
}

/** What was counted under some label values since somebody looked: to be added to. */
export interface Sum {
  readonly labels: Readonly<Record<string, string>>;
  amount: number;
}

/** Sums up by label values, and hands the sums to Prometheus' counter only when somebody looks. */
export class Tally {
  readonly #counter: Counter;
  readonly #names: readonly string[];
  readonly #sums = new Map<string, Sum>();

  constructor({ name, help, labels, registry }: TallyOptions) {
    this.#names = labels;
    this.#counter = new Counter({
      name: `farthing_${name}`,
      help,
      labelNames: [...labels],
      registers: [registry],
      collect: () => this.#flush(),
    });
  }

  /** The sum of these label values, given in the order of the labels' names. The same values have the same sum. */
  of(...values: readonly string[]): Sum {
    const key = values.join('\n');
    let sum = this.#sums.get(key);
    if (sum === undefined) {
      const named = this.#names.map((name, index) => [name, values[index] ?? ''] as const);
      this.#sums.set(key, (sum = { labels: Object.fromEntries(named), amount: 0 }));
    }
    return sum;
  }

  #flush(): void {
    for (const sum of this.#sums.values()) {
      this.#counter.inc(sum.labels, sum.amount);
      sum.amount = 0;
    }
  }
}
