/**
 * Rows back to records.
 *
 * @module
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { Arm, CacheState } from '../../call.ts';
import { TOKEN_CLASSES, type TokenCounts, type UsageSource } from '../../pricing/usage.ts';
import { callNumber, firstCallNumber, NUMBERS_ABOVE } from './call-number.ts';
import type { AttemptRecord, CallRecord, Period } from '../ledger-store.ts';
import { ATTEMPT_KIND_COLUMNS, CALL_KIND_COLUMNS, ofLast, TOKEN_COLUMNS } from './call-tables.ts';
import { ulidAt } from '../ulid.ts';

/** Calls with their last attempts, the columns of its kind too as those of the last. */
const CALLS = `SELECT r.*, ${CALL_KIND_COLUMNS.map((column) => `k.${column}`).join(', ')},
    ${ATTEMPT_KIND_COLUMNS.map((column) => `l.${column} AS ${ofLast(column)}`).join(', ')}
  FROM call_rows r CROSS JOIN call_kinds k ON k.kind = r.kind
    LEFT JOIN attempt_kinds l ON l.kind = r.last_kind
  WHERE r.number >= ? AND r.number < ?`;

const EARLIER = `SELECT k.*, e.* FROM earlier_attempts e CROSS JOIN attempt_kinds k ON k.kind = e.kind
  WHERE e.call = ? ORDER BY e.seq`;

/** One call with its attempts. */
export function readCall(database: DatabaseSync, id: string): CallRecord | undefined {
  const lowest = callNumber(id);
  const row = database.prepare(`${CALLS} AND r.id = ?`).get(lowest, lowest + NUMBERS_ABOVE, id);
  return row && toRecord(row, database.prepare(EARLIER));
}

/**
 * The calls that began in a period by their ids, oldest first, with their attempts. Memory holds one call,
 * however many there are. What other processes write meanwhile is not seen. Ended early, it lets go of the
 * database.
 */
export function* scanCalls(
  database: DatabaseSync,
  { since = 0, until }: Period,
): Generator<CallRecord, void> {
  const earlier = database.prepare(EARLIER);
  const calls = database.prepare(`${CALLS} AND r.id >= ? AND r.id < ? ORDER BY r.number`);
  // No id is as high as the last.
  const [before, after] =
    until === undefined
      ? [Number.MAX_SAFE_INTEGER, 'Z'.repeat(27)]
      : [firstCallNumber(until) + NUMBERS_ABOVE, ulidAt(until)];
  for (const row of calls.iterate(firstCallNumber(since), before, ulidAt(since), after)) {
    yield toRecord(row, earlier);
  }
}

type Row = Readonly<Record<string, SQLOutputValue>>;

function toRecord(row: Row, earlier: StatementSync): CallRecord {
  return {
    id: String(row['id']),
    startedAt: Number(row['started_at']),
    durationMs: Number(row['duration_ms']),
    tenant: String(row['tenant']),
    operation: String(row['operation']),
    task: String(row['task']),
    template: text(row, 'template'),
    requestedModel: String(row['requested_model']),
    model: text(row, 'model'),
    provider: text(row, 'provider'),
    tier: number(row, 'tier'),
    stream: row['stream'] === 1,
    status: Number(row['status']),
    errorCode: text(row, 'error_code'),
    outcome: text(row, 'outcome'),
    capped: row['capped'] === 1,
    tags: JSON.parse(text(row, 'tags') ?? '{}') as Record<string, string>,
    referenceModel: text(row, 'reference_model'),
    referenceNano: number(row, 'reference_nano'),
    referenceSource: String(row['reference_source']),
    savedNano: {
      cache: Number(row['saved_cache']),
      coalesce: Number(row['saved_coalesce']),
      route: Number(row['saved_route']),
      service: Number(row['saved_service']),
    },
    overheadNano: Number(row['overhead_nano']),
    arm: text(row, 'arm') as Arm | undefined,
    unit: text(row, 'unit'),
    stale: row['stale'] === 1,
    cache: text(row, 'cache') as CacheState | undefined,
    avoidedNano: number(row, 'avoided_nano'),
    coalescedWith: text(row, 'coalesced_with'),
    attempts: attemptsOf(row, earlier),
  };
}

function attemptsOf(row: Row, earlier: StatementSync): AttemptRecord[] {
  if (row['last_kind'] === null) return [];
  const last = readAttempt(row, LAST);
  if (row['earlier'] === 0) return [last];
  const before = earlier.all(Number(row['number']));
  return [...before.map((attempt) => readAttempt(attempt, PLAIN)), last];
}

/** Names of an attempt's columns in the row that has it. */
type Names = ReturnType<typeof namesOf>;

function namesOf(named: (column: string) => string) {
  return {
    provider: named('provider'),
    model: named('model'),
    modelId: named('model_id'),
    answeredBy: named('answered_by'),
    tier: named('tier'),
    startedAt: named('started_at'),
    firstByteMs: named('first_byte_ms'),
    durationMs: named('duration_ms'),
    status: named('status'),
    errorCode: named('error_code'),
    outcome: named('outcome'),
    reasons: named('reasons'),
    tokens: TOKEN_CLASSES.map((name, index) => [name, named(TOKEN_COLUMNS[index] ?? '')] as const),
    usageSource: named('usage_source'),
    costNano: named('cost_nano'),
    computedNano: named('computed_nano'),
    reportedNano: named('reported_nano'),
    priceId: named('price_id'),
    serviceTier: named('service_tier'),
  };
}

const PLAIN = namesOf((column) => column);
const LAST = namesOf(ofLast);

function readAttempt(row: Row, names: Names): AttemptRecord {
  const counts = names.tokens.map(([name, column]) => [name, Number(row[column])]);
  return {
    provider: String(row[names.provider]),
    model: String(row[names.model]),
    modelId: String(row[names.modelId]),
    answeredBy: text(row, names.answeredBy),
    tier: Number(row[names.tier]),
    startedAt: Number(row[names.startedAt]),
    firstByteMs: number(row, names.firstByteMs),
    durationMs: Number(row[names.durationMs]),
    status: number(row, names.status),
    errorCode: text(row, names.errorCode),
    outcome: text(row, names.outcome),
    reasons: JSON.parse(text(row, names.reasons) ?? '[]') as string[],
    tokens: Object.fromEntries(counts) as TokenCounts,
    usageSource: String(row[names.usageSource]) as UsageSource,
    costNano: number(row, names.costNano),
    computedNano: number(row, names.computedNano),
    reportedNano: number(row, names.reportedNano),
    priceId: text(row, names.priceId),
    serviceTier: text(row, names.serviceTier),
  };
}

function text(row: Row, column: string): string | undefined {
  const value = row[column];
  return value === null || value === undefined ? undefined : String(value);
}

function number(row: Row, column: string): number | undefined {
  const value = row[column];
  return value === null || value === undefined ? undefined : Number(value);
}
