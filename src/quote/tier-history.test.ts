import { test } from 'node:test';
import assert from 'node:assert/strict';
import { openSqliteStores } from '../stores/sqlite/sqlite-stores.ts';
import { attemptRecord, callRecord } from '../testing/ledger-records.ts';
import { taskOf } from '../testing/stage-fixtures.ts';
import { TierHistory } from './tier-history.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const DAY = 86_400_000;

test('is the share of a task’s answered calls that came to a tier or beyond, of the last thirty days', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: NOW });
  const stores = openSqliteStores(':memory:');
  const { ledger } = stores;
  const answered = async (tier: number, more: { task?: string; startedAt?: number } = {}) =>
    ledger.append(
      callRecord({ startedAt: NOW - DAY, attempts: [attemptRecord({ tier })], ...more }),
    );
  await Promise.all([
    ...[0, 0, 0, 1, 2].map(async (tier) => answered(tier)),
    answered(1, { task: 'other' }),
    answered(2, { startedAt: NOW - 40 * DAY }),
  ]);
  const history = new TierHistory(ledger);
  const { calls, reached } = history.of(taskOf([], { name: 'draft' }));
  assert.deepEqual([calls, reached(0), reached(1), reached(2), reached(3)], [5, 1, 0.4, 0.2, 0]);
  const unknown = history.of(taskOf([], { name: 'never called' }));
  assert.deepEqual([unknown.calls, unknown.reached(0)], [0, null]);
  await stores.close();
});

test('is read at most every ten seconds', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: NOW });
  const stores = openSqliteStores(':memory:');
  const { ledger } = stores;
  const history = new TierHistory(ledger);
  const calls = (): number => history.of(taskOf([], { name: 'draft' })).calls;
  assert.equal(calls(), 0);
  await ledger.append(callRecord({ startedAt: NOW - DAY }));
  t.mock.timers.tick(10_000);
  assert.equal(calls(), 0);
  t.mock.timers.tick(1);
  assert.equal(calls(), 1);
  await stores.close();
});
