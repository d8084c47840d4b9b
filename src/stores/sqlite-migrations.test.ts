import { test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { callRecord } from '../testing/ledger-records.ts';
import { openSqliteStores } from './sqlite-stores.ts';

test('a ledger from before the cache is brought forward, with what it has', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'farthing-migrations-'));
  const file = join(directory, 'ledger.db');
  const record = callRecord();
  const before = openSqliteStores(file);
  await before.ledger.append(record);
  await before.close();
  const database = new DatabaseSync(file);
  database.exec(`
    ALTER TABLE calls DROP COLUMN cache;
    ALTER TABLE calls DROP COLUMN saved_cache;
    ALTER TABLE calls DROP COLUMN avoided_nano;
    ALTER TABLE rollups DROP COLUMN saved_cache;
    ALTER TABLE rollups DROP COLUMN cache_hits;
    ALTER TABLE calls DROP COLUMN coalesced_with;
    ALTER TABLE calls DROP COLUMN saved_coalesce;
    ALTER TABLE rollups DROP COLUMN saved_coalesce;
    PRAGMA user_version = 2;`);
  database.close();
  const stores = openSqliteStores(file);
  assert.deepEqual(stores.ledger.call(record.id), record);
  const hit = callRecord({
    cache: 'hit',
    avoidedNano: 5,
    attempts: [],
    model: 'small',
    savedNano: { cache: 10_000, coalesce: 0, route: 0, service: 0 },
  });
  await stores.ledger.append(hit);
  await stores.ledger.append(callRecord({ cache: 'revalidate', referenceNano: 0 }));
  assert.deepEqual(stores.ledger.call(hit.id), hit);
  // The same from rollups, and from the calls of a ragged period.
  for (const period of [{}, { since: record.startedAt - 1, until: Date.now() + 60_000 }]) {
    const { totals } = stores.ledger.report(period);
    assert.deepEqual(
      [totals.calls, totals.attempts, totals.cache_hits, totals.saved_by_nano_usd.cache],
      [2, 2, 1, 10_000],
    );
    assert.equal(totals.cost_nano_usd, 2000);
  }
  await stores.close();
  rmSync(directory, { recursive: true });
});
