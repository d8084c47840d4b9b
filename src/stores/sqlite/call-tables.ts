/**
 * The tables of calls and attempts, as the fifth migration makes them: it never changes.
 *
 * What many calls have in common stands once, as a *kind* (`call_kinds`, `attempt_kinds`). A call's row has
 * its last attempt with it, in columns that begin with `last_`; most calls have no other. Those before it
 * are `earlier_attempts`. The views `calls` and `attempts` show all of that as two plain tables.
 *
 * @module
 */
import { CALL_NUMBER_SQL } from './call-number.ts';

/** Token columns of attempts, in the order of `TOKEN_CLASSES`. */
export const TOKEN_COLUMNS = [
  'input',
  'cache_read',
  'cache_write_5m',
  'cache_write_30m',
  'cache_write_1h',
  'cache_write_12h',
  'input_audio',
  'input_image',
  'output',
  'reasoning',
  'output_audio',
] as const;

/** The classes that are input; the others are output. */
const INPUTS = TOKEN_COLUMNS.slice(0, TOKEN_COLUMNS.indexOf('output'));
const OUTPUTS = TOKEN_COLUMNS.slice(INPUTS.length);

/** What makes a kind of calls, with types. */
const CALL_KIND = {
  tenant: 'TEXT NOT NULL',
  operation: 'TEXT NOT NULL',
  task: 'TEXT NOT NULL',
  template: 'TEXT',
  requested_model: 'TEXT NOT NULL',
  model: 'TEXT',
  provider: 'TEXT',
  tier: 'INTEGER',
  stream: 'INTEGER NOT NULL',
  status: 'INTEGER NOT NULL',
  error_code: 'TEXT',
  outcome: 'TEXT',
  capped: 'INTEGER NOT NULL',
  reference_model: 'TEXT',
  reference_source: 'TEXT NOT NULL',
  priced: 'INTEGER NOT NULL',
  escalated: 'INTEGER NOT NULL',
  arm: 'TEXT',
  stale: 'INTEGER NOT NULL',
  cache: 'TEXT',
};

/** What makes a kind of attempts. */
const ATTEMPT_KIND = {
  provider: 'TEXT NOT NULL',
  model: 'TEXT NOT NULL',
  model_id: 'TEXT NOT NULL',
  answered_by: 'TEXT',
  tier: 'INTEGER NOT NULL',
  status: 'INTEGER',
  error_code: 'TEXT',
  outcome: 'TEXT',
  usage_source: 'TEXT NOT NULL',
  price_id: 'TEXT',
  service_tier: 'TEXT',
};

/** What an attempt has beside its kind. */
const ATTEMPT = {
  started_at: 'INTEGER',
  first_byte_ms: 'INTEGER',
  duration_ms: 'INTEGER',
  reasons: 'TEXT',
  ...Object.fromEntries(TOKEN_COLUMNS.map((column) => [column, 'INTEGER NOT NULL DEFAULT 0'])),
  cost_nano: 'INTEGER',
  computed_nano: 'INTEGER',
  reported_nano: 'INTEGER',
};

/** What a call has beside its kind and its attempts. `earlier` counts the attempts before the last. */
const CALL = {
  id: 'TEXT NOT NULL',
  started_at: 'INTEGER NOT NULL',
  duration_ms: 'INTEGER NOT NULL',
  tags: 'TEXT',
  unit: 'TEXT',
  reference_nano: 'INTEGER',
  saved_cache: 'INTEGER NOT NULL DEFAULT 0',
  saved_coalesce: 'INTEGER NOT NULL DEFAULT 0',
  saved_route: 'INTEGER NOT NULL DEFAULT 0',
  saved_service: 'INTEGER NOT NULL DEFAULT 0',
  overhead_nano: 'INTEGER NOT NULL DEFAULT 0',
  avoided_nano: 'INTEGER',
  coalesced_with: 'TEXT',
  earlier: 'INTEGER NOT NULL DEFAULT 0',
  earlier_cost_nano: 'INTEGER NOT NULL DEFAULT 0',
  earlier_input: 'INTEGER NOT NULL DEFAULT 0',
  earlier_output: 'INTEGER NOT NULL DEFAULT 0',
  earlier_estimated: 'INTEGER NOT NULL DEFAULT 0',
};

/** Columns of `call_kinds`, without the number. */
export const CALL_KIND_COLUMNS: readonly string[] = Object.keys(CALL_KIND);
/** Columns of `attempt_kinds`, without the number. */
export const ATTEMPT_KIND_COLUMNS: readonly string[] = Object.keys(ATTEMPT_KIND);
/** Columns of an attempt beside its kind. */
export const ATTEMPT_COLUMNS: readonly string[] = Object.keys(ATTEMPT);
/** Columns of a call beside its number, its kind and its last attempt. */
export const CALL_COLUMNS: readonly string[] = Object.keys(CALL);

/** The name of a column in a call's row where it is of the call's last attempt. */
export const ofLast = (column: string): string => `last_${column}`;

const ESTIMATED = "usage_source IN ('estimated', 'partial')";

function columnsOf(types: Readonly<Record<string, string>>, named = (column: string) => column) {
  return Object.entries(types).map(([column, type]) => `${named(column)} ${type}`);
}

const TABLES = `
  CREATE TABLE call_kinds (kind INTEGER PRIMARY KEY, ${columnsOf(CALL_KIND).join(', ')}) STRICT;
  CREATE TABLE attempt_kinds (kind INTEGER PRIMARY KEY, ${columnsOf(ATTEMPT_KIND).join(', ')}) STRICT;
  CREATE TABLE call_rows (
    number INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    ${columnsOf(CALL).join(', ')},
    last_kind INTEGER,
    ${columnsOf(ATTEMPT, ofLast).join(', ')}
  ) STRICT;
  CREATE TABLE earlier_attempts (
    call INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    ${columnsOf(ATTEMPT).join(', ')},
    PRIMARY KEY (call, seq)
  ) STRICT, WITHOUT ROWID;`;

const sumOf = (terms: readonly string[]): string => terms.join(' + ');
const COST = 'r.earlier_cost_nano + coalesce(r.last_cost_nano, 0)';
const lastOf = (columns: readonly string[]): string =>
  sumOf(columns.map((column) => `r.last_${column}`));

// CROSS JOIN keeps the order: kinds are looked up, calls are read by their numbers.
const VIEWS = `
  CREATE VIEW calls AS SELECT
    r.number, r.id, r.started_at, r.duration_ms,
    ${CALL_KIND_COLUMNS.map((column) => `k.${column}`).join(', ')},
    coalesce(r.tags, '{}') AS tags, r.unit, r.reference_nano,
    r.earlier + (r.last_kind IS NOT NULL) AS attempts,
    ${COST} AS cost_nano,
    iif(k.priced, r.reference_nano, ${COST}) AS counted_reference_nano,
    r.saved_cache, r.saved_coalesce, r.saved_route, r.saved_service, r.overhead_nano,
    r.avoided_nano, r.coalesced_with,
    r.earlier_input + ${lastOf(INPUTS)} AS input_tokens,
    r.earlier_output + ${lastOf(OUTPUTS)} AS output_tokens,
    r.earlier_estimated + coalesce(l.${ESTIMATED}, 0) AS estimated
  FROM call_rows r CROSS JOIN call_kinds k ON k.kind = r.kind
    LEFT JOIN attempt_kinds l ON l.kind = r.last_kind;
  CREATE VIEW attempts AS
    SELECT e.call, e.seq, ${attemptColumns('e', 'e.')}
    FROM earlier_attempts e CROSS JOIN attempt_kinds k ON k.kind = e.kind
    UNION ALL
    SELECT r.number, r.earlier, ${attemptColumns('r', 'r.last_')}
    FROM call_rows r CROSS JOIN attempt_kinds k ON k.kind = r.last_kind;`;

function attemptColumns(row: string, prefix: string): string {
  const kind = ATTEMPT_KIND_COLUMNS.map((column) => `k.${column}`);
  const own = ATTEMPT_COLUMNS.map((column) =>
    row === 'r' ? `${prefix}${column} AS ${column}` : `${prefix}${column}`,
  );
  return [...kind, ...own].join(', ');
}

/** Kinds of rows of before: every combination that there is, found by an index as long as it is filled. */
function kindsFrom(before: string, kinds: string, columns: readonly string[]): string {
  const list = columns.join(', ');
  return `INSERT INTO ${kinds} (${list}) SELECT DISTINCT ${list} FROM ${before};
    CREATE INDEX ${kinds}_by_all ON ${kinds} (${list});`;
}

function isOfKind(kinds: string, row: string, columns: readonly string[]): string {
  return columns.map((column) => `${kinds}.${column} IS ${row}.${column}`).join(' AND ');
}

/** From calls by id, and attempts by number. */
const FILL = `
  ${kindsFrom('calls_before', 'call_kinds', CALL_KIND_COLUMNS)}
  ${kindsFrom('attempts_before', 'attempt_kinds', ATTEMPT_KIND_COLUMNS)}
  -- The first free number at or above that of the id: the highest of all that came before, each one further.
  CREATE TABLE call_numbers (id TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO call_numbers
    SELECT id, place + max(number - place) OVER (ORDER BY place ROWS UNBOUNDED PRECEDING)
    FROM (SELECT id, number, row_number() OVER (ORDER BY number, id) AS place
          FROM (SELECT id, iif(length(id) = 26, ${CALL_NUMBER_SQL}, 0) AS number FROM calls_before));
  INSERT INTO call_rows (number, kind, ${CALL_COLUMNS.join(', ')}, last_kind,
      ${ATTEMPT_COLUMNS.map(ofLast).join(', ')})
    SELECT n.number, k.kind, c.id, c.started_at, c.duration_ms, nullif(c.tags, '{}'), c.unit,
      c.reference_nano, c.saved_cache, c.saved_coalesce, c.saved_route, c.saved_service,
      c.overhead_nano, c.avoided_nano, c.coalesced_with,
      max(c.attempts - 1, 0), c.cost_nano - coalesce(l.cost_nano, 0),
      c.input_tokens - coalesce(${sumOf(INPUTS.map((column) => `l.${column}`))}, 0),
      c.output_tokens - coalesce(${sumOf(OUTPUTS.map((column) => `l.${column}`))}, 0),
      c.estimated - coalesce(l.${ESTIMATED}, 0), a.kind,
      ${ATTEMPT_COLUMNS.map((column) => ofAttempt(column, 'l')).join(', ')}
    FROM call_numbers n CROSS JOIN calls_before c USING (id)
      CROSS JOIN call_kinds k ON ${isOfKind('k', 'c', CALL_KIND_COLUMNS)}
      LEFT JOIN attempts_before l ON l.number = c.first_attempt + c.attempts - 1
      LEFT JOIN attempt_kinds a ON l.number IS NOT NULL AND ${isOfKind('a', 'l', ATTEMPT_KIND_COLUMNS)}
    ORDER BY n.number;
  INSERT INTO earlier_attempts (call, seq, kind, ${ATTEMPT_COLUMNS.join(', ')})
    SELECT n.number, e.seq, a.kind, ${ATTEMPT_COLUMNS.map((column) => `e.${column}`).join(', ')}
    FROM calls_before c CROSS JOIN call_numbers n USING (id)
      CROSS JOIN attempts_before e
        ON e.number >= c.first_attempt AND e.number < c.first_attempt + c.attempts - 1
      CROSS JOIN attempt_kinds a ON ${isOfKind('a', 'e', ATTEMPT_KIND_COLUMNS)}
    WHERE c.attempts > 1;`;

function ofAttempt(column: string, row: string): string {
  const isCount = (TOKEN_COLUMNS as readonly string[]).includes(column);
  return isCount ? `coalesce(${row}.${column}, 0)` : `${row}.${column}`;
}

/** From one row for each call and each attempt, with everything in it. */
export const CALLS_BY_KIND = `
  ALTER TABLE calls RENAME TO calls_before;
  ALTER TABLE attempts RENAME TO attempts_before;
  ${TABLES}
  ${FILL}
  DROP TABLE calls_before;
  DROP TABLE attempts_before;
  DROP TABLE call_numbers;
  DROP INDEX call_kinds_by_all;
  DROP INDEX attempt_kinds_by_all;
  ${VIEWS}`;
