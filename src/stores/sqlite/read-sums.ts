/**
 * Sums of a period's calls by group: read from the rollups, and at its ragged ends from the calls.
 *
 * The rows are summed up here, not by SQL: its GROUP BY copies and sorts whole rows, which takes longer
 * than everything else together.
 *
 * @module
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { firstCallNumber } from './call-number.ts';
import type { Period } from '../ledger-store.ts';
import { type Piece, piecesOf } from './period-pieces.ts';
import { ArmParts } from './arm-parts.ts';
import { Part } from './parts.ts';
import { readPending } from './pending-sums.ts';
import type { Row } from './rollup-rows.ts';
import {
  BEHIND_SUMS,
  callColumns,
  GROUP,
  MODEL,
  pendingRow,
  rollupColumns,
  type SumsRow,
} from './sum-columns.ts';

/** What sums are grouped by. */
export interface Grouped {
  /** Which rollups: `''` those of calls, `'*'` those of all tags, else those of one tag. */
  readonly tag: string;
  /** Column of `rollups` that tells the groups apart. */
  readonly column: 'task' | 'tenant' | 'model' | 'start' | 'value';
  /** A group's name, by what stands in the column, and the tag. */
  readonly nameOf: (value: SQLOutputValue, tag: string) => string;
}

/** One group: everything. */
export const NO_GROUPS: Grouped = { tag: '', column: 'model', nameOf: () => '' };

/** Calls read at once: asked for one by one, they take half as long again. */
const CALLS_AT_ONCE = 1000;
/** How far a call's number may be from when it started, in ms: clocks run backwards. */
const CLOCK_MS = 60_000;

/** What was summed up. */
export interface GroupedSums {
  /** Of each group, by its name. */
  readonly parts: ReadonlyMap<string, Part>;
  /** Of all groups together; of nothing where calls are grouped by tags. */
  readonly arms: ArmParts;
}

/** The sums of a period by one grouping or several; the calls at its ends are read once for all. */
export function readSums(
  database: DatabaseSync,
  period: Period,
  [by, ...others]: readonly [Grouped, ...Grouped[]],
): readonly [GroupedSums, ...GroupedSums[]] {
  const groups: [Groups, ...Groups[]] = [
    new Groups(by),
    ...others.map((grouped) => new Groups(grouped)),
  ];
  const pending = readPending(database);
  for (const one of groups) {
    const { column, tag } = one.grouped;
    const isWhole = tag === '' && column !== 'task' && column !== 'tenant';
    for (const piece of piecesOf(period, { byDay: column === 'start', isWhole })) {
      if (piece.of === 'call') continue;
      addRollups(database, piece, one);
      addPending(pending, piece, one);
    }
  }
  for (const piece of piecesOf(period)) {
    if (piece.of === 'call') addCalls(database, piece, groups);
  }
  return groups;
}

/** What the row of a call has where that of a rollup has its group, and behind the sums. */
const TAGS = GROUP;
const OF_CALL = ['task', 'tenant', 'start'] as const;

/** Groups while they are summed up. */
class Groups implements GroupedSums {
  readonly grouped: Grouped;
  readonly parts = new Map<string, Part>();
  readonly arms = new ArmParts();
  /** Where the column stands in the row of a call. */
  readonly place: number;

  constructor(grouped: Grouped) {
    this.grouped = grouped;
    const place = OF_CALL.findIndex((column) => column === grouped.column);
    this.place = place < 0 ? MODEL : BEHIND_SUMS + place;
  }

  add(row: SumsRow, value: SQLOutputValue, tag = ''): void {
    const name = this.grouped.nameOf(value, tag);
    let part = this.parts.get(name);
    if (part === undefined) this.parts.set(name, (part = new Part()));
    part.add(row);
    if (this.grouped.tag === '') this.arms.add(row);
  }
}

function addRollups(database: DatabaseSync, { of, from, to }: Piece, groups: Groups): void {
  const { column, tag: wanted } = groups.grouped;
  const next = database.prepare(
    'SELECT start FROM rollups WHERE span = ? AND tag = ? AND start >= ? AND start < ? ORDER BY start LIMIT 1',
  );
  const rows = database.prepare(
    `SELECT ${rollupColumns(column, wanted !== '')} FROM rollups WHERE span = ? AND tag = ? AND start = ?`,
  );
  // Arrays are made in half the time of objects.
  rows.setReturnArrays(true);
  for (const tag of wanted === '*' ? tagsOf(database) : [wanted]) {
    let start = next.get(of, tag, from, to)?.['start'];
    while (typeof start === 'number') {
      // All of one start at once: asked for one by one, rows take half as long again.
      const found = rows.all(of, tag, start) as readonly unknown[] as readonly SumsRow[];
      for (const row of found) groups.add(row, row[GROUP] ?? null, tag);
      start = next.get(of, tag, start + 1, to)?.['start'];
    }
  }
}

/** Rows of hours, each of which is in one whole span of a period or in none. */
function addPending(rows: readonly Row[], { from, to }: Piece, groups: Groups): void {
  const { column, tag: wanted } = groups.grouped;
  for (const row of rows) {
    const [tag, value, tenant, task, model] = row.keys;
    const isWanted = wanted === '*' ? tag !== '' : tag === wanted;
    if (!isWanted || row.start < from || row.start >= to) continue;
    const group = { task, tenant, model, value, start: row.start }[column];
    groups.add(pendingRow(group, row), group, tag);
  }
}

/** Every tag there is, found by one step through the index for each. */
function tagsOf(database: DatabaseSync): readonly string[] {
  const rows = database
    .prepare(
      `WITH RECURSIVE tags(tag) AS (
         SELECT min(tag) FROM rollups WHERE span = 'day' AND tag > ''
         UNION ALL
         SELECT (SELECT min(tag) FROM rollups WHERE span = 'day' AND tag > tags.tag)
         FROM tags WHERE tags.tag IS NOT NULL
       ) SELECT tag FROM tags WHERE tag IS NOT NULL`,
    )
    .all();
  return rows.map((row) => String(row['tag']));
}

function addCalls(database: DatabaseSync, { from, to }: Piece, groupings: readonly Groups[]): void {
  const statement = database.prepare(
    `SELECT ${callColumns('tags')}, task, tenant, started_at, number FROM calls
     WHERE number >= ? AND number < ? AND started_at >= ? AND started_at < ?
     ORDER BY number LIMIT ${CALLS_AT_ONCE}`,
  );
  statement.setReturnArrays(true);
  let next = firstCallNumber(from - CLOCK_MS);
  const end = firstCallNumber(to + CLOCK_MS);
  let rows: readonly SumsRow[];
  do {
    rows = statement.all(next, end, from, to) as readonly unknown[] as readonly SumsRow[];
    for (const row of rows) {
      for (const groups of groupings) addCall(row, groups);
    }
    // The number stands last.
    next = Number(rows.at(-1)?.at(-1)) + 1;
  } while (rows.length === CALLS_AT_ONCE);
}

function addCall(row: SumsRow, groups: Groups): void {
  const wanted = groups.grouped.tag;
  if (wanted === '') {
    groups.add(row, row[groups.place] ?? null);
    return;
  }
  const tags = JSON.parse(String(row[TAGS])) as Readonly<Record<string, string>>;
  for (const tag in tags) {
    if (wanted === '*' || wanted === tag) groups.add(row, tags[tag] ?? '', tag);
  }
}
