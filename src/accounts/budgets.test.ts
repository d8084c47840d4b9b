import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { Call, Receipt } from '../call.ts';
import type { Model } from '../config/config.ts';
import type { Budget } from '../config/spending.ts';
import type { PriceBook } from '../pricing/price-book.ts';
import { PriceLookup } from '../pricing/price-lookup.ts';
import { NO_TOKENS } from '../pricing/usage.ts';
import { openSqliteStores } from '../stores/sqlite/sqlite-stores.ts';
import { callOf, modelAt, nowhere, taskOf, tierOf } from '../testing/stage-fixtures.ts';
import { AccountBook } from './account-book.ts';
import { Budgets } from './budgets.ts';
import { Leases } from './leases.ts';
import { Lengths } from './lengths.ts';

/** At 1,000 nano-dollars a token, in and out. */
const small = modelAt('small', 1);
const large = modelAt('large', 10);
const unknown = modelAt('unknown');
const task = taskOf([tierOf(small), tierOf(large)]);

const budgetOf = (limitNano: number, more: Partial<Budget> = {}): Budget => ({
  id: 'all/total',
  whose: {},
  limitNano,
  period: { kind: 'total' },
  hard: true,
  warnAt: [1],
  webhook: undefined,
  unpriced: 'refuse',
  ...more,
});

/** Budgets where a call is known to take 10 prompt tokens and 5 of an answer, at each model. */
function setUp(...budgets: readonly Budget[]) {
  const stores = openSqliteStores(':memory:');
  const book = new AccountBook({ budgets, limits: [] }, {});
  const lengths = new Lengths();
  const leases = new Leases(stores.accounts);
  const prices = new PriceLookup({ rules: () => [] } as unknown as PriceBook);
  const all = new Budgets({ book, lengths, leases, store: stores.accounts, prices });
  const used = async (): Promise<number> =>
    (await stores.accounts.state(book.shared(Date.now())[0]!.account)).used;
  const settle = async (call: Call, costNano: number): Promise<void> => {
    const charges = all.settle(call, { costNano } as Receipt);
    await stores.accounts.charge(charges);
    leases.written(charges);
    all.settled();
  };
  const close = async (): Promise<void> => {
    all.stop();
    leases.stop();
    await stores.close();
  };
  const learn = (): void => {
    for (const model of [small, large]) lengths.learn(callOf(task), attemptOf(model));
  };
  return { budgets: all, leases, lengths, stores, book, used, settle, close, learn };
}

const attemptOf = (model: Model) => ({
  model,
  provider: nowhere.name,
  tier: 0,
  startedAt: 0,
  usage: { tokens: { ...NO_TOKENS, input: 10, output: 5 }, source: 'provider' as const },
});

const SMALL = 15_000;
const LARGE = 150_000;
const ask = (model: Model) => ({ model, tier: 0 });

describe('budgets', () => {
  test('what is expected is set aside, and what it cost is charged', async () => {
    const { budgets, settle, used, leases, book, close, learn } = setUp(budgetOf(4 * SMALL));
    learn();
    const call = callOf(task);
    await budgets.reserve(call, ask(small));
    assert.equal(call.trace.reserved?.[0]?.amount, SMALL);
    await settle(call, 700);
    assert.equal(call.trace.reserved, undefined);
    assert.equal(await used(), 700);
    assert.equal(leases.leftOf(book.shared(0)[0]!.account), 4 * SMALL - 700);
    await close();
  });

  test('a call that costs nothing is charged nowhere, and gives back what it had', async () => {
    const { budgets, settle, used, leases, book, close, learn } = setUp(budgetOf(SMALL));
    learn();
    const call = callOf(task);
    await budgets.reserve(call, ask(small));
    assert.deepEqual(budgets.settle(call, { costNano: 0 } as Receipt), []);
    assert.equal(leases.leftOf(book.shared(0)[0]!.account), SMALL);
    const next = callOf(task);
    await budgets.reserve(next, ask(small));
    await settle(next, SMALL);
    assert.equal(await used(), SMALL);
    await close();
  });

  test('a refusal names the budget, what is left, what it would cost, and when it renews', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.parse('2026-11-25T12:00:00Z') });
    const budget = budgetOf(SMALL, { id: 'all/day', period: { kind: 'calendar', unit: 'day' } });
    const { budgets, settle, close, learn } = setUp(budget);
    learn();
    const first = callOf(task);
    await budgets.reserve(first, ask(small));
    await settle(first, 5000);
    await assert.rejects(budgets.reserve(callOf(task), ask(small)), {
      code: 'budget_exceeded',
      message:
        'The budget all/day of $0.000015 has $0.00001 left, and this call would cost about $0.000015. ' +
        'It renews at 2026-11-26T00:00:00.000Z.',
      retryable: false,
      retryAfterMs: 12 * 3_600_000,
      headers: {
        'x-farthing-budget': 'all/day',
        'x-farthing-budget-left-usd': '0.00001',
        'x-farthing-budget-renews': '2026-11-26T00:00:00.000Z',
      },
    });
    // A call that began yesterday is told of yesterday's budget: it has renewed since.
    const old = { ...callOf(task), startedAt: Date.now() - 1 };
    t.mock.timers.setTime(Date.parse('2026-11-26T00:00:05Z'));
    await assert.rejects(budgets.reserve(old, ask(small)), { retryAfterMs: 0 });
    await close();
  });

  test('a total does not renew, and says so', async () => {
    const { budgets, close, learn } = setUp(budgetOf(SMALL - 1));
    learn();
    await assert.rejects(budgets.reserve(callOf(task), ask(small)), {
      code: 'budget_exceeded',
      message: /does not renew by itself/,
      retryAfterMs: undefined,
    });
    await close();
  });

  test('what an escalating call has spent is nobody else’s: the budget is not overdrawn', async () => {
    const { budgets, settle, used, close, learn } = setUp(budgetOf(2 * LARGE));
    learn();
    const call = callOf(task);
    await budgets.reserve(call, ask(large));
    call.trace.attempts.push(attemptOf(large));
    const others = [callOf(task), callOf(task)];
    await budgets.reserve(others[0]!, ask(large));
    // Both wait: all that is left is set aside for the one in flight.
    const waiting = [budgets.reserve(others[1]!, ask(large)), budgets.reserve(call, ask(large))];
    const refusals = waiting.map(async (one) => assert.rejects(one, { code: 'budget_exceeded' }));
    await settle(others[0]!, LARGE);
    await Promise.all(refusals);
    await settle(call, LARGE);
    assert.equal(await used(), 2 * LARGE);
    await close();
  });

  test('two that both need more than is left do not wait for each other', async () => {
    const { budgets, settle, used, close, learn } = setUp(budgetOf(2 * LARGE));
    learn();
    const calls = [callOf(task), callOf(task)];
    for (const call of calls) {
      await budgets.reserve(call, ask(large));
      call.trace.attempts.push(attemptOf(large));
    }
    await Promise.all(
      calls.map(async (call) =>
        assert.rejects(budgets.reserve(call, ask(large)), { code: 'budget_exceeded' }),
      ),
    );
    for (const call of calls) await settle(call, LARGE);
    assert.equal(await used(), 2 * LARGE);
    await close();
  });

  test('between two questions what was not spent is free, and the whole is charged once', async () => {
    const { budgets, leases, book, settle, used, close, learn } = setUp(budgetOf(3 * LARGE));
    learn();
    const call = callOf(task);
    await budgets.reserve(call, ask(large));
    call.trace.attempts.push(attemptOf(small));
    await budgets.reserve(call, ask(large));
    const { account } = book.shared(0)[0]!;
    assert.equal(leases.leftOf(account), 3 * LARGE - SMALL - LARGE);
    call.trace.attempts.push(attemptOf(large));
    await settle(call, SMALL + LARGE);
    assert.equal(await used(), SMALL + LARGE);
    assert.equal(leases.leftOf(account), 2 * LARGE - SMALL);
    await close();
  });

  test('a guess never blocks a budget that is not spent, but one without a token left does', async () => {
    const { budgets, settle, close } = setUp(budgetOf(60_000));
    const call = callOf(task);
    await budgets.reserve(call, ask(small));
    assert.equal(call.trace.reserved?.[0]?.amount, 60_000);
    await settle(call, 60_000);
    await assert.rejects(budgets.reserve(callOf(task), ask(small)), { code: 'budget_exceeded' });
    await close();
  });

  test('a hard budget refuses a model without a price, unless it shall pass it', async () => {
    const refusing = setUp(budgetOf(1000));
    await assert.rejects(refusing.budgets.reserve(callOf(task), ask(unknown)), {
      code: 'unpriced_model',
      message: /models\.unknown\.price.*unpriced: allow/,
    });
    await refusing.close();
    for (const more of [{ unpriced: 'allow' }, { hard: false }] as const) {
      const { budgets, close } = setUp(budgetOf(1000, more));
      const call = callOf(task);
      await budgets.reserve(call, ask(unknown));
      assert.equal(call.trace.reserved, undefined);
      await close();
    }
  });

  test('a budget that only warns refuses nobody, and is charged all the same', async () => {
    const { budgets, settle, used, close } = setUp(budgetOf(1, { hard: false }));
    const call = callOf(task);
    await budgets.reserve(call, ask(small));
    await settle(call, 500);
    assert.equal(await used(), 500);
    await close();
  });

  test('what costs nothing is never refused, even by an overdrawn budget', async () => {
    const { budgets, settle, close, learn } = setUp(budgetOf(SMALL));
    learn();
    const dear = callOf(task);
    await budgets.reserve(dear, ask(small));
    budgets.settle(dear, { costNano: 9 * SMALL } as Receipt);
    await budgets.reserve(callOf(task), ask(modelAt('free', 0)));
    await settle(callOf(task), 0);
    await close();
  });
});
