import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { anyCall, attemptRecord, callRecord } from '../../testing/ledger-records.ts';
import { sumUp } from './call-sums.ts';
import { GroupCommit } from './group-commit.ts';
import { SqliteLedger } from './ledger.ts';
import { readCall, scanCalls } from './read-calls.ts';
import { migrate } from './schema.ts';
import type { CallRecord } from '../ledger-store.ts';
import { ulidAt } from '../ulid.ts';

const START = Date.UTC(2026, 10, 1);

function databaseWith(records: readonly CallRecord[]): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  migrate(database);
  append(database, records);
  return database;
}

function append(database: DatabaseSync, records: readonly CallRecord[]): void {
  const writer = { write: () => undefined, undone: () => undefined };
  new SqliteLedger(database, new GroupCommit(database, writer, {})).write(records);
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
    database.prepare('DELETE FROM call_rows WHERE id = ?').run(first.id);
    assert.deepEqual(
      [...scanCalls(database, {})],
      inOrder.filter((record) => record !== first),
    );
  });

  test('of calls that drew the same number gives them all', () => {
    const same = Array.from({ length: 300 }, (_, index) =>
      callRecord({
        id: `${ulidAt(START).slice(0, 10)}${String(index).padStart(14, '0')}ZZ`,
        startedAt: START,
        attempts: [attemptRecord(), attemptRecord({ tier: 1 })],
      }),
    );
    const database = databaseWith(same);
    const next = callRecord({ startedAt: START + 1 });
    append(database, [next]);
    assert.deepEqual([...scanCalls(database, { until: START + 1 })], same);
    assert.deepEqual([...scanCalls(database, { since: START + 1 })], [next]);
    for (const record of [...same, next]) assert.deepEqual(readCall(database, record.id), record);
  });

  test('that is ended early lets go of the database', () => {
    const database = databaseWith(records);
    for (const record of scanCalls(database, {})) {
      assert.deepEqual(record, inOrder[0]);
      break;
    }
    // With a statement still open SQLite refuses both.
    database.exec('DROP TABLE call_rows');
    database.close();
  });
});

test('the views show what the records say', () => {
  fc.assert(
    fc.property(fc.array(anyCall, { maxLength: 8 }), (records) => {
      const database = databaseWith(records);
      const calls = database
        .prepare(
          `SELECT id, task, tags, attempts, cost_nano, counted_reference_nano, priced, input_tokens,
             output_tokens, estimated,
             (SELECT json_group_array(cost_nano ORDER BY seq) FROM attempts WHERE call = number) AS costs
           FROM calls ORDER BY id`,
        )
        .all();
      const byId = records.toSorted((a, b) => (a.id < b.id ? -1 : 1));
      assert.deepEqual(
        calls.map((row) => ({ ...row })),
        byId.map(shown),
      );
    }),
  );
});

function shown(record: CallRecord) {
  const comesTo = sumUp(record);
  return {
    id: record.id,
    task: record.task,
    tags: JSON.stringify(record.tags),
    attempts: record.attempts.length,
    cost_nano: comesTo.cost,
    counted_reference_nano: comesTo.countedReference,
    priced: comesTo.isPriced ? 1 : 0,
    input_tokens: comesTo.inputTokens,
    output_tokens: comesTo.outputTokens,
    estimated: comesTo.estimated,
    costs: JSON.stringify(record.attempts.map(({ costNano }) => costNano ?? null)),
  };
}
