import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { attemptRecord, callRecord } from '../../testing/ledger-records.ts';
import { openSqliteStores } from './sqlite-stores.ts';

const NOON = Date.parse('2026-11-25T12:00:00Z');
const hostile = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.constantFrom('a', 'b', 'a\nb', '\n', '\n\n', "'", '1\n1', '(none)', 'constructor'),
);

test('whatever names contain, calls written together are summed up apart', async () => {
  const call = fc.record({ tenant: hostile, task: hostile, model: hostile, value: hostile });
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 20 }), async (calls) => {
      const stores = openSqliteStores(':memory:');
      for (const { tenant, task, model, value } of calls) {
        const attempts = [attemptRecord({ model: `m${model}` })];
        const tags = { feature: `v${value}` };
        const startedAt = NOON;
        // In one group: what is written together is summed up before it is written.
        void stores.ledger.append(
          callRecord({ tenant: `k${tenant}`, task, attempts, tags, startedAt }),
        );
      }
      await stores.ledger.flush();
      for (const [by, of] of [
        ['key', (one: (typeof calls)[number]) => `k${one.tenant}`],
        ['task', (one: (typeof calls)[number]) => one.task],
        ['model', (one: (typeof calls)[number]) => `m${one.model}`],
        ['tag:feature', (one: (typeof calls)[number]) => `v${one.value}`],
      ] as const) {
        const counts: Record<string, number> = Object.create(null) as Record<string, number>;
        for (const one of calls) counts[of(one)] = (counts[of(one)] ?? 0) + 1;
        const { rows } = stores.ledger.report({ by });
        const expected = new Map(Object.entries(counts));
        assert.deepEqual(new Map(rows.map(({ group, calls: count }) => [group, count])), expected);
        assert.equal(rows.length, expected.size);
      }
      await stores.close();
    }),
    {
      numRuns: 100,
      examples: [
        [
          [
            { tenant: '\n', task: '\n', model: '', value: '' },
            { tenant: '\n\n', task: '', model: '', value: '' },
          ],
        ],
      ],
    },
  );
});

test('a tag may be called like what every object has', async () => {
  const stores = openSqliteStores(':memory:');
  await stores.ledger.append(callRecord({ startedAt: NOON, tags: { constructor: 'x' } }));
  // Half an hour: the calls themselves are read.
  const period = { since: NOON - 1, until: NOON + 1 };
  const { rows } = stores.ledger.report({ by: 'tag:constructor', ...period });
  assert.deepEqual(
    rows.map(({ group, calls }) => [group, calls]),
    [['x', 1]],
  );
  assert.deepEqual(
    stores.ledger.report({ by: 'tag:toString', ...period }).rows[0]?.group,
    '(none)',
  );
  await stores.close();
});

test('months and the days around them are the sum of their calls', async () => {
  const at = fc.integer({
    min: Date.parse('2025-12-20T00:00:00Z'),
    max: Date.parse('2026-03-10T00:00:00Z'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(at, { minLength: 1, maxLength: 40 }), at, at, async (times, a, b) => {
      const stores = openSqliteStores(':memory:');
      const since = Math.min(a, b);
      const until = Math.max(a, b);
      for (const startedAt of times) {
        void stores.ledger.append(callRecord({ startedAt, tags: { feature: 'f' } }));
      }
      await stores.ledger.flush();
      const inside = times.filter((time) => time >= since && time < until).length;
      for (const by of ['task', 'day', 'tag:feature'] as const) {
        const { totals, rows } = stores.ledger.report({ by, since, until });
        assert.equal(totals.calls, inside);
        assert.equal(
          rows.reduce((sum, { calls }) => sum + calls, 0),
          inside,
        );
        assert.equal(stores.ledger.report({ by }).totals.calls, times.length);
      }
      const days = new Set(times.map((time) => new Date(time).toISOString().slice(0, 10)));
      assert.equal(stores.ledger.report({ by: 'day' }).rows.length, days.size);
      await stores.close();
    }),
    { numRuns: 60 },
  );
});
