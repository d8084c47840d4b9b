/**
 * All calls of a period, one after the other.
 *
 * @module
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { CallRecord, Period } from './ledger-store.ts';
import { toRecord } from './sqlite-rows.ts';
import { ulidAt } from './ulid.ts';

type Row = Readonly<Record<string, SQLOutputValue>>;

/**
 * The calls that began in a period, oldest first, with their attempts. Both tables are read once, side by
 * side, in the order of their keys: memory holds one call, however many there are. What is seen is the
 * state at the first call; what is written meanwhile is not. Ended early, it lets go of the database.
 */
export function* scanCalls(
  database: DatabaseSync,
  { since, until }: Period,
): Generator<CallRecord, void> {
  // Ids sort by time, so a period is a range of ids. No id is as high as the last.
  const period = [ulidAt(since ?? 0), until === undefined ? 'Z'.repeat(27) : ulidAt(until)];
  const calls = database.prepare('SELECT * FROM calls WHERE id >= ? AND id < ? ORDER BY id');
  const attempts = database
    .prepare('SELECT * FROM attempts WHERE call_id >= ? AND call_id < ? ORDER BY call_id, seq')
    .iterate(...period);
  try {
    let next = attempts.next();
    for (const call of calls.iterate(...period)) {
      const own: Row[] = [];
      // Attempts without a call would stand before it; they are passed over.
      while (next.done !== true && String(next.value['call_id']) <= String(call['id'])) {
        if (next.value['call_id'] === call['id']) own.push(next.value);
        next = attempts.next();
      }
      yield toRecord(call, own);
    }
  } finally {
    attempts.return?.();
  }
}
