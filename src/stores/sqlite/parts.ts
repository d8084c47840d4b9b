/**
 * Sums of some calls while a report is put together.
 *
 * @module
 */
import type { SQLOutputValue } from 'node:sqlite';
import type { Arm } from '../../call.ts';
import type { ArmSums, Sums, TierShare } from '../report.ts';
import { ROLLUP_SUMS } from './schema.ts';

/** A row of rollups: a group, the model, the tier and the arm, then the sums in the order of `ROLLUP_SUMS`. */
export type PartRow = readonly SQLOutputValue[];
/** Where the sums begin. */
export const FIRST_SUM = 4;

/** Answers of one model at one tier. */
interface Answered {
  readonly tier: number;
  readonly model: string;
  calls: number;
}

const PLACES = new Map(ROLLUP_SUMS.map(({ column }, place) => [column, place]));
const CALLS = FIRST_SUM + (PLACES.get('calls') ?? 0);

/** Sums of some calls, their answers by tier and model, and what is on each side of the hold-out. */
export class Part {
  /** In the order of `ROLLUP_SUMS`. */
  readonly #sums = nothing();
  /** A few at most, so that looking through them is quicker than a map. */
  readonly #answered: Answered[] = [];
  readonly #arms = new Map<Arm, number[]>();

  /** All of several parts. */
  static sumOf(parts: Iterable<Part>): Part {
    const whole = new Part();
    for (const part of parts) whole.#put(part, 1);
    return whole;
  }

  /** True where it has no call, and nothing that nobody asked for (a revalidation) either. */
  get isEmpty(): boolean {
    return get(this.#sums, 'calls') === 0 && get(this.#sums, 'attempts') === 0;
  }

  /** Adds a row. */
  add(row: PartRow): void {
    const [, model, tier, arm] = row;
    addRow(this.#sums, row);
    if (model !== '') this.#answer(Number(tier), String(model), Number(row[CALLS]));
    if (arm !== '') addRow(this.#sumsOf(arm as Arm), row);
  }

  /** What this has beyond another part. */
  less(other: Part): Part {
    const rest = Part.sumOf([this]);
    rest.#put(other, -1);
    return rest;
  }

  /** As a report tells them. */
  toSums(): Sums {
    const of = (column: string): number => get(this.#sums, column);
    return {
      calls: of('calls'),
      attempts: of('attempts'),
      cost_nano_usd: of('cost_nano'),
      reference_nano_usd: of('reference_nano'),
      saved_nano_usd: of('reference_nano') - of('cost_nano'),
      saved_by_nano_usd: {
        cache: of('saved_cache'),
        coalesce: of('saved_coalesce'),
        route: of('saved_route'),
        service: of('saved_service'),
      },
      overhead_nano_usd: of('overhead_nano'),
      unpriced: of('unpriced'),
      stale: of('stale'),
      escalations: of('escalated'),
      cache_hits: of('cache_hits'),
      failed: of('failed'),
      input_tokens: of('input_tokens'),
      output_tokens: of('output_tokens'),
      estimated: of('estimated'),
    };
  }

  /** Which model answered how often; the most frequent first. */
  toShares(): TierShare[] {
    const answered = this.#answered.filter(({ calls }) => calls !== 0);
    const all = answered.reduce((sum, { calls }) => sum + calls, 0);
    return answered
      .toSorted((a, b) => b.calls - a.calls || a.tier - b.tier)
      .map((one) => ({ ...one, share: one.calls / all }));
  }

  /** The sides of the hold-out as if it were drawn by call, in the order of their names. */
  toArms(): ArmSums[] {
    return [...this.#arms]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([arm, sums]) => ({
        arm,
        calls: get(sums, 'calls'),
        cost_nano_usd: get(sums, 'cost_nano'),
        reference_nano_usd: get(sums, 'reference_nano'),
        units: get(sums, 'calls'),
        calls_squared: get(sums, 'calls'),
        cost_squared: get(sums, 'cost_squared'),
        calls_cost: get(sums, 'cost_nano'),
      }));
  }

  #put(other: Part, sign: 1 | -1): void {
    addTo(this.#sums, other.#sums, sign);
    for (const { tier, model, calls } of other.#answered) this.#answer(tier, model, sign * calls);
    for (const [arm, sums] of other.#arms) addTo(this.#sumsOf(arm), sums, sign);
  }

  #answer(tier: number, model: string, calls: number): void {
    const known = this.#answered.find((one) => one.tier === tier && one.model === model);
    if (known === undefined) this.#answered.push({ tier, model, calls });
    else known.calls += calls;
  }

  #sumsOf(arm: Arm): number[] {
    let sums = this.#arms.get(arm);
    if (sums === undefined) this.#arms.set(arm, (sums = nothing()));
    return sums;
  }
}

function nothing(): number[] {
  return ROLLUP_SUMS.map(() => 0);
}

function addRow(sums: number[], row: PartRow): void {
  for (let place = 0; place < sums.length; place++) {
    sums[place] = (sums[place] ?? 0) + Number(row[FIRST_SUM + place]);
  }
}

function get(sums: readonly number[], column: string): number {
  return sums[PLACES.get(column) ?? -1] ?? 0;
}

function addTo(sums: number[], added: readonly number[], sign: 1 | -1): void {
  for (let place = 0; place < sums.length; place++) {
    sums[place] = (sums[place] ?? 0) + sign * (added[place] ?? 0);
  }
}
