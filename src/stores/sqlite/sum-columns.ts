/**
 * The columns that sums are read from. Most rows of rollups have nothing in most of them, and each column
 * takes its time: those that are seldom filled are read as one, which is NULL where all of them are 0.
 *
 * @module
 */
import type { SQLOutputValue } from 'node:sqlite';
import type { Row } from './rollup-rows.ts';
import { ROLLUP_SUMS, type RollupSum } from './schema.ts';

/**
 * A row as it is read: a group, the model, the tier, each sum of `USUAL_SUMS`, and all of `RARE_SUMS` as an
 * array in JSON or NULL. Those of calls have the arm and `cost_squared` behind that, those of tags end there.
 */
export type SumsRow = readonly SQLOutputValue[];

const RARE = new Set([
  'saved_service',
  'overhead_nano',
  'unpriced',
  'stale',
  'escalated',
  'failed',
  'estimated',
  'saved_cache',
  'cache_hits',
  'saved_coalesce',
]);
/** Of use beside an arm only. */
const SQUARED = 'cost_squared';

const rare = ROLLUP_SUMS.filter(({ column }) => RARE.has(column));
const squared = ROLLUP_SUMS.filter(({ column }) => column === SQUARED);
const usual = ROLLUP_SUMS.filter((one) => !rare.includes(one) && !squared.includes(one));

/** Sums with a column each. */
export const USUAL_SUMS: readonly string[] = usual.map(({ column }) => column);
/** Sums that share a column. */
export const RARE_SUMS: readonly string[] = rare.map(({ column }) => column);

/** Places in a row. */
export const GROUP = 0;
export const MODEL = 1;
export const TIER = 2;
export const FIRST_USUAL = 3;
export const ALL_RARE = FIRST_USUAL + usual.length;
export const ARM = ALL_RARE + 1;
export const COST_SQUARED = ARM + 1;
/** Where a row of calls may have more. */
export const BEHIND_SUMS = COST_SQUARED + 1;

/** The place of a sum that has a column of its own. */
export function placeOf(usualSum: string): number {
  const place = USUAL_SUMS.indexOf(usualSum);
  if (place < 0) throw new Error(`${usualSum} has no column of its own.`);
  return FIRST_USUAL + place;
}

const placesOf = (sums: readonly RollupSum[]): readonly number[] =>
  sums.map((sum) => ROLLUP_SUMS.indexOf(sum));
const [usualPlaces, rarePlaces, squaredPlaces] = [usual, rare, squared].map(placesOf);

/** A row that is pending as it would be read from `rollups`. */
export function pendingRow(group: SQLOutputValue, { keys, sums }: Row): SumsRow {
  const [, , , , model, tier, arm] = keys;
  const at = (places: readonly number[] = []): readonly number[] =>
    places.map((place) => sums[place] ?? 0);
  const seldom = at(rarePlaces);
  const all = seldom.some((sum) => sum !== 0) ? JSON.stringify(seldom) : null;
  return [group, model, tier, ...at(usualPlaces), all, arm, ...at(squaredPlaces)];
}

/** What is selected of `rollups`, where `group` tells the groups apart. */
export function rollupColumns(group: string, isOfTags: boolean): string {
  const sums = [group, 'model', 'tier', ...valuesOf((one) => one.column)];
  return [...sums, ...(isOfTags ? [] : ['arm', SQUARED])].join(', ');
}

/** The same of `calls`; each call is a row. */
export function callColumns(group: string): string {
  return [
    group,
    "coalesce(model, '')",
    'coalesce(tier, -1)',
    ...valuesOf((one) => one.ofCalls),
    "iif(priced, coalesce(arm, ''), '')",
    ...squared.map((one) => one.ofCalls),
  ].join(', ');
}

function valuesOf(expressionOf: (sum: RollupSum) => string): readonly string[] {
  const seldom = rare.map(expressionOf);
  return [
    ...usual.map(expressionOf),
    `iif(${seldom.join(' OR ')}, json_array(${seldom.join(', ')}), NULL)`,
  ];
}
