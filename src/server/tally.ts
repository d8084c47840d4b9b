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

interface Sum {
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

  /** Adds to the sum of these label values, given in the order of the labels' names. */
  add(amount: number, ...values: readonly string[]): void {
    const key = values.length === 1 ? (values[0] ?? '') : values.join('\n');
    const sum = this.#sums.get(key);
    if (sum !== undefined) sum.amount += amount;
    else {
      const labels = Object.fromEntries(
        this.#names.map((name, index) => [name, values[index] ?? '']),
      );
      this.#sums.set(key, { labels, amount });
    }
  }

  #flush(): void {
    for (const { labels, amount } of this.#sums.values()) this.#counter.inc(labels, amount);
    this.#sums.clear();
  }
}
