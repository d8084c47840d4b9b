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

/** The amounts of one value of the label. */
export class Observed {
  readonly #bounds: readonly number[];
  /** How many were in each bucket, and in none before it. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  /** Counts an amount. */
  add(amount: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && amount > (bounds[bucket] ?? 0)) bucket++;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += amount;
  }
}

/** Counts amounts by bucket, for each value of a label. */
export class Distribution {
  readonly #options: DistributionOptions;
  readonly #observed = new Map<string, Observed>();

  constructor(options: DistributionOptions) {
    this.#options = options;
  }

  /** What was observed under a value of the label: to be added to. */
  of(value: string): Observed {
    let observed = this.#observed.get(value);
    if (observed === undefined) {
      observed = new Observed(this.#options.bounds);
      this.#observed.set(value, observed);
    }
    return observed;
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
