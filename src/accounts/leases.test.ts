import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Account } from '../stores/account-store.ts';
import { openSqliteStores } from '../stores/sqlite-stores.ts';
import { Leases, SWEEP_MS } from './leases.ts';

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
});
