import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { Budget } from '../config/spending.ts';
import { openSqliteStores } from '../stores/sqlite/sqlite-stores.ts';
import { type BudgetAccount } from './account-book.ts';
import { type BudgetEvent, Thresholds } from './thresholds.ts';

const accountOf = (more: Partial<Budget> = {}): BudgetAccount => ({
  budget: {
    id: 'all/day',
    whose: {},
    limitNano: 100,
    period: { kind: 'calendar', unit: 'day' },
    hard: true,
    warnAt: [0.5, 0.8, 1],
    webhook: 'https://example.com/hook',
    unpriced: 'refuse',
    ...more,
  },
  account: { id: 'all/day/2026-11-25', limit: 100, windowMs: undefined },
  beganAt: Date.parse('2026-11-25'),
  renewsAt: Date.parse('2026-11-26'),
});

async function tellOf(charges: readonly number[], account: BudgetAccount) {
  const stores = openSqliteStores(':memory:');
  const told: (BudgetEvent & { readonly url: string })[] = [];
  // Two processes: whichever looks first tells.
  const watches = [0, 1].map(
    () => new Thresholds(stores.accounts, (event, url) => told.push({ ...event, url })),
  );
  for (const amount of charges) {
    await stores.accounts.charge([{ account: account.account, amount, at: Date.now() }]);
    for (const watch of watches) {
      watch.touched(account);
      await watch.look();
    }
  }
  await stores.close();
  return told;
}

test('each share is told once, in order, even when one charge passes several', async () => {
  const told = await tellOf([49, 1, 10, 35, 10, 1], accountOf());
  assert.deepEqual(
    told.map(({ threshold, spent_nano_usd: spent, exhausted }) => [threshold, spent, exhausted]),
    [
      [0.5, 50, false],
      [0.8, 95, false],
      [1, 105, true],
    ],
  );
  const whole = await tellOf([200], accountOf());
  assert.deepEqual(
    whole.map(({ threshold }) => threshold),
    [0.5, 0.8, 1],
  );
});

test('an event says all that its reader needs', async () => {
  const [event] = await tellOf([60], accountOf());
  assert.deepEqual(event, {
    budget: 'all/day',
    account: 'all/day/2026-11-25',
    threshold: 0.5,
    limit_nano_usd: 100,
    spent_nano_usd: 60,
    exhausted: false,
    renews_at: '2026-11-26T00:00:00.000Z',
    url: 'https://example.com/hook',
  });
  const [total] = await tellOf([60], { ...accountOf(), renewsAt: Infinity });
  assert.equal(total?.renews_at, null);
});

test('a budget that only warns refuses nobody: it is not exhausted', async () => {
  const told = await tellOf([100], accountOf({ hard: false }));
  assert.equal(told.at(-1)?.threshold, 1);
  assert.equal(told.at(-1)?.exhausted, false);
});

test('nobody is told where there is no webhook', async () => {
  assert.deepEqual(await tellOf([500], accountOf({ webhook: undefined })), []);
});

test('accounts that cannot be read are looked at with the next charge', async () => {
  const stores = openSqliteStores(':memory:');
  const account = accountOf();
  let failures = 1;
  const told: number[] = [];
  const watch = new Thresholds(
    {
      ...stores.accounts,
      state: async (of) => {
        if (failures-- > 0) throw new Error('database is locked');
        return stores.accounts.state(of);
      },
      passed: async (passing) => stores.accounts.passed(passing),
    },
    ({ threshold }) => told.push(threshold),
  );
  await stores.accounts.charge([{ account: account.account, amount: 60, at: 0 }]);
  watch.touched(account);
  await watch.look();
  assert.deepEqual(told, []);
  watch.touched(account);
  await watch.look();
  assert.deepEqual(told, [0.5]);
  await stores.close();
});
