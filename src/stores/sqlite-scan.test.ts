import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { attemptRecord, callRecord } from '../testing/ledger-records.ts';
import { GroupCommit } from './sqlite-group-commit.ts';
import { SqliteLedger } from './sqlite-ledger.ts';
import { scanCalls } from './sqlite-scan.ts';
import { migrate } from './sqlite-schema.ts';
import type { CallRecord } from './ledger-store.ts';

const START = Date.UTC(2026, 10, 1);

function databaseWith(records: readonly CallRecord[]): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  migrate(database);
  const ledger = new SqliteLedger(database, new GroupCommit(database, () => undefined, {}));
  ledger.write(records);
  return database;
}

describe('a scan', () => {
  const records = [3, 1, 0, 2].map((count) =>
    callRecord({
      startedAt: START + 1000 * count,
      attempts: Array.from({ length: count }, (_, tier) => attemptRecord({ tier, costNano: tier })),
    }),
  );
  const inOrder = records.toSorted((a, b) => a.startedAt - b.startedAt);

  test('gives every call with its attempts, oldest first', () => {
    assert.deepEqual([...scanCalls(databaseWith(records), {})], inOrder);
  });

  test('of a period includes its beginning and not its end', () => {
    const database = databaseWith(records);
    assert.deepEqual(
      [...scanCalls(database, { since: START + 1000, until: START + 3000 })],
      inOrder.slice(1, 3),
    );
    assert.deepEqual([...scanCalls(database, { since: START + 4000 })], []);
  });

  test('passes over attempts that have no call', () => {
    const database = databaseWith(records);
    const [, first, , last] = inOrder;
    assert.ok(first && last);
    database.prepare('DELETE FROM calls WHERE id = ?').run(first.id);
    assert.deepEqual(
      [...scanCalls(database, {})],
      inOrder.filter((record) => record !== first),
    );
  });

  test('that is ended early lets go of the database', () => {
    const database = databaseWith(records);
    for (const record of scanCalls(database, {})) {
      assert.deepEqual(record, inOrder[0]);
      break;
    }
    // With a statement still open SQLite refuses both.
    database.exec('DROP TABLE attempts');
    database.close();
  });
});
