/**
 * Reports by SQL. Sums are integers of SQLite; a group's rows always add up to the totals, except by
 * tag, where a call with several tags counts in each.
 *
 * @module
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { FarthingError } from '../errors.ts';
import type { Grouping, Report, ReportQuery, ReportRow, Sums, TierShare } from './report.ts';
import { ulidAt } from './ulid.ts';

type Row = Readonly<Record<string, SQLOutputValue>>;

/** What a grouping selects: the group's expression, and what must be joined for it. */
interface Grouped {
  readonly expression: string;
  readonly join: string;
  readonly parameters: readonly string[];
}

/** Reads one report. */
export function readReport(database: DatabaseSync, query: ReportQuery): Report {
  const whole: Grouped = { expression: "''", join: '', parameters: [] };
  const [totals] = sums(database, query, whole);
  const shares = tierShares(database, query, whole);
  const grouped = query.by === undefined ? undefined : groupingOf(query.by);
  return {
    totals: totals?.sums ?? EMPTY,
    tiers: shares.get('') ?? [],
    rows: grouped === undefined ? [] : rowsOf(database, query, grouped),
  };
}

const EMPTY: Sums = {
  calls: 0,
  attempts: 0,
  cost_nano_usd: 0,
  reference_nano_usd: 0,
  saved_nano_usd: 0,
  unpriced: 0,
  escalations: 0,
  failed: 0,
  input_tokens: 0,
  output_tokens: 0,
  estimated: 0,
};

function rowsOf(database: DatabaseSync, query: ReportQuery, grouped: Grouped): ReportRow[] {
  const shares = tierShares(database, query, grouped);
  return sums(database, query, grouped).map(({ group, sums: of }) => ({
    group,
    ...of,
    tiers: shares.get(group) ?? [],
  }));
}

function groupingOf(by: Grouping): Grouped {
  const plain = (expression: string): Grouped => ({ expression, join: '', parameters: [] });
  if (by === 'task') return plain('c.task');
  // The model whose answer was given: what rejected tiers cost belongs to the answer that cost it.
  if (by === 'model') return plain("coalesce(c.model, '(no answer)')");
  if (by === 'key') return plain("iif(c.tenant = '', '(open)', c.tenant)");
  if (by === 'day') return plain("strftime('%Y-%m-%d', c.started_at / 1000, 'unixepoch')");
  if (by === 'tag') {
    const join = ', json_each(c.tags) AS tag';
    return { expression: "tag.key || '=' || tag.value", join, parameters: [] };
  }
  if (by.startsWith('tag:') && by.length > 4) {
    const name = `$."${by.slice(4).replaceAll('"', '\\"')}"`;
    return { expression: "coalesce(c.tags ->> ?, '(none)')", join: '', parameters: [name] };
  }
  throw new FarthingError(
    'invalid_value',
    `Cannot report by "${by}": there is task, model, tag, tag:NAME, key and day.`,
  );
}

function sums(
  database: DatabaseSync,
  query: ReportQuery,
  { expression, join, parameters }: Grouped,
): { group: string; sums: Sums }[] {
  const sql = `
    WITH used AS (
      SELECT call_id,
        sum(input + cache_read + cache_write_5m + cache_write_30m + cache_write_1h + cache_write_12h
          + input_audio + input_image) AS prompt,
        sum(output + reasoning + output_audio) AS answer,
        sum(usage_source IN ('estimated', 'partial')) AS estimated
      FROM attempts WHERE call_id >= ? AND call_id < ? GROUP BY call_id)
    SELECT ${expression} AS name, count(*) AS calls, sum(c.attempts) AS attempts,
      sum(c.cost_nano) AS cost, sum(c.counted_reference_nano) AS reference,
      sum(1 - c.priced) AS unpriced, sum(c.escalated) AS escalations, sum(c.model IS NULL) AS failed,
      sum(coalesce(used.prompt, 0)) AS prompt, sum(coalesce(used.answer, 0)) AS answer,
      sum(coalesce(used.estimated, 0)) AS estimated
    FROM calls c${join} LEFT JOIN used ON used.call_id = c.id
    WHERE c.id >= ? AND c.id < ? GROUP BY name ORDER BY cost DESC, name`;
  const period = periodOf(query);
  return database
    .prepare(sql)
    .all(...period, ...parameters, ...period)
    .map((row) => ({ group: String(row['name']), sums: sumsOf(row) }));
}

function sumsOf(row: Row): Sums {
  const cost = Number(row['cost']);
  const reference = Number(row['reference']);
  return {
    calls: Number(row['calls']),
    attempts: Number(row['attempts']),
    cost_nano_usd: cost,
    reference_nano_usd: reference,
    saved_nano_usd: reference - cost,
    unpriced: Number(row['unpriced']),
    escalations: Number(row['escalations']),
    failed: Number(row['failed']),
    input_tokens: Number(row['prompt']),
    output_tokens: Number(row['answer']),
    estimated: Number(row['estimated']),
  };
}

function tierShares(
  database: DatabaseSync,
  query: ReportQuery,
  { expression, join, parameters }: Grouped,
): Map<string, TierShare[]> {
  const sql = `
    SELECT ${expression} AS name, c.tier AS tier, c.model AS model, count(*) AS calls
    FROM calls c${join}
    WHERE c.id >= ? AND c.id < ? AND c.model IS NOT NULL
    GROUP BY name, c.tier, c.model ORDER BY name, calls DESC, tier`;
  const groups = new Map<string, TierShare[]>();
  for (const row of database.prepare(sql).all(...parameters, ...periodOf(query))) {
    const group = String(row['name']);
    const share = {
      tier: Number(row['tier']),
      model: String(row['model']),
      calls: Number(row['calls']),
    };
    groups.set(group, [...(groups.get(group) ?? []), { ...share, share: 0 }]);
  }
  for (const [group, shares] of groups) {
    const answered = shares.reduce((sum, { calls }) => sum + calls, 0);
    groups.set(
      group,
      shares.map((share) => ({ ...share, share: share.calls / answered })),
    );
  }
  return groups;
}

/** Ids sort by time, so a period is a range of ids. */
function periodOf({ since, until }: ReportQuery): [string, string] {
  return [ulidAt(since ?? 0), until === undefined ? 'Z'.repeat(26) : ulidAt(until)];
}
