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
import { FIRST_SUM, Part, type PartRow } from './parts.ts';
import { ROLLUP_SUMS } from './schema.ts';

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

/** How far a call's number may be from when it started, in ms: clocks run backwards. */
const CLOCK_MS = 60_000;

/** The sums of each group, by its name. */
export type SumsByGroup = ReadonlyMap<string, Part>;

/** The sums of a period by each of several groupings; the calls at its ends are read once for all. */
export function readSums(
  database: DatabaseSync,
  period: Period,
  groupings: readonly Grouped[],
): SumsByGroup[] {
  const groups = groupings.map((grouped) => new Groups(grouped));
  for (const one of groups) {
    const { column, tag } = one.grouped;
    const isWhole = tag === '' && column !== 'task' && column !== 'tenant';
    for (const piece of piecesOf(period, { byDay: column === 'start', isWhole })) {
      if (piece.of !== 'call') addRollups(database, piece, one);
    }
  }
  for (const piece of piecesOf(period)) {
    if (piece.of === 'call') addCalls(database, piece, groups);
  }
  return groups.map(({ parts }) => parts);
}

/** Places in the row of a call, whose sums stand where those of a rollup do. */
const TAGS = 0;
const MODEL = 1;
const BEHIND_SUMS = ['task', 'tenant', 'start'] as const;

/** Groups while they are summed up. */
class Groups {
  readonly grouped: Grouped;
  readonly parts = new Map<string, Part>();
  /** Where the column stands in the row of a call. */
  readonly place: number;

  constructor(grouped: Grouped) {
    this.grouped = grouped;
    const place = BEHIND_SUMS.findIndex((column) => column === grouped.column);
    this.place = place < 0 ? MODEL : FIRST_SUM + ROLLUP_SUMS.length + place;
  }

  add(row: PartRow, value: SQLOutputValue, tag = ''): void {
    const name = this.grouped.nameOf(value, tag);
    let part = this.parts.get(name);
    if (part === undefined) this.parts.set(name, (part = new Part()));
    part.add(row);
  }
}

function addRollups(database: DatabaseSync, { of, from, to }: Piece, groups: Groups): void {
  const { column, tag: wanted } = groups.grouped;
  const sums = ROLLUP_SUMS.map((one) => one.column).join(', ');
  const next = database.prepare(
    'SELECT start FROM rollups WHERE span = ? AND tag = ? AND start >= ? AND start < ? ORDER BY start LIMIT 1',
  );
  const rows = database.prepare(
    `SELECT ${column}, model, tier, arm, ${sums} FROM rollups WHERE span = ? AND tag = ? AND start = ?`,
  );
  // Arrays are made in half the time of objects.
  rows.setReturnArrays(true);
  for (const tag of wanted === '*' ? tagsOf(database) : [wanted]) {
    let start = next.get(of, tag, from, to)?.['start'];
    while (typeof start === 'number') {
      // All of one start at once: asked for one by one, rows take half as long again.
      const found = rows.all(of, tag, start) as readonly unknown[] as readonly PartRow[];
      for (const row of found) groups.add(row, row[0] ?? null, tag);
      start = next.get(of, tag, start + 1, to)?.['start'];
    }
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
  const sums = ROLLUP_SUMS.map(({ ofCalls }) => ofCalls).join(', ');
  const statement = database.prepare(
    `SELECT tags, coalesce(model, ''), coalesce(tier, -1), iif(priced, coalesce(arm, ''), ''), ${sums},
       task, tenant, started_at
     FROM calls WHERE number >= ? AND number < ? AND started_at >= ? AND started_at < ?`,
  );
  statement.setReturnArrays(true);
  const numbers = [firstCallNumber(from - CLOCK_MS), firstCallNumber(to + CLOCK_MS)];
  const rows = statement.iterate(...numbers, from, to);
  for (const row of rows as Iterable<unknown> as Iterable<PartRow>) {
    for (const groups of groupings) addCall(row, groups);
  }
}

function addCall(row: PartRow, groups: Groups): void {
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
