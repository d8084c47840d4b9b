/**
 * The ledger as JSON Lines: a call a line, with its attempts. Money is in integer nano-dollars.
 *
 * @module
 */
import type { AttemptRecord, CallRecord } from '../stores/ledger-store.ts';
import { ATTEMPT_FIELDS, CALL_FIELDS, TOKEN_FIELDS, valuesOf } from './fields.ts';

/** A line a call. */
export function* jsonLines(calls: Iterable<CallRecord>): Generator<string, void> {
  for (const call of calls) yield `${JSON.stringify(toJson(call))}\n`;
}

function toJson(call: CallRecord): object {
  return {
    ...valuesOf(CALL_FIELDS, call),
    tags: call.tags,
    attempts: call.attempts.map(attemptJson),
  };
}

function attemptJson(attempt: AttemptRecord): object {
  return {
    ...valuesOf(ATTEMPT_FIELDS, attempt),
    reasons: attempt.reasons,
    tokens: valuesOf(TOKEN_FIELDS, attempt),
  };
}
