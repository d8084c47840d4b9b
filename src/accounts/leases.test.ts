import { describe, mock, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Account, AccountStore, LeaseGrant } from '../stores/account-store.ts';
import { openSqliteStores } from '../stores/sqlite/sqlite-stores.ts';
import { Leases, SWEEP_MS, TROUBLE_MS } from './leases.ts';

const LIMIT = 1000;
const account: Account = { id: 'all', limit: LIMIT, windowMs: undefined };

/** A call of one of several processes: it holds an amount, then costs another. */
const step = fc.record({
  who: fc.nat(2),
  hold: fc.integer({ min: 1, max: 120 }),
  /** Of what was held: an estimate may be too high or too low. */
  cost: fc.double({ min: 0, max: 1.2, noNaN: true }),
  settleAfter: fc.nat(5),
});

describe('leases', () => {
  test('whatever processes hold and settle, all that is promised fits, and nothing stays behind', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'farthing-leases-'));
    let files = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const file = join(directory, `${files++}.db`);
        const processes = [0, 1, 2].map(() => {
          const stores = openSqliteStores(file);
          return { stores, leases: new Leases(stores.accounts) };
        });
        const open: { who: number; held: number; cost: number; due: number }[] = [];
        let spent = 0;
        const settle = async (now: number): Promise<void> => {
          for (const one of open.filter(({ due }) => due <= now)) {
            open.splice(open.indexOf(one), 1);
            const { stores, leases } = processes[one.who]!;
            const charges = [{ account, amount: one.cost, at: Date.now() }];
            leases.charged(charges);
            leases.release([{ account, amount: one.held }]);
            await stores.accounts.charge(charges);
            leases.written(charges);
            spent += one.cost;
          }
        };
        for (const [now, { who, hold, cost, settleAfter }] of steps.entries()) {
          await settle(now);
          const { leases } = processes[who]!;
          const parts = [{ account, amount: hold }];
          const lack = leases.has(parts) ? undefined : await leases.fetch(parts);
          const promised = open.reduce((sum, one) => sum + one.held, 0);
          if (lack === undefined) {
            assert.ok(leases.hold(parts));
            open.push({ who, held: hold, cost: Math.floor(hold * cost), due: now + settleAfter });
            // An estimate that was too low has spent more than was promised; nothing else can.
            assert.ok(promised + hold + spent <= LIMIT * 1.2 + 120);
          } else assert.equal(lack.isHeld, hold <= lack.left);
        }
        await settle(Infinity);
        const { stores } = processes[0]!;
        assert.equal((await stores.accounts.state(account)).used, spent);
        for (const { leases } of processes) leases.stop();
        for (const one of processes.slice(1)) await one.stores.close();
        const { leased } = await stores.accounts.state(account);
        assert.ok(leased <= Math.max(0, LIMIT - spent));
        await stores.close();
      }),
      { numRuns: 40 },
    );
    rmSync(directory, { recursive: true });
  });

  test('what is idle goes back by itself, so that another process can have all of it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'farthing-idle-'));
    const [one, other] = [0, 1].map(() => openSqliteStores(join(directory, 'ledger.db')));
    assert.ok(one && other);
    const leases = new Leases(one.accounts);
    assert.equal(await leases.fetch([{ account, amount: 5 }]), undefined);
    assert.ok((await other.accounts.state(account)).leased >= 5);
    for (let tries = 0; tries < 200 && (await other.accounts.state(account)).leased > 0; tries++) {
      await new Promise((resolve) => setTimeout(resolve, SWEEP_MS));
    }
    const { granted } = await other.accounts.lease({ account, need: LIMIT, want: LIMIT });
    assert.equal(granted, LIMIT);
    leases.stop();
    await one.close();
    await other.close();
    rmSync(directory, { recursive: true });
  });

  test('what was taken is charged by the sweep, corrections too', async () => {
    const stores = openSqliteStores(':memory:');
    const leases = new Leases(stores.accounts);
    await leases.fetch([{ account, amount: 50 }]);
    leases.take([{ account, amount: 50 }]);
    leases.take([{ account, amount: -20 }]);
    assert.equal(leases.leftOf(account), LIMIT - 30);
    leases.stop();
    await stores.ledger.flush();
    assert.equal((await stores.accounts.state(account)).used, 30);
    await stores.close();
  });

  test('a lease that could not be given back is tried again, not kept for nobody', async (t) => {
    const { tick, stores, store } = setUp(t);
    let failures = 1;
    const leases = new Leases({
      ...store,
      giveBack: async (of, amount) => {
        if (failures-- > 0) throw new Error('database is locked');
        return store.giveBack(of, amount);
      },
    });
    await leases.fetch([{ account, amount: 5 }]);
    await tick(SWEEP_MS, 4);
    assert.equal(failures, 0);
    assert.ok((await store.state(account)).leased > 0);
    await tick(TROUBLE_MS, 2);
    await tick(SWEEP_MS, 4);
    assert.equal((await store.state(account)).leased, 0);
    leases.stop();
    await stores.close();
  });

  test('a lease that comes while a sweep forgets its account is not lost', async (t) => {
    const { tick, stores, store } = setUp(t);
    const slow = Promise.withResolvers<void>();
    const leases = new Leases({
      ...store,
      lease: async (request): Promise<LeaseGrant> => {
        const grant = await store.lease(request);
        await slow.promise;
        return grant;
      },
    });
    const fetching = leases.fetch([{ account, amount: 5 }]);
    await tick(SWEEP_MS, 4);
    slow.resolve();
    assert.equal(await fetching, undefined);
    assert.ok(leases.hold([{ account, amount: 5 }]));
    leases.release([{ account, amount: 5 }]);
    await tick(SWEEP_MS, 4);
    assert.equal((await store.state(account)).leased, 0);
    leases.stop();
    await stores.close();
  });

  test('after a long stop nothing is at hand, and what had not run out goes back', async (t) => {
    const { tick, stores, store } = setUp(t);
    const leases = new Leases({ ...store, renew: async () => Promise.reject(new Error('locked')) });
    const parts = [{ account, amount: 5 }];
    await leases.fetch(parts);
    assert.ok(leases.hold(parts));
    for (let second = 0; second < 9; second++) {
      await tick(1000);
      // The store itself may have renewed it with a later lease.
      await store.lease({ account, need: 0, want: 0 });
    }
    await tick(TROUBLE_MS, 2);
    assert.equal(leases.has(parts), false);
    assert.equal((await store.state(account)).leased, 0);
    leases.stop();
    await stores.close();
  });

  test('nothing can always be had, even of what is overdrawn', async () => {
    const stores = openSqliteStores(':memory:');
    const leases = new Leases(stores.accounts);
    leases.charged([{ account, amount: LIMIT * 2, at: 0 }]);
    assert.equal(leases.has([{ account, amount: 1 }]), false);
    assert.ok(leases.has([{ account, amount: 0 }]));
    assert.equal(await leases.fetch([{ account, amount: 0 }]), undefined);
    leases.stop();
    await stores.close();
  });

  test('a correction leaves the window together with what it corrects', async (t) => {
    const { tick, stores, store } = setUp(t);
    const minute: Account = { id: 'tokens', limit: LIMIT, windowMs: 60_000 };
    const leases = new Leases(store);
    const began = Date.now();
    const used = async (): Promise<number> => {
      await stores.ledger.flush();
      return (await store.state(minute)).used;
    };
    await leases.fetch([{ account: minute, amount: 900 }]);
    leases.take([{ account: minute, amount: 900 }], began);
    await tick(30_000, 2);
    assert.equal(await used(), 900);
    leases.take([{ account: minute, amount: -800 }], began);
    await tick(SWEEP_MS, 2);
    assert.equal(await used(), 100);
    await tick(35_000);
    assert.equal(await used(), 0);
    leases.take([{ account: minute, amount: -100 }], began);
    assert.equal(leases.has([{ account: minute, amount: 1 }]), false);
    leases.stop();
    await stores.close();
  });
});

/** Stores in memory, and a clock that the test turns. */
function setUp(t: { readonly after: (done: () => void) => void }) {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.parse('2026-11-25T12:00:00Z') });
  t.after(() => mock.timers.reset());
  const stores = openSqliteStores(':memory:');
  const tick = async (ms: number, times = 1): Promise<void> => {
    for (let time = 0; time < times; time++) {
      mock.timers.tick(ms);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const { accounts } = stores;
  const store: AccountStore = {
    lease: async (request) => accounts.lease(request),
    giveBack: async (of, amount) => accounts.giveBack(of, amount),
    renew: async () => accounts.renew(),
    charge: async (charges) => accounts.charge(charges),
    state: async (of) => accounts.state(of),
    freeAt: async (of, amount) => accounts.freeAt(of, amount),
    forget: async (id) => accounts.forget(id),
    passed: async (passing) => accounts.passed(passing),
  };
  return { stores, store, tick };
}
