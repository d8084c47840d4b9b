import { afterEach, beforeEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { anyCall, attemptRecord, callRecord } from '../../testing/ledger-records.ts';
import { type CallSums, sumUp } from './call-sums.ts';
import type { CallRecord } from '../ledger-store.ts';
import { TOKEN_COLUMNS } from './call-tables.ts';
import { openSqliteStores } from './sqlite-stores.ts';
import { ulidAt } from '../ulid.ts';

/** What a version of the ledger did not have yet, by the version. */
const UNDO: Readonly<Record<number, string>> = {
  8: 'DROP TABLE pending_sums',
  7: "DELETE FROM rollups WHERE span = 'hour-total'",
  6: `DROP INDEX usage_by_end;
      DROP INDEX passings_by_end;
      ALTER TABLE usage DROP COLUMN dropped_at;
      ALTER TABLE passings DROP COLUMN dropped_at;`,
  5: "DELETE FROM rollups WHERE span = 'total'",
  4: `CREATE TABLE attempts_before AS
        SELECT row_number() OVER (ORDER BY call, seq) AS number,
          (SELECT id FROM call_rows WHERE number = call) AS call_id, seq, provider, model, model_id,
          answered_by, tier, started_at, first_byte_ms, duration_ms, status, error_code, outcome, reasons,
          ${TOKEN_COLUMNS.join(', ')}, usage_source, cost_nano, computed_nano, reported_nano, price_id,
          service_tier
        FROM attempts;
      CREATE TABLE calls_before AS
        SELECT *, (SELECT min(number) FROM attempts_before WHERE call_id = id) AS first_attempt FROM calls;
      ALTER TABLE calls_before DROP COLUMN number;
      DROP VIEW calls;
      DROP VIEW attempts;
      DROP TABLE call_rows;
      DROP TABLE call_kinds;
      DROP TABLE earlier_attempts;
      DROP TABLE attempt_kinds;
      ALTER TABLE calls_before RENAME TO calls;
      ALTER TABLE attempts_before RENAME TO attempts;`,
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
    const now = Date.now();
    const records = [2, 0, 3, 1].map((count, index) =>
      callRecord({
        startedAt: now - 1000 * (index + 1),
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

  test('from before days and hours had totals', async () => {
    const records = fc.sample(anyCall, { numRuns: 100, seed: 6 });
    await writeAs(5, records);
    const { ledger, close } = openedAt(file);
    const later = fc.sample(anyCall, { numRuns: 100, seed: 7 });
    await Promise.all(later.map(async (record) => ledger.append(record)));
    const starts = [...records, ...later].map(({ startedAt }) => startedAt);
    const hour = Math.floor(Math.max(...starts) / 3_600_000) * 3_600_000;
    for (const period of [{}, { until: hour }]) {
      // By task from the days and hours themselves, by day from their totals.
      const [byTask, byDay] = (['task', 'day'] as const).map((by) =>
        ledger.report({ by, ...period }),
      );
      assert.deepEqual(byDay?.totals, byTask?.totals);
      assert.deepEqual(byDay?.tiers, byTask?.tiers);
      assert.deepEqual(byDay?.arms, byTask?.arms);
      assert.equal(
        byDay?.totals.calls,
        starts.filter((start) => start < (period.until ?? Infinity)).length,
      );
    }
    await close();
  });

  test('from before calls were kept by kind', async () => {
    const records = fc
      .sample(anyCall, { numRuns: 200, seed: 5 })
      .map((record, index) => (index % 3 === 0 ? record : { ...record, ...ofOneNumber(index) }))
      .map((record) => structuredClone(record));
    await writeAs(4, records);
    const { ledger, close } = openedAt(file);
    const another = callRecord({ startedAt: records[1]?.startedAt ?? 0 });
    await ledger.append(another);
    for (const record of [...records, another]) assert.deepEqual(ledger.call(record.id), record);
    assert.equal([...ledger.calls({})].length, records.length + 1);
    // Ends within an hour: from the calls themselves.
    const { totals } = ledger.report({ since: 1_759_999_999_000, until: 1_760_400_001_000 });
    const all = [...records, another].map(sumUp);
    const sum = (of: (comesTo: CallSums) => number): number =>
      all.reduce((total, comesTo) => total + of(comesTo), 0);
    assert.deepEqual(
      [totals.calls, totals.cost_nano_usd, totals.reference_nano_usd],
      [all.length, sum(({ cost }) => cost), sum(({ countedReference }) => countedReference)],
    );
    assert.deepEqual(
      [totals.input_tokens, totals.output_tokens, totals.estimated],
      [
        sum((comesTo) => comesTo.inputTokens),
        sum((comesTo) => comesTo.outputTokens),
        sum(({ estimated }) => estimated),
      ],
    );
    await close();
  });
});

/** A call of a certain millisecond, whose id gives the same number as all others of them. */
function ofOneNumber(index: number): Pick<CallRecord, 'id' | 'startedAt'> {
  const startedAt = 1_760_000_000_000;
  return { id: `${ulidAt(startedAt).slice(0, 10)}${String(index).padStart(14, '0')}00`, startedAt };
}

function openedAt(file: string) {
  const stores = openSqliteStores(file);
  return { ...stores, close: async () => stores.close() };
}
