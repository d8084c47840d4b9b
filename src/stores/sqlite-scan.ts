/**
 * All calls of a period, one after the other.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { CallRecord, Period } from './ledger-store.ts';
import { attemptsOf, prepareAttempts, toRecord } from './sqlite-rows.ts';
import { ulidAt } from './ulid.ts';

/**
 * The calls that began in a period, oldest first, with their attempts. Memory holds one call, however many
 * there are. What other processes write meanwhile is not seen. Ended early, it lets go of the database.
 */
export function* scanCalls(
  database: DatabaseSync,
  { since, until }: Period,
): Generator<CallRecord, void> {
  // Ids sort by time, so a period is a range of ids. No id is as high as the last.
  const period = [ulidAt(since ?? 0), until === undefined ? 'Z'.repeat(27) : ulidAt(until)];
  const calls = database.prepare('SELECT * FROM calls WHERE id >= ? AND id < ? ORDER BY id');
  const attempts = prepareAttempts(database);
  for (const call of calls.iterate(...period)) yield toRecord(call, attemptsOf(call, attempts));
}
