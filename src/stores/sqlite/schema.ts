/**
 * The ledger's tables, as numbered migrations. A migration that has shipped never changes.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import { FarthingError } from '../../errors.ts';
import { DAY_MS, HOUR_MS, type SpanName } from './rollup-spans.ts';
import { CALLS_BY_KIND, TOKEN_COLUMNS } from './call-tables.ts';
import { KEY_TABLES } from './keys-schema.ts';

/** A column of `rollups` that is summed up, and what a call adds to it. */
export interface RollupSum {
  readonly column: string;
  readonly type: 'INTEGER' | 'REAL';
  /** Expression over `calls`. */
  readonly ofCalls: string;
}

const sum = (column: string, ofCalls: string = column): RollupSum => ({
  column,
  type: 'INTEGER',
  ofCalls,
});

/** The sums that rollups began with; migrations are made of them and never change. */
const FIRST_SUMS: readonly RollupSum[] = [
  sum('calls', '1'),
  sum('attempts'),
  sum('cost_nano'),
  sum('reference_nano', 'counted_reference_nano'),
  sum('saved_route'),
  sum('saved_service'),
  sum('overhead_nano'),
  sum('unpriced', '1 - priced'),
  sum('stale'),
  sum('escalated'),
  sum('failed', 'model IS NULL'),
  sum('input_tokens'),
  sum('output_tokens'),
  sum('estimated'),
  // Squares of nano-dollars are beyond 64 bits in sums; an interval needs no exact ones.
  { column: 'cost_squared', type: 'REAL', ofCalls: '1.0 * cost_nano * cost_nano' },
];

/** In the order of `sumsOf` in `rollups.ts`. */
export const ROLLUP_SUMS: readonly RollupSum[] = [
  // A revalidation is no client's request: see `countOf`.
  sum('calls', "cache IS NOT 'revalidate'"),
  ...FIRST_SUMS.slice(1, -1),
  {
    column: 'cost_squared',
    type: 'REAL',
    // What is drawn by user or conversation is squared by unit: see `arms.ts`.
    ofCalls: 'iif(unit IS NULL, 1.0 * cost_nano * cost_nano, 0.0)',
  },
  sum('saved_cache'),
  sum('cache_hits', "(cache IS 'hit' OR cache IS 'semantic')"),
  sum('saved_coalesce'),
];

/** What attempts had from the start, behind call and place; migrations are made of them and never change. */
const ATTEMPT_FIELDS = `provider TEXT NOT NULL,
     model TEXT NOT NULL,
     model_id TEXT NOT NULL,
     answered_by TEXT,
     tier INTEGER NOT NULL,
     started_at INTEGER NOT NULL,
     first_byte_ms INTEGER,
     duration_ms INTEGER NOT NULL,
     status INTEGER,
     error_code TEXT,
     outcome TEXT,
     reasons TEXT,
     ${TOKEN_COLUMNS.map((column) => `${column} INTEGER NOT NULL`).join(', ')},
     usage_source TEXT NOT NULL,
     cost_nano INTEGER,
     computed_nano INTEGER,
     reported_nano INTEGER,
     price_id TEXT,
     service_tier TEXT`;

/** Sums that rollups had when totals came. */
const SUMS_OF_TOTALS = [
  ...FIRST_SUMS.map(({ column }) => column),
  'saved_cache',
  'cache_hits',
  'saved_coalesce',
]
  .map((column) => `sum(${column})`)
  .join(', ');

const MIGRATIONS: readonly string[] = [
  `CREATE TABLE calls (
     id TEXT PRIMARY KEY,
     started_at INTEGER NOT NULL,
     duration_ms INTEGER NOT NULL,
     tenant TEXT NOT NULL,
     operation TEXT NOT NULL,
     task TEXT NOT NULL,
     template TEXT,
     requested_model TEXT NOT NULL,
     model TEXT,
     provider TEXT,
     tier INTEGER,
     stream INTEGER NOT NULL,
     status INTEGER NOT NULL,
     error_code TEXT,
     outcome TEXT,
     capped INTEGER NOT NULL,
     tags TEXT NOT NULL,
     reference_model TEXT,
     reference_nano INTEGER,
     reference_source TEXT NOT NULL,
     attempts INTEGER NOT NULL,
     cost_nano INTEGER NOT NULL,
     counted_reference_nano INTEGER NOT NULL,
     priced INTEGER NOT NULL,
     escalated INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE attempts (
     call_id TEXT NOT NULL,
     seq INTEGER NOT NULL,
     ${ATTEMPT_FIELDS},
     PRIMARY KEY (call_id, seq)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE documents (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;`,
  `ALTER TABLE calls ADD COLUMN saved_route INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE calls ADD COLUMN saved_service INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE calls ADD COLUMN overhead_nano INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE calls ADD COLUMN arm TEXT;
   ALTER TABLE calls ADD COLUMN unit TEXT;
   ALTER TABLE calls ADD COLUMN stale INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE calls ADD COLUMN input_tokens INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE calls ADD COLUMN output_tokens INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE calls ADD COLUMN estimated INTEGER NOT NULL DEFAULT 0;
   -- Of a call from before: the whole difference is the route's saving.
   UPDATE calls SET saved_route = counted_reference_nano - cost_nano;
   UPDATE calls SET (input_tokens, output_tokens, estimated) = (
     SELECT coalesce(sum(input + cache_read + cache_write_5m + cache_write_30m + cache_write_1h
         + cache_write_12h + input_audio + input_image), 0),
       coalesce(sum(output + reasoning + output_audio), 0),
       coalesce(sum(usage_source IN ('estimated', 'partial')), 0)
     FROM attempts WHERE call_id = calls.id);
   ${rollupTables()}
   CREATE TABLE usage (
     account TEXT NOT NULL,
     bucket INTEGER NOT NULL,
     used INTEGER NOT NULL,
     PRIMARY KEY (account, bucket)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE leases (
     account TEXT NOT NULL,
     holder TEXT NOT NULL,
     amount INTEGER NOT NULL,
     until INTEGER NOT NULL,
     PRIMARY KEY (account, holder)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE passings (
     account TEXT NOT NULL,
     threshold REAL NOT NULL,
     PRIMARY KEY (account, threshold)
   ) STRICT, WITHOUT ROWID;
   ${KEY_TABLES}`,
  `ALTER TABLE calls ADD COLUMN cache TEXT;
   ALTER TABLE calls ADD COLUMN saved_cache INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE calls ADD COLUMN avoided_nano INTEGER;
   ALTER TABLE calls ADD COLUMN coalesced_with TEXT;
   ALTER TABLE calls ADD COLUMN saved_coalesce INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE rollups ADD COLUMN saved_cache INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE rollups ADD COLUMN cache_hits INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE rollups ADD COLUMN saved_coalesce INTEGER NOT NULL DEFAULT 0;`,
  // Thresholds of before are told once more where their window is a rolling one.
  `ALTER TABLE passings ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
   -- Attempts are numbered as they are written, those of a call one after the other: a table that only
   -- grows at its end, without keys of text, takes half the pages for each group of calls.
   ALTER TABLE calls ADD COLUMN first_attempt INTEGER;
   ALTER TABLE attempts RENAME TO attempts_by_call;
   CREATE TABLE attempts (
     number INTEGER PRIMARY KEY,
     call_id TEXT NOT NULL,
     seq INTEGER NOT NULL,
     ${ATTEMPT_FIELDS}
   ) STRICT;
   INSERT INTO attempts
     SELECT NULL, * FROM attempts_by_call ORDER BY call_id, seq;
   DROP TABLE attempts_by_call;
   UPDATE calls SET first_attempt = first.number
     FROM (SELECT call_id, min(number) AS number FROM attempts GROUP BY call_id) AS first
     WHERE first.call_id = calls.id;`,
  CALLS_BY_KIND,
  // What is asked of all calls must not read a row for each task and key.
  fillTotals('total', 'day'),
  // Of windows of before, whose length is not known here, everything is gone after two years.
  `ALTER TABLE usage ADD COLUMN dropped_at INTEGER;
   ALTER TABLE passings ADD COLUMN dropped_at INTEGER;
   UPDATE usage SET dropped_at = bucket + ${730 * DAY_MS} WHERE bucket > 0;
   CREATE INDEX usage_by_end ON usage (dropped_at) WHERE dropped_at IS NOT NULL;
   CREATE INDEX passings_by_end ON passings (dropped_at) WHERE dropped_at IS NOT NULL;`,
  fillTotals('hour-total', 'hour'),
  // Rows of hours that are not in the rollups yet, as JSON; see `pending-sums.ts`.
  'CREATE TABLE pending_sums (number INTEGER PRIMARY KEY, sums TEXT NOT NULL) STRICT;',
];

/** Totals of spans, of all their calls. */
function fillTotals(name: SpanName, of: SpanName): string {
  return `INSERT INTO rollups SELECT '${name}', start, '', '', '', '', model, tier, arm, ${SUMS_OF_TOTALS}
   FROM rollups WHERE span = '${of}' AND tag = '' GROUP BY start, model, tier, arm;`;
}

/** Sums of calls by hour, day and month; see `rollups.ts`. Filled from the calls that are there. */
function rollupTables(): string {
  const sums = FIRST_SUMS.map(({ column, type }) => `${column} ${type} NOT NULL`).join(', ');
  const selected = FIRST_SUMS.map(({ ofCalls }) => `sum(${ofCalls})`).join(', ');
  const fill = (span: SpanName, start: string): string =>
    `INSERT INTO rollups SELECT '${span}', ${start}, '', '', tenant, task,
       coalesce(model, ''), coalesce(tier, -1), '', ${selected}
     FROM calls GROUP BY 2, 5, 6, 7, 8;
     INSERT INTO rollups SELECT '${span}', ${start}, tag.key, tag.value, '', '',
       coalesce(model, ''), coalesce(tier, -1), '', ${selected}
     FROM calls, json_each(calls.tags) AS tag GROUP BY 2, 3, 4, 7, 8;`;
  return `
   CREATE TABLE rollups (
     span TEXT NOT NULL,
     start INTEGER NOT NULL,
     tag TEXT NOT NULL,
     value TEXT NOT NULL,
     tenant TEXT NOT NULL,
     task TEXT NOT NULL,
     model TEXT NOT NULL,
     tier INTEGER NOT NULL,
     arm TEXT NOT NULL,
     ${sums},
     PRIMARY KEY (span, tag, start, value, tenant, task, model, tier, arm)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE units (
     day INTEGER NOT NULL,
     arm TEXT NOT NULL,
     unit TEXT NOT NULL,
     calls INTEGER NOT NULL,
     cost_nano INTEGER NOT NULL,
     PRIMARY KEY (day, arm, unit)
   ) STRICT, WITHOUT ROWID;
   ${fill('hour', `started_at / ${HOUR_MS} * ${HOUR_MS}`)}
   ${fill('day', `started_at / ${DAY_MS} * ${DAY_MS}`)}
   ${fill('month', "unixepoch(started_at / 1000, 'unixepoch', 'start of month') * 1000")}`;
}

/**
 * Brings a database to the newest version, in one transaction: several processes may open a new file at
 * once. Throws `invalid_config` for one that is newer still.
 */
export function migrate(database: DatabaseSync): void {
  const readVersion = versionReader(database);
  if (readVersion() === MIGRATIONS.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    const version = readVersion();
    if (version > 0) {
      process.stderr.write(
        `The ledger is brought from format ${version} to ${MIGRATIONS.length}; ten million calls take some minutes.\n`,
      );
    }
    for (const migration of MIGRATIONS.slice(version)) database.exec(migration);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}; COMMIT;`);
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

/**
 * Reads the version that a database has now; in a transaction, the one that it keeps until its end. Throws
 * `invalid_config` for one that is newer than this code: what that sums up, this would leave out.
 */
export function versionReader(database: DatabaseSync): () => number {
  const statement = database.prepare('PRAGMA user_version');
  return () => {
    const version = Number(statement.get()?.['user_version'] ?? 0);
    if (version <= MIGRATIONS.length) return version;
    throw new FarthingError(
      'invalid_config',
      `The ledger was written by a newer Farthing (format ${version}, this one knows ${MIGRATIONS.length}): upgrade this one too.`,
    );
  };
}
