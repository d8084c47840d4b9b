import { test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { anyCall, callRecord } from '../../testing/ledger-records.ts';
import type { CallRecord } from '../ledger-store.ts';
import type { Grouping, Report } from '../report.ts';
import { GroupCommit } from './group-commit.ts';
import { SqliteLedger } from './ledger.ts';
import { readPending } from './pending-sums.ts';
import { openSqliteStores } from './sqlite-stores.ts';
import { migrate } from './schema.ts';

const GROUPINGS: readonly Grouping[] = ['task', 'model', 'key', 'day', 'tag', 'tag:user'];

function openLedger() {
  const database = new DatabaseSync(':memory:');
  migrate(database);
  const nothing = { write: () => undefined, undone: () => undefined };
  const ledger = new SqliteLedger(database, new GroupCommit(database, nothing, {}));
  // The first group goes into the rollups at once; those that follow it soon are pending.
  ledger.write([callRecord({ startedAt: 0 })]);
  return { database, ledger };
}

/** Without intervals: their squares are no integers, so that their last digits are of the order they came in. */
function exact({ totals, tiers, rows, arms }: Report): unknown {
  const counted = arms.map(({ arm, calls, cost_nano_usd }) => ({ arm, calls, cost_nano_usd }));
  return { totals, tiers, rows, counted };
}

test('reports say the same before what is pending is in the rollups and after', () => {
  const time = fc.integer({ min: 1_760_000_000_000, max: 1_760_400_000_000 });
  const groups = fc.array(fc.array(anyCall, { minLength: 1, maxLength: 6 }), { maxLength: 5 });
  fc.assert(
    fc.property(groups, time, time, (written, a, b) => {
      const { database, ledger } = openLedger();
      for (const records of written) ledger.write(records);
      assert.equal(readPending(database).length > 0, written.length > 0);
      const periods = [{}, { since: Math.min(a, b), until: Math.max(a, b) }];
      const reports = (): unknown =>
        periods.map((period) => GROUPINGS.map((by) => exact(ledger.report({ by, ...period }))));
      const before = reports();
      ledger.settle();
      assert.deepEqual(readPending(database), []);
      assert.deepEqual(reports(), before);
      const all = written.flat();
      assert.equal(ledger.report({}).totals.calls, all.length + 1);
      database.close();
    }),
    { numRuns: 50 },
  );
});

test('so many rows are pending and no more, however many tags there are', () => {
  const { database, ledger } = openLedger();
  let most = 0;
  for (let call = 0; call < 3000; call++) {
    ledger.write([callRecord({ startedAt: 0, tags: { call: `c${call % 200}` } })]);
    most = Math.max(most, readPending(database).length);
  }
  assert.ok(most > 100 && most <= 1000, `${most} rows`);
  assert.equal(ledger.report({ by: 'tag:call' }).totals.calls, 3001);
  database.close();
});

test('what an ended process has left pending is in every report, and in the rollups with the next call', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'farthing-pending-'));
  const file = join(directory, 'ledger.db');
  const call = (): CallRecord => callRecord({ tags: { user: 'u' } });
  // Never closed, as if it were killed: what it has written lies in the file.
  const killed = openSqliteStores(file);
  for (let count = 0; count < 3; count++) await killed.ledger.append(call());
  const reader = new DatabaseSync(file);
  const left = readPending(reader).length;
  assert.ok(left > 0);
  const next = openSqliteStores(file);
  assert.equal(next.ledger.report({ by: 'tag:user' }).rows[0]?.calls, 3);
  await next.ledger.append(call());
  assert.equal(readPending(reader).length, 0);
  assert.equal(next.ledger.report({ by: 'tag:user' }).rows[0]?.calls, 4);
  await killed.ledger.append(call());
  await killed.close();
  assert.equal(readPending(reader).length, 0, 'a closed one leaves nothing');
  assert.equal(next.ledger.report({ by: 'tag:user' }).rows[0]?.calls, 5);
  await next.close();
  reader.close();
  rmSync(directory, { recursive: true });
});

test('who closes a file that a newer version has taken over leaves pending what is', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'farthing-pending-'));
  const file = join(directory, 'ledger.db');
  const older = openSqliteStores(file);
  for (let count = 0; count < 3; count++) await older.ledger.append(callRecord());
  const newer = new DatabaseSync(file);
  const version = Number(newer.prepare('PRAGMA user_version').get()?.['user_version']);
  newer.exec(`PRAGMA user_version = ${version + 1}`);
  const before = readPending(newer);
  assert.ok(before.length > 0);
  await older.close();
  assert.deepEqual(readPending(newer), before);
  newer.close();
  rmSync(directory, { recursive: true });
});
