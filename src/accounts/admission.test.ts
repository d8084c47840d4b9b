import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Departure } from '../departure.ts';
import { FarthingError } from '../errors.ts';
import type { Account, AccountStore } from '../stores/account-store.ts';
import { openSqliteStores } from '../stores/sqlite/sqlite-stores.ts';
import { Admission, type Applicant, type Promised } from './admission.ts';
import { Leases } from './leases.ts';

const LIMIT = 100;
const all: Account = { id: 'all', limit: LIMIT, windowMs: undefined };
const other: Account = { id: 'other', limit: LIMIT, windowMs: undefined };
const refused = (): FarthingError => new FarthingError('budget_exceeded', 'spent');

function setUp(more: Partial<AccountStore> = {}) {
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
  const admission = new Admission(leases);
  const apply = async (amount: number, one: Partial<Applicant> = {}): Promise<Promised> =>
    admission.admit({
      accounts: [all],
      amount: () => ({ amount, least: amount }),
      departure: new Departure(),
      refuse: async () => refused(),
      ...one,
    });
  /** Charges a cost for what was promised, as a settled call does. */
  const settle = async (parts: Promised, cost: number): Promise<void> => {
    const charges = parts.map(({ account }) => ({ account, amount: cost, at: Date.now() }));
    leases.charged(charges);
    leases.release(parts);
    await accounts.charge(charges);
    leases.written(charges);
    admission.settled();
  };
  const close = async (): Promise<void> => {
    admission.stop();
    leases.stop();
    await stores.close();
  };
  return { stores, leases, admission, apply, settle, close };
}

/** Lets everything go on that can. */
async function settleDown(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** The names of promises in the order in which they are kept. */
function orderOf(promises: Readonly<Record<string, Promise<unknown>>>): string[] {
  const order: string[] = [];
  for (const [name, promise] of Object.entries(promises)) {
    promise.then(
      () => order.push(name),
      (error: unknown) => order.push(`${name} ${(error as FarthingError).code}`),
    );
  }
  return order;
}

describe('admission', () => {
  test('at once where there is room at hand and nobody waits', async () => {
    const { admission, apply, settle, close } = setUp();
    assert.equal(admission.admitNow([all], 10), undefined);
    await settle(await apply(10), 4);
    const parts = admission.admitNow([all], 1);
    assert.deepEqual(parts, [{ account: all, amount: 1 }]);
    assert.equal(admission.admitNow([all, other], 1), undefined);
    await close();
  });

  test('first come, first served: who comes later does not overtake, even with less', async () => {
    const { admission, apply, settle, close } = setUp();
    const first = await apply(60);
    const order = orderOf({ big: apply(90), small: apply(10) });
    await settleDown();
    assert.deepEqual(order, []);
    assert.equal(admission.admitNow([all], 1), undefined);
    await settle(first, 5);
    await settleDown();
    assert.deepEqual(order, ['big']);
    await close();
  });

  test('who waits for one account does not hold up another', async () => {
    const { apply, close } = setUp();
    await apply(60);
    const order = orderOf({ blocked: apply(90), free: apply(90, { accounts: [other] }) });
    await settleDown();
    assert.deepEqual(order, ['free']);
    await close();
  });

  test('what can never be had is refused at once, and tells what is left', async () => {
    const { apply, settle, close } = setUp();
    await settle(await apply(60), 60);
    const lacks: [number, number][] = [];
    const refuse: Applicant['refuse'] = async ({ left }, amount) => {
      lacks.push([left, amount]);
      return refused();
    };
    await assert.rejects(apply(41, { refuse }), { code: 'budget_exceeded' });
    assert.deepEqual(lacks, [[40, 41]]);
    await close();
  });

  test('whoever waits is refused once what they waited for is spent', async () => {
    const { apply, settle, close } = setUp();
    const first = await apply(60);
    const waiting = apply(50);
    await settleDown();
    await settle(first, 60);
    await assert.rejects(waiting, { code: 'budget_exceeded' });
    await close();
  });

  test('a guess is cut to what is left, never below the least; one at a time', async () => {
    const { apply, settle, close } = setUp();
    const guess = { amount: () => ({ amount: 10_000, least: 3 }) };
    const first = await apply(0, guess);
    assert.equal(first[0]?.amount, LIMIT);
    const order = orderOf({ second: apply(0, guess) });
    await settleDown();
    assert.deepEqual(order, []);
    await settle(first, 98);
    await settleDown();
    assert.deepEqual(order, ['second budget_exceeded']);
    await close();
  });

  test('what was learned meanwhile counts', async () => {
    const { apply, settle, close } = setUp();
    let amount = 10_000;
    const guess = { amount: () => ({ amount, least: 1 }) };
    const first = await apply(0, guess);
    const waiting = [apply(0, guess), apply(0, guess)];
    amount = 20;
    await settle(first, 20);
    for (const parts of await Promise.all(waiting)) assert.equal(parts[0]?.amount, 20);
    await close();
  });

  test('a client that leaves while it waits is forgotten, and what it waited for is free', async () => {
    const { leases, apply, settle, close } = setUp();
    const first = await apply(60);
    const departure = new Departure();
    const order = orderOf({ gone: apply(90, { departure }), next: apply(90) });
    await settleDown();
    departure.leave();
    await settleDown();
    assert.deepEqual(order, ['gone client_disconnected']);
    await settle(first, 5);
    await settleDown();
    assert.deepEqual(order, ['gone client_disconnected', 'next']);
    assert.equal(leases.leftOf(all), 5);
    await assert.rejects(apply(1, { departure }), { code: 'client_disconnected' });
    await close();
  });

  test('where accounts cannot be read nobody gets through; once they can, all do', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    let isLocked = true;
    const place = setUp();
    const { accounts } = place.stores;
    const { admission, close } = setUp({
      lease: async (request) => {
        if (isLocked) throw new Error('database is locked');
        return accounts.lease(request);
      },
    });
    const apply = admission.admit({
      accounts: [all],
      amount: () => ({ amount: 1, least: 1 }),
      departure: new Departure(),
      refuse: async () => refused(),
    });
    const order = orderOf({ waiting: apply });
    await settleDown();
    assert.deepEqual(order, []);
    isLocked = false;
    t.mock.timers.tick(1000);
    await settleDown();
    assert.deepEqual(order, ['waiting']);
    await close();
    await place.close();
  });

  test('who waited too long is told to come again', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 });
    const { apply, close } = setUp();
    await apply(60);
    const waiting = assert.rejects(apply(90), { code: 'budget_busy', retryAfterMs: 1000 });
    await settleDown();
    // The first look is still in time; the next one is not.
    t.mock.timers.tick(30_001);
    await settleDown();
    t.mock.timers.tick(20);
    await settleDown();
    await waiting;
    await close();
  });

  test('whatever calls come and settle, the limit holds, and everybody is told in the end', async () => {
    const call = fc.record({
      hold: fc.integer({ min: 1, max: 60 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      isGuess: fc.boolean(),
      isFirst: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 30 }), async (calls) => {
        const { stores, apply, settle, close } = setUp();
        const open: (() => Promise<void>)[] = [];
        let [told, held, spent] = [0, 0, 0];
        for (const { hold, share, isGuess, isFirst } of calls) {
          const amount = isGuess ? hold * 10 : hold;
          void apply(0, { amount: () => ({ amount, least: isGuess ? 1 : amount }) }).then(
            (parts) => {
              const got = parts[0]?.amount ?? 0;
              told++;
              held += got;
              assert.ok(held + spent <= LIMIT);
              open.push(async () => {
                const cost = Math.floor(got * share);
                held -= got;
                spent += cost;
                await settle(parts, cost);
              });
              return undefined;
            },
            () => void told++,
          );
          await settleDown();
          if (isFirst) await open.shift()?.();
        }
        for (let rounds = 0; told < calls.length || open.length > 0; rounds++) {
          assert.ok(rounds < 200, 'somebody waits for ever');
          await open.shift()?.();
          await settleDown();
        }
        assert.equal((await stores.accounts.state(all)).used, spent);
        await close();
        assert.equal(held, 0);
      }),
      { numRuns: 60 },
    );
  });
});
