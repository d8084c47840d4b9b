/**
 * Sums of some calls while a report is put together.
 *
 * @module
 */
import type { Sums, TierShare } from '../report.ts';
import {
  ALL_RARE,
  FIRST_USUAL,
  MODEL,
  placeOf,
  RARE_SUMS,
  type SumsRow,
  TIER,
  USUAL_SUMS,
} from './sum-columns.ts';

/** Answers of one model at one tier. */
interface Answered {
  readonly tier: number;
  readonly model: string;
  calls: number;
}

const COLUMNS = [...USUAL_SUMS, ...RARE_SUMS];
const PLACES: ReadonlyMap<string, number> = new Map(COLUMNS.map((name, place) => [name, place]));
const CALLS = placeOf('calls');
// Made of fractions first, so that the engine keeps copies as plain doubles: they are not made anew when a
// sum outgrows 31 bits.
const NOTHING: readonly number[] = COLUMNS.map(() => 0.5).fill(0);

/** Sums of some calls, and their answers by tier and model. */
export class Part {
  /** In the order of `COLUMNS`. */
  readonly #sums = NOTHING.slice();
  /** A few at most, so that looking through them is quicker than a map. */
  readonly #answered: Answered[] = [];

  /** All of several parts. */
  static sumOf(parts: Iterable<Part>): Part {
    const whole = new Part();
    for (const part of parts) whole.#put(part, 1);
    return whole;
  }

  /** True where it has no call, and nothing that nobody asked for (a revalidation) either. */
  get isEmpty(): boolean {
    return this.#get('calls') === 0 && this.#get('attempts') === 0;
  }

  /** Adds a row. */
  add(row: SumsRow): void {
    const model = row[MODEL];
    if (model !== '') this.#answer(Number(row[TIER]), String(model), Number(row[CALLS]));
    const sums = this.#sums;
    for (let place = 0; place < USUAL_SUMS.length; place++) {
      sums[place] = (sums[place] ?? 0) + Number(row[FIRST_USUAL + place]);
    }
    const rare = row[ALL_RARE];
    if (rare === null) return;
    const values = JSON.parse(String(rare)) as readonly number[];
    for (let place = 0; place < values.length; place++) {
      const own = USUAL_SUMS.length + place;
      sums[own] = (sums[own] ?? 0) + (values[place] ?? 0);
    }
  }

  /** What this has beyond another part. */
  less(other: Part): Part {
    const rest = Part.sumOf([this]);
    rest.#put(other, -1);
    return rest;
  }

  /** As a report tells them. */
  toSums(): Sums {
    const of = (column: string): number => this.#get(column);
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
      .toSorted((a, b) => b.calls - a.calls || a.tier - b.tier || (a.model < b.model ? -1 : 1))
      .map((one) => ({ ...one, share: one.calls / all }));
  }

  #get(column: string): number {
    return this.#sums[PLACES.get(column) ?? -1] ?? 0;
  }

  #put(other: Part, sign: 1 | -1): void {
    for (let place = 0; place < this.#sums.length; place++) {
      this.#sums[place] = (this.#sums[place] ?? 0) + sign * (other.#sums[place] ?? 0);
    }
    for (const { tier, model, calls } of other.#answered) this.#answer(tier, model, sign * calls);
  }

  #answer(tier: number, model: string, calls: number): void {
    for (const one of this.#answered) {
      if (one.tier !== tier || one.model !== model) continue;
      one.calls += calls;
      return;
    }
    this.#answered.push({ tier, model, calls });
  }
}
