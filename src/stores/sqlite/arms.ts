/**
 * The two sides of the hold-out, summed up for a comparison of their means.
 *
 * @module
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { Period } from '../ledger-store.ts';
import type { ArmSums } from '../report.ts';
import { type Range, wholeDays } from './period-pieces.ts';
import type { ArmParts } from './arm-parts.ts';
import { NO_GROUPS, readSums } from './read-sums.ts';

/**
 * Sums of both sides of all calls of a period. Where the hold-out was drawn by user or conversation, of
 * the whole days that the period touches, since units are kept by day; a call that had neither was drawn
 * by itself, and is a unit of its own. `found` is of the calls of the period.
 */
export function readArms(
  database: DatabaseSync,
  period: Period,
  found: ArmParts,
): readonly ArmSums[] {
  const byCall = found.toSums();
  if (byCall.length === 0) return byCall;
  const days = wholeDays(period);
  const byUnit = readUnits(database, days);
  if (byUnit.size === 0) return byCall;
  const [whole] = readSums(database, { since: days.from, until: days.to }, [NO_GROUPS]);
  return whole.arms.toSums().map((arm) => withUnits(arm, byUnit.get(arm.arm)));
}

type UnitSums = Omit<ArmSums, 'arm' | 'reference_nano_usd'>;

/** What the calls that were drawn by themselves add: each is one call, and `cost_squared` is theirs alone. */
function withUnits(all: ArmSums, ofUnits: UnitSums | undefined): ArmSums {
  if (ofUnits === undefined) return all;
  const calls = all.calls - ofUnits.calls;
  return {
    ...all,
    units: ofUnits.units + calls,
    calls_squared: ofUnits.calls_squared + calls,
    cost_squared: ofUnits.cost_squared + all.cost_squared,
    calls_cost: ofUnits.calls_cost + all.cost_nano_usd - ofUnits.cost_nano_usd,
  };
}

/** Empty where the hold-out is drawn by call. */
function readUnits(database: DatabaseSync, { from, to }: Range): ReadonlyMap<string, UnitSums> {
  const rows = database
    .prepare(
      `SELECT arm, sum(calls) AS calls, sum(cost) AS cost, count(*) AS units,
         sum(1.0 * calls * calls) AS calls_squared, sum(1.0 * cost * cost) AS cost_squared,
         sum(1.0 * calls * cost) AS calls_cost
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
    calls: Number(row['calls']),
    cost_nano_usd: Number(row['cost']),
    units: Number(row['units']),
    calls_squared: Number(row['calls_squared']),
    cost_squared: Number(row['cost_squared']),
    calls_cost: Number(row['calls_cost']),
  };
}
