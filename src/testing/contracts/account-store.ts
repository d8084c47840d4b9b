/**
 * What every store of accounts must do. Run by each implementation's test.
 *
 * @module
 */
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Account } from '../../stores/account-store.ts';
import type { Stores } from '../../stores/stores.ts';
import { attemptRecord, callRecord } from '../ledger-records.ts';

/** What the suite needs: processes are stores that share what is behind them. */
export interface SharedStores {
  /** Opens one more process. Leases of one that is gone are free after `leaseMs`. */
  readonly open: (options?: { readonly leaseMs?: number }) => Stores;
}

const account = (more: Partial<Account> = {}): Account => ({
  id: 'all/month/2026-11-01T00:00:00.000Z',
  limit: 1000,
  windowMs: undefined,
  ...more,
});

/** Runs the suite. `create` gives an empty place that several processes can open. */
export function accountStoreContract(name: string, create: () => SharedStores): void {
  describe(`${name} keeps accounts`, () => {
    test('a lease is granted whole or not at all, and never beyond the limit', async () => {
      const stores = create().open();
      const { accounts } = stores;
      const all = account();
      assert.deepEqual(await accounts.lease({ account: all, need: 600, want: 600 }), {
        granted: 600,
        used: 0,
        leased: 600,
      });
      assert.equal((await accounts.lease({ account: all, need: 401, want: 401 })).granted, 0);
      assert.equal((await accounts.lease({ account: all, need: 400, want: 999 })).granted, 400);
      await stores.close();
    });

    test('where there is plenty more than needed is granted, but not all', async () => {
      const stores = create().open();
      const { accounts } = stores;
      const { granted } = await accounts.lease({ account: account(), need: 1, want: 500 });
      assert.ok(granted > 1 && granted < 500, String(granted));
      await stores.close();
    });

    test('what is charged is off the lease and used, and another process sees it', async () => {
      const shared = create();
      const [one, other] = [shared.open(), shared.open()];
      const all = account();
      await one.accounts.lease({ account: all, need: 300, want: 300 });
      await one.accounts.charge([{ account: all, amount: 120, at: Date.now() }]);
      assert.deepEqual(await other.accounts.state(all), { used: 120, leased: 180 });
      await one.accounts.giveBack(all, 180);
      assert.deepEqual(await other.accounts.state(all), { used: 120, leased: 0 });
      await one.close();
      await other.close();
    });

    test('what no longer counts is dropped, what counts is kept', async () => {
      const stores = create().open();
      const { accounts } = stores;
      const now = Date.now();
      const day = 86_400_000;
      const over = account({ id: 'over', endsAt: now - 2 * day });
      const settling = account({ id: 'settling', endsAt: now - 1000 });
      const rolling = account({ id: 'rolling', windowMs: 60_000 });
      const total = account({ id: 'total' });
      const all = [over, settling, rolling, total];
      await accounts.charge([
        ...all.map((one) => ({ account: one, amount: 5, at: now })),
        { account: rolling, amount: 7, at: now - 120_000 },
      ]);
      for (const one of [over, total]) {
        assert.equal(await accounts.passed({ account: one, threshold: 0.5, at: now }), true);
      }
      await accounts.renew();
      const used = await Promise.all(all.map(async (one) => (await accounts.state(one)).used));
      assert.deepEqual(used, [0, 5, 5, 5]);
      // A wider window would count it, were it still there.
      const wider = account({ id: 'rolling', windowMs: 600_000 });
      assert.equal((await accounts.state(wider)).used, 5);
      assert.equal(await accounts.passed({ account: over, threshold: 0.5, at: now }), true);
      assert.equal(await accounts.passed({ account: total, threshold: 0.5, at: now }), false);
      await stores.close();
    });

    test('two processes never set aside more than there is, in any order', async () => {
      const step = fc.record({
        who: fc.nat(2),
        what: fc.constantFrom('lease', 'charge', 'return'),
        amount: fc.integer({ min: 1, max: 300 }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
          const shared = create();
          const processes = [shared.open(), shared.open(), shared.open()];
          const held = [0, 0, 0];
          let used = 0;
          const all = account();
          for (const { who, what, amount } of steps) {
            const accounts = processes[who]!.accounts;
            const own = Math.min(amount, held[who]!);
            if (what === 'lease') {
              const { granted } = await accounts.lease({
                account: all,
                need: amount,
                want: amount,
              });
              held[who]! += granted;
            } else if (what === 'charge' && own > 0) {
              await accounts.charge([{ account: all, amount: own, at: Date.now() }]);
              held[who]! -= own;
              used += own;
            } else if (own > 0) {
              await accounts.giveBack(all, own);
              held[who]! -= own;
            }
            const leased = held.reduce((sum, one) => sum + one, 0);
            assert.deepEqual(await accounts.state(all), { used, leased });
            assert.ok(used + leased <= all.limit);
          }
          for (const process of processes) await process.close();
        }),
        { numRuns: 25 },
      );
    });

    test('a closed process keeps nothing back', async () => {
      const shared = create();
      const [one, other] = [shared.open(), shared.open()];
      await one.accounts.lease({ account: account(), need: 1000, want: 1000 });
      await one.close();
      const grant = await other.accounts.lease({ account: account(), need: 1000, want: 1000 });
      assert.equal(grant.granted, 1000);
      await other.close();
    });

    test('a lease that nobody renews runs out; one that is renewed does not', async () => {
      const shared = create();
      const [one, other] = [shared.open({ leaseMs: 80 }), shared.open({ leaseMs: 80 })];
      const all = account();
      await one.accounts.lease({ account: all, need: 1000, want: 1000 });
      for (let renewals = 0; renewals < 4; renewals++) {
        await new Promise((resolve) => setTimeout(resolve, 40));
        await one.accounts.renew();
      }
      assert.equal((await other.accounts.state(all)).leased, 1000);
      for (let tries = 0; tries < 100 && (await other.accounts.state(all)).leased > 0; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assert.equal((await other.accounts.lease({ account: all, need: 9, want: 9 })).granted, 9);
      await one.close();
      await other.close();
    });

    test('in a window only what was used lately counts, and it is told when room comes', async () => {
      const stores = create().open();
      const { accounts } = stores;
      const minute = account({ id: 'limit/requests', limit: 10, windowMs: 60_000 });
      const now = Date.now();
      await accounts.charge([{ account: minute, amount: 6, at: now - 50_000 }]);
      await accounts.charge([{ account: minute, amount: 3, at: now }]);
      assert.equal((await accounts.state(minute)).used, 9);
      const freeAt = await accounts.freeAt(minute, 5);
      assert.ok(freeAt > now + 9_000 && freeAt <= now + 12_000, String(freeAt - now));
      assert.equal(await accounts.freeAt(minute, 100), Infinity);
      await accounts.charge([{ account: minute, amount: 7, at: now - 70_000 }]);
      assert.equal((await accounts.state(minute)).used, 9);
      await stores.close();
    });

    test('a new account starts with what the ledger says was spent before, once', async () => {
      const shared = create();
      const stores = shared.open();
      const { ledger, accounts } = stores;
      const at = Date.parse('2026-11-10T00:00:00Z');
      const spent = (costNano: number, more: object): void => {
        const attempts = [attemptRecord({ costNano })];
        void ledger.append(callRecord({ startedAt: at, attempts, ...more }));
      };
      spent(100, { tenant: 'team-a', tags: { feature: 'x', user: 'u' } });
      spent(10, { tenant: 'team-a', tags: { feature: 'y' } });
      spent(1, { tenant: 'team-b', tags: { feature: 'x' } });
      spent(1000, { tenant: 'team-a', startedAt: at - 86_400_000 * 20 });
      await ledger.flush();
      const seeded = (id: string, match: object): Account =>
        account({ id, seed: { from: Date.parse('2026-11-01'), until: at + 1, match } });
      const used = async (id: string, match: object): Promise<number> =>
        (await accounts.state(seeded(id, match))).used;
      assert.equal(await used('all', {}), 111);
      assert.equal(await used('key', { key: 'team-a' }), 110);
      assert.equal(await used('tag', { tags: { feature: 'x' } }), 101);
      assert.equal(await used('both', { key: 'team-a', tags: { feature: 'x', user: 'u' } }), 100);
      assert.equal(await used('task', { task: 'other' }), 0);
      const again = shared.open();
      assert.equal((await again.accounts.state(seeded('all', {}))).used, 111);
      await again.close();
      await stores.close();
    });

    test('a budget that is forgotten starts anew; its namesakes do not', async () => {
      const stores = create().open();
      const { accounts } = stores;
      const ids = ['a/day', 'a/day/2026', 'a/day {"key":"x"}', 'a/days', 'b/a/day'];
      for (const id of ids) {
        await accounts.charge([{ account: account({ id }), amount: 5, at: Date.now() }]);
      }
      await accounts.forget('a/day');
      const used = await Promise.all(
        ids.map(async (id) => (await accounts.state(account({ id }))).used),
      );
      assert.deepEqual(used, [0, 0, 0, 5, 5]);
      await stores.close();
    });

    test('a threshold is passed once, whoever asks', async () => {
      const shared = create();
      const [one, other] = [shared.open(), shared.open()];
      const passing = { account: account(), threshold: 0.8, at: Date.now() };
      assert.equal(await one.accounts.passed(passing), true);
      assert.equal(await other.accounts.passed(passing), false);
      assert.equal(await other.accounts.passed({ ...passing, threshold: 1 }), true);
      assert.equal(await one.accounts.passed({ ...passing, at: passing.at + 1e12 }), false);
      await one.close();
      await other.close();
    });

    test('of an account with a window a threshold is passed once in each window', async () => {
      const stores = create().open();
      const { accounts } = stores;
      const at = Date.now();
      const passing = { account: account({ windowMs: 1000 }), threshold: 0.8, at };
      const passes = async (later: number): Promise<boolean> =>
        accounts.passed({ ...passing, at: at + later });
      assert.deepEqual(
        [await passes(0), await passes(999), await passes(1000), await passes(1999)],
        [true, false, true, false],
      );
      await stores.close();
    });

    test('rows and charges are written together: the account is the sum of its calls', async () => {
      const stores = create().open();
      const { ledger, accounts } = stores;
      const all = account({ limit: 1e9 });
      for (let call = 0; call < 50; call++) {
        const attempts = [attemptRecord({ costNano: call })];
        void ledger.append(callRecord({ attempts }), [
          { account: all, amount: call, at: Date.now() },
        ]);
      }
      await ledger.flush();
      assert.equal((await accounts.state(all)).used, ledger.report({}).totals.cost_nano_usd);
      await stores.close();
    });
  });
}
