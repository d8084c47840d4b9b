/**
 * The two sides of the hold-out, summed up for a comparison of their means.
 *
 * @module
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { Arm, Period } from './ledger-store.ts';
import type { ArmSums } from './report.ts';
import type { Part } from './sqlite-parts.ts';
import { piecesOf, wholeDays } from './sqlite-pieces.ts';

/**
 * Sums of both sides of all calls of a period. Where the hold-out was drawn by user or conversation, of
 * the whole days that the period touches, since units are kept by day; a call that had neither was drawn
 * by itself, and is a unit of its own.
 */
export function readArms(database: DatabaseSync, period: Period, totals: Part): readonly ArmSums[] {
  const byCall = totals.toArms();
  if (byCall.length === 0) return byCall;
  const days = wholeDays(period);
  const byUnit = readUnits(database, days);
  if (byUnit.size === 0) return byCall;
  return readDays(database, days).map((arm) => withUnits(arm, byUnit.get(arm.arm)));
}

interface Days {
  readonly from: number;
  readonly to: number;
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

/** As if it were drawn by call. */
function readDays(database: DatabaseSync, { from, to }: Days): readonly ArmSums[] {
  const { sql, parameters } = piecesOf({ since: from, until: to }, { tag: '' });
  return database
    .prepare(
      `SELECT arm, sum(calls) AS calls, sum(cost_nano) AS cost, sum(reference_nano) AS reference,
         sum(calls) AS units, sum(calls) AS calls_squared, sum(cost_squared) AS cost_squared,
         sum(cost_nano) AS calls_cost
       FROM (${sql}) WHERE arm <> '' GROUP BY arm ORDER BY arm`,
    )
    .all(...parameters)
    .map((row) => ({
      arm: String(row['arm']) as Arm,
      reference_nano_usd: Number(row['reference']),
      ...unitSums(row),
    }));
}

/** Empty where the hold-out is drawn by call. */
function readUnits(database: DatabaseSync, { from, to }: Days): ReadonlyMap<string, UnitSums> {
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
