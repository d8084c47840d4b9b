/**
 * A Prometheus histogram that is cheap to observe with.
 *
 * Prometheus' own client makes a text of the labels for each observation; what is
 * counted here under the label's value is only made text of when somebody looks.
 *
 * @module
 */

/** What a histogram is called, and how it is divided. */
export interface DistributionOptions {
  /** Without the prefix of all of Farthing's metrics. */
  readonly name: string;
  readonly help: string;
  /** The name of the one label. */
  readonly label: string;
  /** Upper bounds of the buckets, rising; the last bucket, without a bound, is added. */
  readonly bounds: readonly number[];
}

interface Observed {
  /** How many were in each bucket, and in none before it. */
  readonly counts: number[];
  sum: number;
}

/** Counts amounts by bucket, for each value of a label. */
export class Distribution {
  readonly #options: DistributionOptions;
  readonly #observed = new Map<string, Observed>();

  constructor(options: DistributionOptions) {
    this.#options = options;
  }

  /** Counts an amount under a value of the label. */
  observe(value: string, amount: number): void {
    const { bounds } = this.#options;
    let observed = this.#observed.get(value);
    if (observed === undefined) {
      observed = { counts: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 };
      this.#observed.set(value, observed);
    }
    let bucket = 0;
    while (bucket < bounds.length && amount > (bounds[bucket] ?? 0)) bucket++;
    observed.counts[bucket] = (observed.counts[bucket] ?? 0) + 1;
    observed.sum += amount;
  }

  /** In Prometheus' text format 0.0.4. */
  text(): string {
    const { help, label, bounds } = this.#options;
    const name = `farthing_${this.#options.name}`;
    const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`];
    for (const [value, { counts, sum }] of this.#observed) {
      const own = `${label}="${escaped(value)}"`;
      let count = 0;
      for (const [bucket, here] of counts.entries()) {
        count += here;
        lines.push(`${name}_bucket{le="${bounds[bucket] ?? '+Inf'}",${own}} ${count}`);
      }
      lines.push(`${name}_sum{${own}} ${sum}`, `${name}_count{${own}} ${count}`);
    }
    return `${lines.join('\n')}\n`;
  }
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => ESCAPES[character] ?? character);
}
