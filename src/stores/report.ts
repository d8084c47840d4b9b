/**
 * What a report asks and answers. Field names are the product's JSON contract; money is integer
 * nano-dollars.
 *
 * @module
 */
import type { Arm, SavingStage } from '../call.ts';
import type { Period } from './ledger-store.ts';

/** What calls are grouped by. `tag:NAME` groups by one tag's values, `tag` by name and value of every tag. */
export type Grouping = 'task' | 'model' | 'tag' | 'key' | 'day' | `tag:${string}`;

/** A period and a grouping. */
export interface ReportQuery extends Period {
  /** Without it there are only totals. */
  readonly by?: Grouping;
}

/** Sums over a set of calls. `reference − Σ saved_by + overhead = cost` and `saved = reference − cost`, exactly. */
export interface Sums {
  readonly calls: number;
  readonly attempts: number;
  readonly cost_nano_usd: number;
  readonly reference_nano_usd: number;
  readonly saved_nano_usd: number;
  /** What each stage saved, in the order of the pipeline; negative where it lost. */
  readonly saved_by_nano_usd: Readonly<Record<SavingStage, number>>;
  /** Paid for answers that were not given. */
  readonly overhead_nano_usd: number;
  /** Calls whose cost or reference cannot be priced: they save nothing by definition. */
  readonly unpriced: number;
  /** Calls priced by prices that are older than the configuration allows. */
  readonly stale: number;
  /** Calls that were answered above their first tier asked, or not at all after one. */
  readonly escalations: number;
  /** Calls that were answered by the cache. */
  readonly cache_hits: number;
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

/**
 * Calls of one side of the hold-out. Where it is drawn by user or conversation, what varies is what a
 * unit costs, not what a call costs: the sums over units are what an interval is computed from.
 */
export interface ArmSums {
  readonly arm: Arm;
  readonly calls: number;
  readonly cost_nano_usd: number;
  readonly reference_nano_usd: number;
  /** Users or conversations, and each call that was drawn by itself. */
  readonly units: number;
  /** Over units: Σ calls², Σ cost², Σ calls × cost; money in nano-dollars. Floating point: for intervals only. */
  readonly calls_squared: number;
  readonly cost_squared: number;
  readonly calls_cost: number;
}

/** A report. */
export interface Report {
  readonly totals: Sums;
  readonly tiers: readonly TierShare[];
  readonly rows: readonly ReportRow[];
  /** Empty where no call was on either side. */
  readonly arms: readonly ArmSums[];
}
