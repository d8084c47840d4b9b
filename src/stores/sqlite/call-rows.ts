/**
 * Records to rows.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { inputTokens, outputTokens } from '../../pricing/usage.ts';
import { callNumber, NUMBERS_ABOVE } from './call-number.ts';
import { type CallSums, isCounted } from './call-sums.ts';
import type { AttemptRecord, CallRecord } from '../ledger-store.ts';
import { SparseInsert, type Value } from './sparse-insert.ts';
import {
  ATTEMPT_COLUMNS,
  ATTEMPT_KIND_COLUMNS,
  CALL_COLUMNS,
  CALL_KIND_COLUMNS,
  ofLast,
} from './call-tables.ts';
import { Kinds } from './kinds.ts';

/** Numbers tried one after the other before those that are taken are passed over. */
const MOST_TRIES = 4;

/** A call, and what it comes to. */
export interface SummedCall {
  readonly record: CallRecord;
  readonly comesTo: CallSums;
}

/** Writes calls with their attempts. */
export class CallRows {
  readonly #callKinds: Kinds;
  readonly #attemptKinds: Kinds;
  readonly #calls: SparseInsert;
  readonly #earlier: SparseInsert;
  readonly #last: StatementSync;

  constructor(database: DatabaseSync) {
    this.#callKinds = new Kinds(database, { table: 'call_kinds', columns: CALL_KIND_COLUMNS });
    this.#attemptKinds = new Kinds(database, {
      table: 'attempt_kinds',
      columns: ATTEMPT_KIND_COLUMNS,
    });
    this.#calls = new SparseInsert(database, {
      table: 'call_rows',
      columns: [
        'number',
        'kind',
        ...CALL_COLUMNS,
        'last_kind',
        ...ATTEMPT_COLUMNS.map((column) => ofLast(column)),
      ],
      unique: 'number',
    });
    this.#earlier = new SparseInsert(database, {
      table: 'earlier_attempts',
      columns: ['call', 'seq', 'kind', ...ATTEMPT_COLUMNS],
    });
    this.#last = database.prepare(
      'SELECT number FROM call_rows WHERE number < ? ORDER BY number DESC LIMIT 1',
    );
  }

  /** Inserts a call's rows, inside a transaction that is open. */
  write(call: SummedCall): void {
    const { record } = call;
    const { attempts } = record;
    const last = attempts.at(-1);
    const values = callRow(call, last, this.#callKinds.numberOf(callKind(call)));
    if (last !== undefined) {
      values.push(this.#attemptKinds.numberOf(attemptKind(last)));
      pushAttempt(values, last);
    }
    const number = this.#insert(values);
    for (let seq = 0; seq < attempts.length - 1; seq++) {
      const attempt = attempts[seq];
      if (attempt !== undefined) this.#writeEarlier(attempt, number, seq);
    }
  }

  /** What was written since was rolled back. */
  undone(): void {
    this.#callKinds.forget();
    this.#attemptKinds.forget();
  }

  /** Under its own number, or one above it that is free: two processes may draw the same. */
  #insert(values: Value[]): number {
    let number = Number(values[0]);
    for (let tries = 0; ; tries++) {
      values[0] = number;
      if (this.#calls.run(values)) return number;
      // Where a clock was put back, many in a row are taken.
      if (tries < MOST_TRIES) number++;
      else number = Number(this.#last.get(number + NUMBERS_ABOVE)?.['number'] ?? number) + 1;
    }
  }

  #writeEarlier(attempt: AttemptRecord, call: number, seq: number): void {
    const values: Value[] = [call, seq, this.#attemptKinds.numberOf(attemptKind(attempt))];
    pushAttempt(values, attempt);
    this.#earlier.run(values);
  }
}

/** In the order of `CALL_KIND_COLUMNS`. */
function callKind({ record, comesTo }: SummedCall): readonly Value[] {
  return [
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
    record.referenceModel ?? null,
    record.referenceSource,
    comesTo.isPriced ? 1 : 0,
    comesTo.isEscalated ? 1 : 0,
    record.arm ?? null,
    record.stale ? 1 : 0,
    record.cache ?? null,
  ];
}

/** The number and the kind, and the rest in the order of `CALL_COLUMNS`. */
function callRow(
  { record, comesTo }: SummedCall,
  last: AttemptRecord | undefined,
  kind: number,
): Value[] {
  const { savedNano, attempts } = record;
  const isSeveral = last !== undefined && attempts.length > 1;
  return [
    callNumber(record.id),
    kind,
    record.id,
    record.startedAt,
    record.durationMs,
    tagsText(record.tags),
    record.unit ?? null,
    record.referenceNano ?? null,
    unlessZero(savedNano.cache),
    unlessZero(savedNano.coalesce),
    unlessZero(savedNano.route),
    unlessZero(savedNano.service),
    unlessZero(record.overheadNano),
    record.avoidedNano ?? null,
    record.coalescedWith ?? null,
    isSeveral ? attempts.length - 1 : null,
    isSeveral ? comesTo.cost - (last.costNano ?? 0) : null,
    isSeveral ? comesTo.inputTokens - inputTokens(last.tokens) : null,
    isSeveral ? comesTo.outputTokens - outputTokens(last.tokens) : null,
    isSeveral ? comesTo.estimated - (isCounted(last) ? 1 : 0) : null,
  ];
}

function tagsText(tags: Readonly<Record<string, string>>): string | null {
  for (const _ in tags) return JSON.stringify(tags);
  return null;
}

/** In the order of `ATTEMPT_KIND_COLUMNS`. */
function attemptKind(attempt: AttemptRecord): readonly Value[] {
  return [
    attempt.provider,
    attempt.model,
    attempt.modelId,
    attempt.answeredBy === attempt.modelId ? null : (attempt.answeredBy ?? null),
    attempt.tier,
    attempt.status ?? null,
    attempt.errorCode ?? null,
    attempt.outcome ?? null,
    attempt.usageSource,
    attempt.priceId ?? null,
    attempt.serviceTier ?? null,
  ];
}

/** In the order of `ATTEMPT_COLUMNS`. */
function pushAttempt(values: Value[], attempt: AttemptRecord): void {
  const { tokens, reasons } = attempt;
  values.push(
    attempt.startedAt,
    attempt.firstByteMs ?? null,
    attempt.durationMs,
    reasons.length === 0 ? null : JSON.stringify(reasons),
    unlessZero(tokens.input),
    unlessZero(tokens.cacheRead),
    unlessZero(tokens.cacheWrite5m),
    unlessZero(tokens.cacheWrite30m),
    unlessZero(tokens.cacheWrite1h),
    unlessZero(tokens.cacheWrite12h),
    unlessZero(tokens.inputAudio),
    unlessZero(tokens.inputImage),
    unlessZero(tokens.output),
    unlessZero(tokens.reasoning),
    unlessZero(tokens.outputAudio),
    attempt.costNano ?? null,
    attempt.computedNano ?? null,
    attempt.reportedNano ?? null,
  );
}

/** For columns whose default is 0. */
function unlessZero(value: number): number | null {
  return value === 0 ? null : value;
}
