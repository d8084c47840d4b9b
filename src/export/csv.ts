/**
 * The ledger as CSV: a row an attempt, or a row a call. Money is in US dollars, exact.
 *
 * @module
 */
import type { AttemptRecord, CallRecord } from '../stores/ledger-store.ts';
import { csvLine, Dollars } from './csv-line.ts';
import {
  ATTEMPT_FIELDS,
  CALL_FIELDS,
  type Fields,
  type FieldValue,
  TOKEN_FIELDS,
} from './fields.ts';

/** An attempt with the call that it was made for, and its place among that call's attempts, from 0. */
interface AttemptRow {
  readonly call: CallRecord;
  readonly seq: number;
  readonly attempt: AttemptRecord;
}

const CALL_COLUMNS: Fields<CallRecord> = {
  ...CALL_FIELDS,
  attempts: ({ attempts }) => attempts.length,
  tags: ({ tags }) => JSON.stringify(tags),
};

const ATTEMPT_COLUMNS: Fields<AttemptRow> = {
  call_id: ({ call }) => call.id,
  seq: ({ seq }) => seq,
  tenant: ({ call }) => call.tenant,
  operation: ({ call }) => call.operation,
  task: ({ call }) => call.task,
  requested_model: ({ call }) => call.requestedModel,
  ...ofAttempt(ATTEMPT_FIELDS),
  ...ofAttempt(TOKEN_FIELDS, 'tokens_'),
  reasons: ({ attempt }) => attempt.reasons.join('; '),
  tags: ({ call }) => JSON.stringify(call.tags),
};

/** The header, then a line a call. */
export function csvOfCalls(calls: Iterable<CallRecord>): Generator<string, void> {
  return linesOf(CALL_COLUMNS, calls);
}

/** The header, then a line an attempt; a call without attempts has none. */
export function csvOfAttempts(calls: Iterable<CallRecord>): Generator<string, void> {
  return linesOf(ATTEMPT_COLUMNS, attemptsOf(calls));
}

function* attemptsOf(calls: Iterable<CallRecord>): Generator<AttemptRow, void> {
  for (const call of calls) {
    for (const [seq, attempt] of call.attempts.entries()) yield { call, seq, attempt };
  }
}

const NANO = /_nano_usd$/;

function* linesOf<Row>(fields: Fields<Row>, rows: Iterable<Row>): Generator<string, void> {
  const columns = Object.entries(fields);
  yield csvLine(columns.map(([name]) => name.replace(NANO, '_usd')));
  for (const row of rows) yield csvLine(columns.map(([name, read]) => inDollars(name, read(row))));
}

function inDollars(name: string, value: FieldValue): FieldValue | Dollars {
  return typeof value === 'number' && NANO.test(name) ? new Dollars(value) : value;
}

function ofAttempt(fields: Fields<AttemptRecord>, prefix = ''): Fields<AttemptRow> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, read]) => [
      prefix + name,
      ({ attempt }: AttemptRow) => read(attempt),
    ]),
  );
}
