/**
 * A period in pieces: the months in its middle, the days and hours beside them, and the calls at its
 * ragged ends.
 *
 * @module
 */
import { firstCallNumber } from './call-number.ts';
import type { Period } from './ledger-store.ts';
import { DAY_MS, HOUR_MS, monthStart, type SpanName } from './rollup-spans.ts';
import { ROLLUP_SUMS } from './sqlite-schema.ts';

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
/** How far a call's number may be from when it started: clocks run backwards. */
const CLOCK_MS = 60_000;

/** Which rollups are wanted. */
export interface Wanted {
  /** `''` those of calls, `'*'` those of all tags, else those of one tag. */
  readonly tag: string;
  /** Days are to be told apart: no months. */
  readonly byDay?: boolean;
}

/** All rollups of a period. */
export function piecesOf({ since, until }: Period, { tag, byDay = false }: Wanted): Pieces {
  const whole = { from: since ?? NEVER.from, to: until ?? NEVER.to };
  const { inner: months, outer } = byDay ? { inner: [], outer: [whole] } : inMonths([whole]);
  const { inner: days, outer: beside } = inside(outer, DAY_MS);
  const { inner: hours, outer: calls } = inside(beside, HOUR_MS);
  const pieces = [
    ...months.map((range) => rollups('month', range, tag)),
    ...days.map((range) => rollups('day', range, tag)),
    ...hours.map((range) => rollups('hour', range, tag)),
    ...calls.map((range) => rawCalls(range, tag)),
  ];
  // An empty period is asked for as such: no piece would be no SQL.
  if (pieces.length === 0) pieces.push(rawCalls({ from: whole.from, to: whole.from }, tag));
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

/** Ranges, and what is left around them. */
interface Divided {
  readonly inner: readonly Range[];
  readonly outer: readonly Range[];
}

/** The whole months inside of ranges. */
function inMonths(ranges: readonly Range[]): Divided {
  return within(ranges, ({ from, to }) => {
    const start = monthStart(from);
    return { from: start < from ? monthStart(from, 1) : start, to: monthStart(to) };
  });
}

/** The whole multiples of `ms` inside of ranges. */
function inside(ranges: readonly Range[], ms: number): Divided {
  return within(ranges, ({ from, to }) => ({
    from: Math.ceil(from / ms) * ms,
    to: Math.floor(to / ms) * ms,
  }));
}

/** Divides ranges by what is whole inside each; that may be empty. */
function within(ranges: readonly Range[], wholeIn: (range: Range) => Range): Divided {
  const inner: Range[] = [];
  const outer: Range[] = [];
  for (const range of ranges) {
    const { from, to } = range;
    const whole = wholeIn(range);
    if (whole.from >= whole.to) {
      if (from < to) outer.push(range);
      continue;
    }
    inner.push(whole);
    if (from < whole.from) outer.push({ from, to: whole.from });
    if (whole.to < to) outer.push({ from: whole.to, to });
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

function rollups(span: SpanName, { from, to }: Range, tag: string): Pieces {
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
          WHERE c.number >= ? AND c.number < ? AND started_at >= ? AND started_at < ? ${named}`,
    parameters: [
      firstCallNumber(from - CLOCK_MS),
      firstCallNumber(to + CLOCK_MS),
      from,
      to,
      ...(isNamed ? [tag] : []),
    ],
  };
}
