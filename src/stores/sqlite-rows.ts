/**
 * Records to rows and back.
 *
 * @module
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { CacheState } from '../call.ts';
import { TOKEN_CLASSES, type TokenCounts, type UsageSource } from '../pricing/usage.ts';
import type { Arm, AttemptRecord, CallRecord } from './ledger-store.ts';
import type { SummedCall } from './sqlite-rollups.ts';
import { TOKEN_COLUMNS } from './sqlite-schema.ts';

/** In the order of {@link writeCall}. */
export const CALL_COLUMNS = [
  'id',
  'started_at',
  'duration_ms',
  'tenant',
  'operation',
  'task',
  'template',
  'requested_model',
  'model',
  'provider',
  'tier',
  'stream',
  'status',
  'error_code',
  'outcome',
  'capped',
  'tags',
  'reference_model',
  'reference_nano',
  'reference_source',
  'attempts',
  'cost_nano',
  'counted_reference_nano',
  'priced',
  'escalated',
  'saved_route',
  'saved_service',
  'overhead_nano',
  'arm',
  'unit',
  'stale',
  'input_tokens',
  'output_tokens',
  'estimated',
  'cache',
  'saved_cache',
  'avoided_nano',
  'coalesced_with',
  'saved_coalesce',
  'first_attempt',
] as const;

/** In the order of {@link writeAttempt}. */
export const ATTEMPT_COLUMNS = [
  'call_id',
  'seq',
  'provider',
  'model',
  'model_id',
  'answered_by',
  'tier',
  'started_at',
  'first_byte_ms',
  'duration_ms',
  'status',
  'error_code',
  'outcome',
  'reasons',
  ...TOKEN_COLUMNS,
  'usage_source',
  'cost_nano',
  'computed_nano',
  'reported_nano',
  'price_id',
  'service_tier',
] as const;

/** Inserts a call's own row. `firstAttempt` is the number of its first attempt; null where it has none. */
export function writeCall(
  statement: StatementSync,
  { record, comesTo }: SummedCall,
  firstAttempt: number | null,
): void {
  statement.run(
    record.id,
    record.startedAt,
    record.durationMs,
    record.tenant,
    record.operation,
    record.task,
    record.template ?? null,
    record.requestedModel,
    record.model ?? null,
    record.provider ?? null,
    record.tier ?? null,
    record.stream ? 1 : 0,
    record.status,
    record.errorCode ?? null,
    record.outcome ?? null,
    record.capped ? 1 : 0,
    tagsText(record.tags),
    record.referenceModel ?? null,
    record.referenceNano ?? null,
    record.referenceSource,
    record.attempts.length,
    comesTo.cost,
    comesTo.countedReference,
    comesTo.isPriced ? 1 : 0,
    comesTo.isEscalated ? 1 : 0,
    record.savedNano.route,
    record.savedNano.service,
    record.overheadNano,
    record.arm ?? null,
    record.unit ?? null,
    record.stale ? 1 : 0,
    comesTo.inputTokens,
    comesTo.outputTokens,
    comesTo.estimated,
    record.cache ?? null,
    record.savedNano.cache,
    record.avoidedNano ?? null,
    record.coalescedWith ?? null,
    record.savedNano.coalesce,
    firstAttempt,
  );
}

function tagsText(tags: Readonly<Record<string, string>>): string {
  for (const _ in tags) return JSON.stringify(tags);
  return '{}';
}

/** An attempt's place: its call's id, and its index among the call's attempts. */
export interface AttemptPlace {
  readonly callId: string;
  readonly seq: number;
}

/** Inserts one attempt's row; its number. */
export function writeAttempt(
  statement: StatementSync,
  attempt: AttemptRecord,
  { callId, seq }: AttemptPlace,
): number {
  const { tokens, reasons } = attempt;
  const { lastInsertRowid } = statement.run(
    callId,
    seq,
    attempt.provider,
    attempt.model,
    attempt.modelId,
    attempt.answeredBy === attempt.modelId ? null : (attempt.answeredBy ?? null),
    attempt.tier,
    attempt.startedAt,
    attempt.firstByteMs ?? null,
    attempt.durationMs,
    attempt.status ?? null,
    attempt.errorCode ?? null,
    attempt.outcome ?? null,
    reasons.length === 0 ? null : JSON.stringify(reasons),
    tokens.input,
    tokens.cacheRead,
    tokens.cacheWrite5m,
    tokens.cacheWrite30m,
    tokens.cacheWrite1h,
    tokens.cacheWrite12h,
    tokens.inputAudio,
    tokens.inputImage,
    tokens.output,
    tokens.reasoning,
    tokens.outputAudio,
    attempt.usageSource,
    attempt.costNano ?? null,
    attempt.computedNano ?? null,
    attempt.reportedNano ?? null,
    attempt.priceId ?? null,
    attempt.serviceTier ?? null,
  );
  return Number(lastInsertRowid);
}

type Row = Readonly<Record<string, SQLOutputValue>>;

/** Reads a call with its attempts. */
export function readCall(database: DatabaseSync, id: string): CallRecord | undefined {
  const row = database.prepare('SELECT * FROM calls WHERE id = ?').get(id);
  if (row === undefined) return undefined;
  return toRecord(row, attemptsOf(row, prepareAttempts(database)));
}

/** What {@link attemptsOf} asks. */
export function prepareAttempts(database: DatabaseSync): StatementSync {
  return database.prepare(
    'SELECT * FROM attempts WHERE number >= ? AND number < ? ORDER BY number',
  );
}

/** The rows of a call's attempts, in their order. */
export function attemptsOf(call: Row, prepared: StatementSync): readonly Row[] {
  const first = call['first_attempt'];
  return typeof first === 'number' ? prepared.all(first, first + Number(call['attempts'])) : [];
}

/** A call from its row and its attempts' rows, in their order. */
export function toRecord(row: Row, attempts: readonly Row[]): CallRecord {
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
    tags: JSON.parse(String(row['tags'])) as Record<string, string>,
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
    attempts: attempts.map(readAttempt),
  };
}

function readAttempt(row: Row): AttemptRecord {
  const counts = TOKEN_CLASSES.map((name, index) => [
    name,
    Number(row[TOKEN_COLUMNS[index] ?? '']),
  ]);
  return {
    provider: String(row['provider']),
    model: String(row['model']),
    modelId: String(row['model_id']),
    answeredBy: text(row, 'answered_by'),
    tier: Number(row['tier']),
    startedAt: Number(row['started_at']),
    firstByteMs: number(row, 'first_byte_ms'),
    durationMs: Number(row['duration_ms']),
    status: number(row, 'status'),
    errorCode: text(row, 'error_code'),
    outcome: text(row, 'outcome'),
    reasons: row['reasons'] === null ? [] : (JSON.parse(String(row['reasons'])) as string[]),
    tokens: Object.fromEntries(counts) as TokenCounts,
    usageSource: String(row['usage_source']) as UsageSource,
    costNano: number(row, 'cost_nano'),
    computedNano: number(row, 'computed_nano'),
    reportedNano: number(row, 'reported_nano'),
    priceId: text(row, 'price_id'),
    serviceTier: text(row, 'service_tier'),
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
