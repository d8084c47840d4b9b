import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { attemptRecord, callRecord } from '../../testing/ledger-records.ts';
import { openSqliteStores } from './sqlite-stores.ts';

const DAY = Date.parse('2026-11-25T00:00:00Z');
const HOUR = 3_600_000;

const calls = fc.array(
  fc.record({
    arm: fc.constantFrom('hold-out' as const, 'treated' as const),
    unit: fc.constantFrom(undefined, 'ann', 'bob', 'cem'),
    costNano: fc.nat(1_000_000),
    hour: fc.nat(47),
  }),
  { minLength: 1, maxLength: 40 },
);

/** Sums over units, found one by one: a call without a unit is one of its own. */
function sumsOf(
  records: readonly { readonly unit: string | undefined; readonly costNano: number }[],
) {
  const units = new Map<string, { calls: number; cost: number }>();
  for (const [index, { unit, costNano }] of records.entries()) {
    const name = unit ?? `call ${index}`;
    const sums = units.get(name) ?? { calls: 0, cost: 0 };
    units.set(name, { calls: sums.calls + 1, cost: sums.cost + costNano });
  }
  const sum = (of: (one: { calls: number; cost: number }) => number): number =>
    [...units.values()].reduce((total, one) => total + of(one), 0);
  return {
    calls: sum((one) => one.calls),
    cost: sum((one) => one.cost),
    units: units.size,
    squares: [
      sum((one) => one.calls ** 2),
      sum((one) => one.cost ** 2),
      sum((one) => one.calls * one.cost),
    ],
  };
}

test('each side is summed by unit, and by call where a call has none; of whole days where there are units', async () => {
  await fc.assert(
    fc.asyncProperty(calls, fc.nat(47), async (records, sinceHour) => {
      const stores = openSqliteStores(':memory:');
      for (const { arm, unit, costNano, hour } of records) {
        const attempts = [attemptRecord({ costNano })];
        const startedAt = DAY + hour * HOUR + 1;
        void stores.ledger.append(callRecord({ arm, unit, attempts, startedAt }));
      }
      await stores.ledger.flush();
      const since = DAY + sinceHour * HOUR;
      const { arms } = stores.ledger.report({ since });
      const later = records.filter(({ hour }) => hour >= sinceHour);
      const day = Math.floor(sinceHour / 24) * 24;
      const days = records.filter(({ hour }) => hour >= day);
      const isByUnit = days.some(({ unit }) => unit !== undefined);
      for (const arm of ['hold-out', 'treated'] as const) {
        const found = arms.find((one) => one.arm === arm);
        const among = (isByUnit && later.length > 0 ? days : later).filter(
          (one) => one.arm === arm,
        );
        if (among.length === 0) {
          assert.equal(found, undefined);
          continue;
        }
        const expected = sumsOf(among);
        assert.ok(found !== undefined);
        assert.deepEqual(
          [found.calls, found.cost_nano_usd, found.units],
          [expected.calls, expected.cost, expected.units],
        );
        const squares = [found.calls_squared, found.cost_squared, found.calls_cost];
        for (const [index, value] of squares.entries()) {
          const wanted = expected.squares[index]!;
          assert.ok(Math.abs(value - wanted) <= 1e-9 * wanted, `${index}: ${value}, ${wanted}`);
        }
      }
      await stores.close();
    }),
    { numRuns: 60 },
  );
});
