import { test } from 'node:test';
import assert from 'node:assert/strict';
import { AccountBook } from '../accounts/account-book.ts';
import type { Cashier } from '../accounts/cashier.ts';
import type { Budget } from '../config/spending.ts';
import { openSqliteStores } from '../stores/sqlite/sqlite-stores.ts';
import { callOf, modelAt, taskOf, tierOf } from '../testing/stage-fixtures.ts';
import { quoteBudgets } from './quote-budgets.ts';

const task = taskOf([tierOf(modelAt('small', 1))]);
const budgetOf = (more: Partial<Budget> = {}): Budget => ({
  id: 'all/total',
  whose: {},
  limitNano: 1000,
  period: { kind: 'total' },
  hard: true,
  warnAt: [1],
  webhook: undefined,
  unpriced: 'refuse',
  ...more,
});

async function verdictOf(
  cost: Parameters<typeof quoteBudgets>[1],
  { used = 0, ...more }: Partial<Budget> & { readonly used?: number } = {},
): Promise<string | undefined> {
  const stores = openSqliteStores(':memory:');
  const book = new AccountBook({ budgets: [budgetOf(more)], limits: [] }, {});
  const { account } = book.shared(0)[0]!;
  await stores.accounts.charge([{ account, amount: used, at: 0 }]);
  const cashier = { book } as Cashier;
  const [quoted] = await quoteBudgets(callOf(task), cost, { cashier, stores });
  await stores.close();
  return quoted?.verdict;
}

const exactly = (nano: number) => ({ nano, least: nano });

test('a quote says what a budget would say', async () => {
  assert.equal(await verdictOf(exactly(1000)), 'fits');
  assert.equal(await verdictOf(exactly(1001)), 'refuses');
  assert.equal(await verdictOf(exactly(1001), { hard: false }), 'warns');
  assert.equal(await verdictOf(exactly(1), { used: 1000 }), 'refuses');
});

test('a guess is cut to what is left, as it is in admission', async () => {
  assert.equal(await verdictOf({ nano: 9000, least: 10 }, { used: 990 }), 'fits');
  assert.equal(await verdictOf({ nano: 9000, least: 10 }, { used: 991 }), 'refuses');
  assert.equal(await verdictOf({ nano: 9000, least: 0 }, { used: 1000 }), 'refuses');
});

test('what costs nothing fits an overdrawn budget', async () => {
  assert.equal(await verdictOf(exactly(0), { used: 5000 }), 'fits');
});

test('an unknown cost is refused by a hard budget, unless it shall pass', async () => {
  assert.equal(await verdictOf(undefined), 'unpriced');
  assert.equal(await verdictOf(undefined, { unpriced: 'allow' }), 'fits');
  assert.equal(await verdictOf(undefined, { hard: false, unpriced: 'allow' }), 'fits');
});

test('what other processes have set aside is shown, and is no spending', async () => {
  const stores = openSqliteStores(':memory:');
  const book = new AccountBook({ budgets: [budgetOf()], limits: [] }, {});
  await stores.accounts.lease({ account: book.shared(0)[0]!.account, need: 900, want: 900 });
  const cashier = { book } as Cashier;
  assert.deepEqual(await quoteBudgets(callOf(task), exactly(500), { cashier, stores }), [
    {
      budget: 'all/total',
      limit_nano_usd: 1000,
      spent_nano_usd: 0,
      set_aside_nano_usd: 900,
      left_nano_usd: 1000,
      renews_at: null,
      verdict: 'fits',
    },
  ]);
  await stores.close();
});
