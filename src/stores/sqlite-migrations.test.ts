import { afterEach, beforeEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { attemptRecord, callRecord } from '../testing/ledger-records.ts';
import type { CallRecord } from './ledger-store.ts';
import { openSqliteStores } from './sqlite-stores.ts';

/** What a version of the ledger did not have yet, by the version. */
const UNDO: Readonly<Record<number, string>> = {
  3: `CREATE TABLE before AS SELECT * FROM attempts ORDER BY seq DESC, call_id;
      ALTER TABLE before DROP COLUMN number;
      DROP TABLE attempts;
      ALTER TABLE before RENAME TO attempts;
      ALTER TABLE calls DROP COLUMN first_attempt;
      ALTER TABLE passings DROP COLUMN at;`,
  2: `ALTER TABLE calls DROP COLUMN cache;
      ALTER TABLE calls DROP COLUMN saved_cache;
      ALTER TABLE calls DROP COLUMN avoided_nano;
      ALTER TABLE rollups DROP COLUMN saved_cache;
      ALTER TABLE rollups DROP COLUMN cache_hits;
      ALTER TABLE calls DROP COLUMN coalesced_with;
      ALTER TABLE calls DROP COLUMN saved_coalesce;
      ALTER TABLE rollups DROP COLUMN saved_coalesce;`,
};

describe('a ledger of before is brought forward, with what it has', () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'farthing-migrations-'));
    file = join(directory, 'ledger.db');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** A ledger with these calls, as a version would have left it. */
  async function writeAs(version: number, records: readonly CallRecord[]): Promise<void> {
    const { ledger, close } = openedAt(file);
    await Promise.all(records.map(async (record) => ledger.append(record)));
    await close();
    const database = new DatabaseSync(file);
    for (const [undone, sql] of Object.entries(UNDO).toReversed()) {
      if (Number(undone) >= version) database.exec(sql);
    }
    database.exec(`PRAGMA user_version = ${version}`);
    database.close();
  }

  test('from before the cache', async () => {
    const record = callRecord();
    await writeAs(2, [record]);
    const { ledger, close } = openedAt(file);
    assert.deepEqual(ledger.call(record.id), record);
    const hit = callRecord({
      cache: 'hit',
      avoidedNano: 5,
      attempts: [],
      model: 'small',
      savedNano: { cache: 10_000, coalesce: 0, route: 0, service: 0 },
    });
    await ledger.append(hit);
    await ledger.append(callRecord({ cache: 'revalidate', referenceNano: 0 }));
    assert.deepEqual(ledger.call(hit.id), hit);
    // The same from rollups, and from the calls of a ragged period.
    for (const period of [{}, { since: record.startedAt - 1, until: Date.now() + 60_000 }]) {
      const { totals } = ledger.report(period);
      assert.deepEqual(
        [totals.calls, totals.attempts, totals.cache_hits, totals.saved_by_nano_usd.cache],
        [2, 2, 1, 10_000],
      );
      assert.equal(totals.cost_nano_usd, 2000);
    }
    await close();
  });

  test('from before attempts were numbered', async () => {
    const records = [2, 0, 3, 1].map((count) =>
      callRecord({
        attempts: Array.from({ length: count }, (_, tier) => attemptRecord({ tier })),
      }),
    );
    await writeAs(3, records);
    const { ledger, accounts, close } = openedAt(file);
    const later = callRecord({ attempts: [attemptRecord({ model: 'large' })] });
    await ledger.append(later);
    const byId = [...records, later].toSorted((a, b) => (a.id < b.id ? -1 : 1));
    assert.deepEqual([...ledger.calls({})], byId);
    for (const record of byId) assert.deepEqual(ledger.call(record.id), record);
    const at = records[0]?.attempts[0]?.startedAt ?? 0;
    const days = ledger.providerDays({ since: 0, until: Date.now() + 60_000 });
    assert.equal(
      days.reduce((sum, { requests }) => sum + requests, 0),
      7,
    );
    const account = { id: 'a', limit: 1, windowMs: undefined };
    assert.equal(await accounts.passed({ account, threshold: 1, at }), true);
    await close();
  });
});

function openedAt(file: string) {
  const stores = openSqliteStores(file);
  return { ...stores, close: async () => stores.close() };
}
