/**
 * Reports by SQL, from the rollups: whole days from those of days, whole hours beside them from those of
 * hours, and only what is left at the two ends from the calls themselves. A group's rows always add up
 * to the totals, except by tag, where a call with several tags counts in each.
 *
 * @module
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { FarthingError } from '../errors.ts';
import type { Grouping, Report, ReportQuery, ReportRow, Sums, TierShare } from './report.ts';
import { readArms } from './sqlite-arms.ts';
import { piecesOf } from './sqlite-pieces.ts';
import { ROLLUP_SUMS } from './sqlite-schema.ts';

/** What a grouping groups by. */
interface Grouped {
  /** Expression over a piece's columns. */
  readonly group: string;
  /** Which rollups: `''` those of calls, `'*'` those of all tags, else those of one tag. */
  readonly tag: string;
}

/** Reads one report. */
export function readReport(database: DatabaseSync, query: ReportQuery): Report {
  const by = query.by === undefined ? undefined : groupingOf(query.by);
  const whole = read(database, query, { group: "''", tag: '' });
  const totals = whole.get('') ?? NOTHING;
  const groups = by === undefined ? new Map<string, Part>() : read(database, query, by);
  if (by !== undefined && by.tag !== '' && by.tag !== '*') {
    const without = minus(totals, [...groups.values()]);
    if (without.sums[0] !== 0) groups.set('(none)', without);
  }
  return {
    totals: toSums(totals.sums),
    tiers: sharesOf(totals),
    rows: [...groups].map(toRow).toSorted(dearestFirst),
    arms: readArms(database, query),
  };
}

function groupingOf(by: Grouping): Grouped {
  const plain = (group: string): Grouped => ({ group, tag: '' });
  if (by === 'task') return plain('task');
  // The model whose answer was given: what rejected tiers cost belongs to the answer that cost it.
  if (by === 'model') return plain("iif(model = '', '(no answer)', model)");
  if (by === 'key') return plain("iif(tenant = '', '(open)', tenant)");
  if (by === 'day') return plain("strftime('%Y-%m-%d', start / 1000, 'unixepoch')");
  if (by === 'tag') return { group: "tag || '=' || value", tag: '*' };
  if (by.startsWith('tag:') && by.length > 4) return { group: 'value', tag: by.slice(4) };
  throw new FarthingError(
    'invalid_value',
    `Cannot report by "${by}": there is task, model, tag, tag:NAME, key and day.`,
  );
}

/** Sums of one group in the order of `ROLLUP_SUMS`, and its calls by answering tier and model. */
interface Part {
  readonly sums: readonly number[];
  readonly tiers: ReadonlyMap<string, Answered>;
}

type Answered = Pick<TierShare, 'tier' | 'model' | 'calls'>;
type Row = Readonly<Record<string, SQLOutputValue>>;

const NOTHING: Part = { sums: ROLLUP_SUMS.map(() => 0), tiers: new Map() };

function read(
  database: DatabaseSync,
  query: ReportQuery,
  { group, tag }: Grouped,
): Map<string, Part> {
  const { sql, parameters } = piecesOf(query, tag);
  const sums = ROLLUP_SUMS.map(({ column }) => `sum(${column}) AS ${column}`).join(', ');
  const statement = database.prepare(
    `SELECT ${group} AS name, model, tier, ${sums} FROM (${sql}) GROUP BY name, model, tier`,
  );
  const parts = new Map<string, Part>();
  for (const row of statement.iterate(...parameters)) {
    const name = String(row['name']);
    parts.set(name, plus(parts.get(name) ?? NOTHING, row));
  }
  return parts;
}

function plus({ sums, tiers }: Part, row: Row): Part {
  const added = ROLLUP_SUMS.map(({ column }, index) => (sums[index] ?? 0) + Number(row[column]));
  const model = String(row['model']);
  if (model === '') return { sums: added, tiers };
  const tier = Number(row['tier']);
  const answered = { tier, model, calls: Number(row['calls']) };
  return { sums: added, tiers: new Map([...tiers, [`${tier} ${model}`, answered]]) };
}

/** What a whole has beyond its parts. */
function minus(whole: Part, parts: readonly Part[]): Part {
  const tiers = new Map(whole.tiers);
  for (const [key, { calls, ...named }] of whole.tiers) {
    const taken = parts.reduce((sum, part) => sum + (part.tiers.get(key)?.calls ?? 0), 0);
    if (calls === taken) tiers.delete(key);
    else tiers.set(key, { ...named, calls: calls - taken });
  }
  const sums = whole.sums.map((sum, index) =>
    parts.reduce((left, part) => left - (part.sums[index] ?? 0), sum),
  );
  return { sums, tiers };
}

function toRow([group, part]: readonly [string, Part]): ReportRow {
  return { group, ...toSums(part.sums), tiers: sharesOf(part) };
}

function dearestFirst(a: ReportRow, b: ReportRow): number {
  return b.cost_nano_usd - a.cost_nano_usd || (a.group < b.group ? -1 : 1);
}

function toSums(sums: readonly number[]): Sums {
  const of = Object.fromEntries(
    ROLLUP_SUMS.map(({ column }, index) => [column, sums[index] ?? 0]),
  ) as Readonly<Record<string, number>>;
  const get = (column: string): number => of[column] ?? 0;
  return {
    calls: get('calls'),
    attempts: get('attempts'),
    cost_nano_usd: get('cost_nano'),
    reference_nano_usd: get('reference_nano'),
    saved_nano_usd: get('reference_nano') - get('cost_nano'),
    saved_by_nano_usd: {
      cache: get('saved_cache'),
      route: get('saved_route'),
      service: get('saved_service'),
    },
    overhead_nano_usd: get('overhead_nano'),
    unpriced: get('unpriced'),
    stale: get('stale'),
    escalations: get('escalated'),
    cache_hits: get('cache_hits'),
    failed: get('failed'),
    input_tokens: get('input_tokens'),
    output_tokens: get('output_tokens'),
    estimated: get('estimated'),
  };
}

function sharesOf({ tiers }: Part): TierShare[] {
  const answered = [...tiers.values()];
  const all = answered.reduce((sum, { calls }) => sum + calls, 0);
  return answered
    .toSorted((a, b) => b.calls - a.calls || a.tier - b.tier)
    .map((one) => ({ ...one, share: one.calls / all }));
}
