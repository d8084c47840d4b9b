import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { RateLimit } from '../config/spending.ts';
import { NO_TOKENS } from '../pricing/usage.ts';
import type { AccountStore } from '../stores/account-store.ts';
import { openSqliteStores } from '../stores/sqlite/sqlite-stores.ts';
import { callOf, modelAt, nowhere, taskOf, tierOf } from '../testing/stage-fixtures.ts';
import { AccountBook } from './account-book.ts';
import { Leases } from './leases.ts';
import { Lengths } from './lengths.ts';
import { Limits } from './limits.ts';

const model = modelAt('small', 1);
const task = taskOf([tierOf(model)]);
const attempt = (input: number, output: number) => ({
  model,
  provider: nowhere.name,
  tier: 0,
  startedAt: 0,
  usage: { tokens: { ...NO_TOKENS, input, output }, source: 'provider' as const },
});

const limitOf = (more: Partial<RateLimit>): RateLimit => ({
  id: 'all/minute',
  whose: {},
  requestsPerMinute: undefined,
  tokensPerMinute: undefined,
  ...more,
});

/** Limits where a call is known to take 10 prompt tokens and 5 of an answer. */
function setUp(limits: readonly RateLimit[], more: Partial<AccountStore> = {}) {
  const stores = openSqliteStores(':memory:');
  const { accounts } = stores;
  const leases = new Leases({
    lease: async (request) => accounts.lease(request),
    giveBack: async (account, amount) => accounts.giveBack(account, amount),
    renew: async () => accounts.renew(),
    charge: async (charges) => accounts.charge(charges),
    state: async (account) => accounts.state(account),
    freeAt: async (account, amount) => accounts.freeAt(account, amount),
    forget: async (id) => accounts.forget(id),
    passed: async (passing) => accounts.passed(passing),
    ...more,
  });
  const lengths = new Lengths();
  lengths.learn(callOf(task), attempt(10, 5));
  const book = new AccountBook({ budgets: [], limits }, {});
  const all = new Limits({ book, leases, store: accounts, lengths });
  const close = async (): Promise<void> => {
    leases.stop();
    await stores.close();
  };
  return { limits: all, leases, book, stores, close };
}

describe('rate limits', () => {
  test('so many requests pass, and the next one is told of the limit', async () => {
    const { limits, close } = setUp([limitOf({ requestsPerMinute: 2 })]);
    for (const left of ['1', '0']) {
      const call = callOf(task);
      await limits.admit(call);
      assert.equal(call.trace.limitHeaders?.['x-ratelimit-limit-requests'], '2');
      assert.equal(call.trace.limitHeaders['x-ratelimit-remaining-requests'], left);
    }
    const refused = callOf(task);
    await assert.rejects(limits.admit(refused), {
      code: 'rate_limit_exceeded',
      message: /limit all\/minute of 2 requests has 0 left, and this call takes 1\. Try again in/,
      retryable: true,
    });
    assert.equal(refused.trace.countedTokens, undefined);
    await close();
  });

  test('tokens count as expected, and are put right by what was used', async () => {
    const { limits, leases, book, close } = setUp([limitOf({ tokensPerMinute: 100 })]);
    const call = callOf(task);
    await limits.admit(call);
    const { tokens } = book.limitsOf({ key: '', task: '', tags: {} })[0]!;
    assert.equal(leases.leftOf(tokens!), 85);
    call.trace.attempts.push(attempt(10, 2), attempt(20, 1));
    limits.settle(call);
    assert.equal(leases.leftOf(tokens!), 67);
    await close();
  });

  test('a call that asked nobody takes no tokens', async () => {
    const { limits, leases, book, close } = setUp([limitOf({ tokensPerMinute: 100 })]);
    const call = callOf(task);
    await limits.admit(call);
    limits.settle(call);
    const { tokens } = book.limitsOf({ key: '', task: '', tags: {} })[0]!;
    assert.equal(leases.leftOf(tokens!), 100);
    await close();
  });

  test('a call that one limit refuses counts for none', async () => {
    const { limits, leases, book, close } = setUp([
      limitOf({ id: 'wide', requestsPerMinute: 100 }),
      limitOf({ id: 'narrow', tokensPerMinute: 14 }),
    ]);
    await assert.rejects(limits.admit(callOf(task)), {
      message: /limit narrow of 14 tokens has 14 left, and this call takes 15\. It never fits/,
      retryable: false,
      retryAfterMs: undefined,
    });
    const [wide] = book.limitsOf({ key: '', task: '', tags: {} });
    assert.equal(leases.leftOf(wide!.requests!), 100);
    await close();
  });

  test('the headers are those of the limit with the smallest share left', async () => {
    const { limits, close } = setUp([
      limitOf({ id: 'wide', requestsPerMinute: 100, tokensPerMinute: 20 }),
      limitOf({ id: 'narrow', requestsPerMinute: 4, tokensPerMinute: 200 }),
    ]);
    const call = callOf(task);
    await limits.admit(call);
    assert.deepEqual(call.trace.limitHeaders, {
      'x-ratelimit-limit-requests': '4',
      'x-ratelimit-remaining-requests': '3',
      'x-ratelimit-reset-requests': '15s',
      'x-ratelimit-limit-tokens': '20',
      'x-ratelimit-remaining-tokens': '5',
      'x-ratelimit-reset-tokens': '45s',
    });
    await close();
  });

  test('what only another process has set aside is worth a short wait', async () => {
    const { limits, stores, book, close } = setUp([limitOf({ requestsPerMinute: 2 })]);
    const { requests } = book.limitsOf({ key: '', task: '', tags: {} })[0]!;
    await stores.accounts.lease({ account: requests!, need: 2, want: 2 });
    await assert.rejects(limits.admit(callOf(task)), {
      code: 'rate_limit_exceeded',
      retryAfterMs: 1000,
    });
    await close();
  });

  test('limits that cannot be read let everybody through: they guard no money', async () => {
    const { limits, close } = setUp([limitOf({ requestsPerMinute: 1 })], {
      lease: async () => Promise.reject(new Error('database is locked')),
    });
    for (let calls = 0; calls < 3; calls++) await limits.admit(callOf(task));
    await close();
  });
});
