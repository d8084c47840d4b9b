/**
 * A period in pieces: the days in its middle, the hours beside them, and the calls at its ragged ends.
 *
 * @module
 */
import type { Period } from './ledger-store.ts';
import { DAY_MS, HOUR_MS, ROLLUP_SUMS } from './sqlite-schema.ts';
import { ulidAt } from './ulid.ts';

/** A table expression with the columns of `rollups`, and its parameters. */
export interface Pieces {
  readonly sql: string;
  readonly parameters: readonly (string | number)[];
}

/** From `from` (inclusive) to `to` (exclusive), in ms since the epoch. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** Earlier and later than any call. */
const NEVER: Range = { from: 0, to: DAY_MS * 100_000_000 };
/** How far the time in a call's id may be from when it started: clocks run backwards. */
const CLOCK_MS = 60_000;

/**
 * All rollups of a period. `tag` is `''` for those of calls, `'*'` for those of all tags, else those of
 * one tag.
 */
export function piecesOf({ since, until }: Period, tag: string): Pieces {
  const { days, hours, calls } = divide({ from: since ?? NEVER.from, to: until ?? NEVER.to });
  const pieces = [
    ...days.map((range) => rollups('day', range, tag)),
    ...hours.map((range) => rollups('hour', range, tag)),
    ...calls.map((range) => rawCalls(range, tag)),
  ];
  return {
    sql: pieces.map(({ sql }) => sql).join(' UNION ALL '),
    parameters: pieces.flatMap(({ parameters }) => parameters),
  };
}

/** The days that a period touches, whole. */
export function wholeDays({ since, until }: Period): Range {
  return {
    from: Math.floor((since ?? NEVER.from) / DAY_MS) * DAY_MS,
    to: Math.ceil((until ?? NEVER.to) / DAY_MS) * DAY_MS,
  };
}

interface Divided {
  readonly days: readonly Range[];
  readonly hours: readonly Range[];
  readonly calls: readonly Range[];
}

function divide(range: Range): Divided {
  const { inner: days, outer } = inside([range], DAY_MS);
  const { inner: hours, outer: calls } = inside(outer, HOUR_MS);
  // An empty period is asked for as such: no piece would be no SQL.
  const none = days.length + hours.length + calls.length === 0;
  return { days, hours, calls: none ? [{ from: range.from, to: range.from }] : calls };
}

/** The whole multiples of `ms` inside of ranges, and what is left around them. */
function inside(
  ranges: readonly Range[],
  ms: number,
): { readonly inner: readonly Range[]; readonly outer: readonly Range[] } {
  const inner: Range[] = [];
  const outer: Range[] = [];
  for (const { from, to } of ranges) {
    const start = Math.ceil(from / ms) * ms;
    const end = Math.floor(to / ms) * ms;
    if (start >= end) {
      if (from < to) outer.push({ from, to });
      continue;
    }
    inner.push({ from: start, to: end });
    if (from < start) outer.push({ from, to: start });
    if (end < to) outer.push({ from: end, to });
  }
  return { inner, outer };
}

/**
 * Every tag there is, found by one step through the index for each: without them, a period could not be
 * looked up.
 */
const TAGS = `WITH RECURSIVE tags(tag) AS (
    SELECT min(tag) FROM rollups WHERE span = 'day' AND tag > ''
    UNION ALL
    SELECT (SELECT min(tag) FROM rollups WHERE span = 'day' AND tag > tags.tag)
    FROM tags WHERE tags.tag IS NOT NULL
  ) SELECT tag FROM tags WHERE tag IS NOT NULL`;

const KEYS = 'start, tag, value, tenant, task, model, tier, arm';

function rollups(span: 'day' | 'hour', { from, to }: Range, tag: string): Pieces {
  const sums = ROLLUP_SUMS.map(({ column }) => column).join(', ');
  const which = tag === '*' ? `tag IN (${TAGS})` : 'tag = ?';
  return {
    sql: `SELECT ${KEYS}, ${sums} FROM rollups
          WHERE span = '${span}' AND ${which} AND start >= ? AND start < ?`,
    parameters: [...(tag === '*' ? [] : [tag]), from, to],
  };
}

function rawCalls({ from, to }: Range, tag: string): Pieces {
  const sums = ROLLUP_SUMS.map(({ column, ofCalls }) => `${ofCalls} AS ${column}`).join(', ');
  const isTagged = tag !== '';
  const isNamed = isTagged && tag !== '*';
  const columns = isTagged ? 'tags.key AS tag, tags.value AS value' : "'' AS tag, '' AS value";
  const join = isTagged ? ', json_each(c.tags) AS tags' : '';
  const named = isNamed ? 'AND tags.key = ?' : '';
  return {
    sql: `SELECT started_at AS start, ${columns}, tenant, task, coalesce(model, '') AS model,
            coalesce(tier, -1) AS tier, iif(priced, coalesce(arm, ''), '') AS arm, ${sums}
          FROM calls c${join}
          WHERE c.id >= ? AND c.id < ? AND started_at >= ? AND started_at < ? ${named}`,
    parameters: [
      ulidAt(from - CLOCK_MS),
      ulidAt(to + CLOCK_MS),
      from,
      to,
      ...(isNamed ? [tag] : []),
    ],
  };
}
