/**
 * What a report asks and answers. Field names are the product's JSON contract; money is integer
 * nano-dollars.
 *
 * @module
 */

/** What calls are grouped by. `tag:NAME` groups by one tag's values, `tag` by name and value of every tag. */
export type Grouping = 'task' | 'model' | 'tag' | 'key' | 'day' | `tag:${string}`;

/** A period and a grouping. */
export interface ReportQuery {
  /** Without it there are only totals. */
  readonly by?: Grouping;
  /** Milliseconds since the epoch, inclusive. */
  readonly since?: number;
  /** Exclusive. */
  readonly until?: number;
}

/** Sums over a set of calls. `saved` is `reference` less `cost`, exactly. */
export interface Sums {
  readonly calls: number;
  readonly attempts: number;
  readonly cost_nano_usd: number;
  readonly reference_nano_usd: number;
  readonly saved_nano_usd: number;
  /** Calls whose cost or reference cannot be priced: they save nothing by definition. */
  readonly unpriced: number;
  /** Calls that were answered above their first tier asked, or not at all after one. */
  readonly escalations: number;
  /** Calls without an answer. */
  readonly failed: number;
  /** Prompt tokens of all attempts, cached ones included. */
  readonly input_tokens: number;
  /** Answer tokens of all attempts, reasoning included. */
  readonly output_tokens: number;
  /** Attempts whose usage was counted here, not reported by the provider. */
  readonly estimated: number;
}

/** How often a model's answer was the one given. */
export interface TierShare {
  readonly tier: number;
  readonly model: string;
  readonly calls: number;
  /** Of the answered calls, 0 to 1. */
  readonly share: number;
}

/** One group. */
export interface ReportRow extends Sums {
  /** The group's name: a task, a model, a day (UTC), a key, a tag's value. */
  readonly group: string;
  readonly tiers: readonly TierShare[];
}

/** A report. */
export interface Report {
  readonly totals: Sums;
  readonly tiers: readonly TierShare[];
  readonly rows: readonly ReportRow[];
}
