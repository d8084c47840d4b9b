/**
 * Sums of the two sides of the hold-out while a report is put together.
 *
 * @module
 */
import type { Arm } from '../../call.ts';
import type { ArmSums } from '../report.ts';
import { ARM, COST_SQUARED, placeOf, type SumsRow } from './sum-columns.ts';

/** Sums of one side. */
interface ArmPart {
  readonly arm: Arm;
  calls: number;
  cost: number;
  reference: number;
  costSquared: number;
}

const CALLS = placeOf('calls');
const COST = placeOf('cost_nano');
const REFERENCE = placeOf('reference_nano');

/** Both sides of some calls. */
export class ArmParts {
  readonly #parts: ArmPart[] = [];

  /** Adds a row of calls, or of rollups of calls. */
  add(row: SumsRow): void {
    const arm = row[ARM];
    if (arm === '') return;
    const part = this.#of(arm as Arm);
    part.calls += Number(row[CALLS]);
    part.cost += Number(row[COST]);
    part.reference += Number(row[REFERENCE]);
    part.costSquared += Number(row[COST_SQUARED]);
  }

  /** As if they were drawn by call, in the order of their names. */
  toSums(): ArmSums[] {
    return this.#parts
      .toSorted((a, b) => (a.arm < b.arm ? -1 : 1))
      .map(({ arm, calls, cost, reference, costSquared }) => ({
        arm,
        calls,
        cost_nano_usd: cost,
        reference_nano_usd: reference,
        units: calls,
        calls_squared: calls,
        cost_squared: costSquared,
        calls_cost: cost,
      }));
  }

  #of(arm: Arm): ArmPart {
    const known = this.#parts.find((part) => part.arm === arm);
    if (known !== undefined) return known;
    const made = { arm, calls: 0, cost: 0, reference: 0, costSquared: 0 };
    this.#parts.push(made);
    return made;
  }
}
