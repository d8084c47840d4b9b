import { test } from 'node:test';
import assert from 'node:assert/strict';
import { type Attempt, NO_TIER, type Receipt } from '../call.ts';
import type { Budget, Spending } from '../config/spending.ts';
import { PriceBook } from '../pricing/price-book.ts';
import { PriceLookup } from '../pricing/price-lookup.ts';
import { NO_TOKENS } from '../pricing/usage.ts';
import { openSqliteStores } from '../stores/sqlite/sqlite-stores.ts';
import { callOf, modelAt, nowhere, taskOf, tierOf } from '../testing/stage-fixtures.ts';
import { Cashier } from './cashier.ts';
import type { BudgetEvent } from './thresholds.ts';

const small = modelAt('small', 1);
const task = taskOf([tierOf(small)]);

const budget: Budget = {
  id: 'all/total',
  whose: {},
  limitNano: 1000,
  period: { kind: 'total' },
  hard: true,
  warnAt: [0.5, 1],
  webhook: 'https://example.test/hook',
  unpriced: 'refuse',
};

const spending: Spending = {
  keys: undefined,
  budgets: [budget],
  limits: [{ id: 'all/minute', whose: {}, requestsPerMinute: 5, tokensPerMinute: 10_000 }],
  holdOut: undefined,
  webhookSecret: undefined,
};

/** The money that counts here is what the receipt says. */
const receiptOf = (costNano: number): Receipt => ({ costNano }) as Receipt;

const answeredBy = (tier: number, output: number): Attempt => ({
  model: small,
  provider: nowhere.name,
  tier,
  startedAt: 0,
  status: 200,
  usage: { tokens: { ...NO_TOKENS, input: 10, output }, source: 'provider' },
});

function setUp() {
  const stores = openSqliteStores(':memory:');
  const told: BudgetEvent[] = [];
  const cashierOf = (): Cashier =>
    new Cashier({
      spending,
      stores,
      prices: new PriceLookup(PriceBook.load()),
      tell: (event) => void told.push(event),
    });
  return { stores, told, cashierOf };
}

test('a settled call is charged once it is written, and its budget tells of the shares that were passed', async () => {
  const { stores, told, cashierOf } = setUp();
  const cashier = cashierOf();
  const call = callOf(task);
  call.trace.attempts.push(answeredBy(0, 5));
  const charges = cashier.settle(call, receiptOf(600));
  assert.deepEqual(
    charges.map(({ amount }) => amount),
    [600],
  );
  await stores.accounts.charge(charges);
  cashier.written(charges);
  await cashier.close();
  assert.deepEqual(
    told.map(({ threshold, spent_nano_usd, exhausted }) => [threshold, spent_nano_usd, exhausted]),
    [[0.5, 600, false]],
  );
  await stores.close();
});

test('nothing charged, nothing told', async () => {
  const { stores, told, cashierOf } = setUp();
  const cashier = cashierOf();
  assert.deepEqual(cashier.settle(callOf(task), receiptOf(0)), []);
  cashier.written([]);
  await cashier.close();
  assert.deepEqual(told, []);
  await stores.close();
});

test('lengths are learned from tiers alone, and outlive the process', async () => {
  const { stores, cashierOf } = setUp();
  const cashier = cashierOf();
  const call = callOf(task);
  // The second was another request than the call's: a judge's, or one for a vector.
  call.trace.attempts.push(answeredBy(0, 40), answeredBy(NO_TIER, 4000));
  cashier.settle(call, receiptOf(0));
  await cashier.close();
  const expected = cashierOf().lengths.expect(callOf(task), 'small');
  assert.deepEqual(expected, { input: 10, output: 40, learned: true });
  await stores.close();
});

test('what was learned is written every fifteen seconds, and a file that cannot be written fails nothing', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_700_000_000_000 });
  const { stores, cashierOf } = setUp();
  const cashier = cashierOf();
  const learn = (): void => {
    const call = callOf(task);
    call.trace.attempts.push(answeredBy(0, 40));
    cashier.settle(call, receiptOf(0));
  };
  const isKept = (): boolean => stores.ledger.load('lengths') !== undefined;
  const save = t.mock.method(stores.ledger, 'save', () => {
    throw new Error('database is locked');
  });
  learn();
  t.mock.timers.tick(15_000);
  assert.equal(save.mock.callCount(), 1);
  save.mock.restore();
  assert.equal(isKept(), false);
  learn();
  t.mock.timers.tick(15_000);
  assert.equal(isKept(), true);
  await cashier.close();
  await stores.close();
});
