import { test } from 'node:test';
import assert from 'node:assert/strict';
import { callRecord } from '../../testing/ledger-records.ts';
import { openSqliteStores } from './sqlite-stores.ts';

const NOON = Date.parse('2026-11-25T12:00:00Z');

test('the calls of a ragged end are all read, however many slices they take', async () => {
  const stores = openSqliteStores(':memory:');
  const { ledger } = stores;
  for (const count of [999, 1, 1, 999, 500]) {
    const before = ledger.report({ since: NOON - 1, until: NOON + 60_000 }).totals;
    for (let index = 0; index < count; index++) {
      const startedAt = NOON + (index % 30_000);
      void ledger.append(callRecord({ startedAt, tags: { user: `u${index % 7}` } }));
    }
    await ledger.flush();
    // Within the hour: no rollup is of use.
    for (const by of ['task', 'day', 'tag:user'] as const) {
      const { totals, rows } = ledger.report({ by, since: NOON - 1, until: NOON + 60_000 });
      assert.equal(totals.calls, before.calls + count);
      assert.equal(
        rows.reduce((sum, { calls }) => sum + calls, 0),
        totals.calls,
      );
      assert.equal(totals.cost_nano_usd, totals.calls * 1000);
    }
  }
  await stores.close();
});
