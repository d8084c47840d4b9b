/**
 * The two sides of the hold-out, summed up for a comparison of their means.
 *
 * @module
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { Period } from './ledger-store.ts';
import type { ArmSums } from './report.ts';
import type { Part } from './sqlite-parts.ts';
import { wholeDays } from './sqlite-pieces.ts';

/**
 * Sums of both sides of all calls of a period. Where the hold-out was drawn by user or conversation, of
 * the whole days that the period touches, since units are kept by day.
 */
export function readArms(database: DatabaseSync, period: Period, totals: Part): readonly ArmSums[] {
  const byCall = totals.toArms();
  if (byCall.length === 0) return byCall;
  const byUnit = readUnits(database, period);
  return byCall.map((arm) => ({ ...arm, ...byUnit.get(arm.arm) }));
}

type UnitSums = Pick<ArmSums, 'units' | 'calls_squared' | 'cost_squared' | 'calls_cost'>;

/** Empty where the hold-out is drawn by call. */
function readUnits(database: DatabaseSync, period: Period): ReadonlyMap<string, UnitSums> {
  const { from, to } = wholeDays(period);
  const rows = database
    .prepare(
      `SELECT arm, count(*) AS units, sum(1.0 * calls * calls) AS calls_squared,
         sum(1.0 * cost * cost) AS cost_squared, sum(1.0 * calls * cost) AS calls_cost
       FROM (SELECT arm, unit, sum(calls) AS calls, sum(cost_nano) AS cost
             FROM units WHERE day >= ? AND day < ? GROUP BY arm, unit)
       GROUP BY arm`,
    )
    .all(from, to);
  return new Map(rows.map((row) => [String(row['arm']), unitSums(row)]));
}

type Row = Readonly<Record<string, SQLOutputValue>>;

function unitSums(row: Row): UnitSums {
  return {
    units: Number(row['units']),
    calls_squared: Number(row['calls_squared']),
    cost_squared: Number(row['cost_squared']),
    calls_cost: Number(row['calls_cost']),
  };
}
