/**
 * What every ledger store must do. Run by each implementation's test.
 *
 * @module
 */
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { NO_TIER } from '../../call.ts';
import { NO_TOKENS } from '../../pricing/usage.ts';
import { type CallRecord, costOf, countedReference, isPriced } from '../../stores/ledger-store.ts';
import type { ArmSums, Sums } from '../../stores/report.ts';
import type { Stores } from '../../stores/stores.ts';
import { anyCall, attemptRecord, callRecord } from '../ledger-records.ts';

function groupOf(
  { task, startedAt, tags }: CallRecord,
  by: 'task' | 'day' | 'tag:feature',
): string {
  if (by === 'task') return task;
  if (by === 'day') return new Date(startedAt).toISOString().slice(0, 10);
  return (tags as { feature?: string }).feature ?? '(none)';
}

function tagsOf({ tags }: CallRecord): string[] {
  return Object.entries(tags).map(([name, value]) => `${name}=${value}`);
}

function sumOver(records: readonly CallRecord[], of: (record: CallRecord) => number): number {
  return records.reduce((sum, record) => sum + of(record), 0);
}

/** Every field against a sum of its own, and the equation of savings. */
function assertSums(sums: Sums, records: readonly CallRecord[]): void {
  const expected = {
    calls: records.length,
    cost_nano_usd: sumOver(records, costOf),
    reference_nano_usd: sumOver(records, countedReference),
    overhead_nano_usd: sumOver(records, ({ overheadNano }) => overheadNano),
    stale: records.filter(({ stale }) => stale).length,
  };
  for (const [name, value] of Object.entries(expected)) {
    assert.equal(sums[name as keyof typeof expected], value, name);
  }
  const saved = Object.values(sums.saved_by_nano_usd).reduce((sum, nano) => sum + nano, 0);
  assert.equal(sums.reference_nano_usd - saved + sums.overhead_nano_usd, sums.cost_nano_usd);
  assert.equal(sums.saved_nano_usd, sums.reference_nano_usd - sums.cost_nano_usd);
}

/** Only priced calls are on either side; an interval's sums are those of the calls' costs. */
function assertArms(arms: readonly ArmSums[], records: readonly CallRecord[]): void {
  for (const arm of ['hold-out', 'treated'] as const) {
    const measured = records.filter((record) => record.arm === arm && isPriced(record));
    const found = arms.find((sums) => sums.arm === arm);
    assert.equal(found?.calls ?? 0, measured.length);
    assert.equal(found?.cost_nano_usd ?? 0, sumOver(measured, costOf));
    const squares = sumOver(measured, (record) => costOf(record) ** 2);
    assert.ok(Math.abs((found?.cost_squared ?? 0) - squares) <= 1e-9 * squares);
  }
}

/** Runs the suite. `create` gives an empty store. */
export function ledgerStoreContract(name: string, create: () => Stores): void {
  describe(`${name} keeps the ledger`, () => {
    test('a call is read back as it was appended', async () => {
      const stores = create();
      const store = stores.ledger;
      const record = callRecord({
        tags: { feature: 'draft', 'ünï "quoted"': 'x' },
        template: 't-1',
        attempts: [
          attemptRecord({
            costNano: undefined,
            status: undefined,
            errorCode: 'upstream_timeout',
            usageSource: 'unavailable',
            firstByteMs: undefined,
          }),
          attemptRecord({
            tier: 1,
            model: 'large',
            reasons: ['json: no'],
            tokens: { ...NO_TOKENS, cacheWrite1h: 7, outputAudio: 3 },
            reportedNano: 12,
            serviceTier: 'flex',
          }),
        ],
      });
      await store.append(record);
      await store.flush();
      assert.deepEqual(store.call(record.id), record);
      assert.equal(store.call('01UNKNOWN'), undefined);
      assert.deepEqual(store.recent(5), [record.id]);
      await stores.close();
    });

    test('saved is reference less cost, whatever happened', async () => {
      const stores = create();
      const store = stores.ledger;
      await store.append(callRecord());
      await store.append(callRecord({ attempts: [attemptRecord({ costNano: undefined })] }));
      await store.append(callRecord({ referenceNano: undefined }));
      await store.append(
        callRecord({ model: undefined, tier: undefined, status: 502, referenceNano: 0 }),
      );
      await store.flush();
      const { totals } = store.report({});
      assert.equal(totals.calls, 4);
      assert.equal(totals.cost_nano_usd, 3000);
      assert.equal(totals.reference_nano_usd, 10_000 + 0 + 1000 + 0);
      assert.equal(totals.saved_nano_usd, 8000);
      assert.equal(totals.unpriced, 2);
      assert.equal(totals.failed, 1);
      await stores.close();
    });

    test('sums equal an independent sum, in total and by group', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyCall, { maxLength: 12 }), async (records) => {
          const stores = create();
          const store = stores.ledger;
          for (const record of records) await store.append(record);
          await store.flush();
          const cost = records
            .flatMap((record) => record.attempts)
            .reduce((sum, { costNano }) => sum + (costNano ?? 0), 0);
          for (const by of ['task', 'model', 'key', 'day', 'tag:none'] as const) {
            const { totals, rows } = store.report({ by });
            assert.equal(totals.cost_nano_usd, cost);
            assert.equal(totals.calls, records.length);
            assert.equal(totals.saved_nano_usd, totals.reference_nano_usd - totals.cost_nano_usd);
            for (const field of [
              'calls',
              'attempts',
              'cost_nano_usd',
              'reference_nano_usd',
              'saved_nano_usd',
              'input_tokens',
              'output_tokens',
              'unpriced',
            ] as const) {
              assert.equal(
                rows.reduce((sum, row) => sum + row[field], 0),
                totals[field],
                `${field} by ${by}`,
              );
            }
          }
          await stores.close();
        }),
        { numRuns: 25 },
      );
    });

    test('any period sums up exactly the calls that started in it, by any grouping', async () => {
      const instant = fc.integer({ min: 1_759_990_000_000, max: 1_760_410_000_000 });
      await fc.assert(
        fc.asyncProperty(
          fc.array(anyCall, { maxLength: 20 }),
          fc.option(instant, { nil: undefined }),
          fc.option(instant, { nil: undefined }),
          async (records, since, until) => {
            const stores = create();
            for (const record of records) await stores.ledger.append(record);
            const inside = records.filter(
              ({ startedAt }) =>
                startedAt >= (since ?? -Infinity) && startedAt < (until ?? Infinity),
            );
            const period = {
              ...(since === undefined ? {} : { since }),
              ...(until === undefined ? {} : { until }),
            };
            for (const by of ['task', 'day', 'tag:feature'] as const) {
              const { totals, rows } = stores.ledger.report({ by, ...period });
              assertSums(totals, inside);
              for (const row of rows) {
                assertSums(
                  row,
                  inside.filter((record) => groupOf(record, by) === row.group),
                );
              }
              assert.equal(new Set(inside.map((one) => groupOf(one, by))).size, rows.length);
            }
            const { rows } = stores.ledger.report({ by: 'tag', ...period });
            for (const { group, ...sums } of rows) {
              assertSums(
                sums,
                inside.filter((record) => tagsOf(record).includes(group)),
              );
            }
            assert.equal(new Set(inside.flatMap(tagsOf)).size, rows.length);
            assertArms(stores.ledger.report(period).arms, inside);
            await stores.close();
          },
        ),
        { numRuns: 40 },
      );
    });

    test('the money of a revalidation without a tag is among that of no tag, though it is no call', async () => {
      const stores = create();
      await stores.ledger.append(callRecord({ tags: { feature: 'a' } }));
      await stores.ledger.append(callRecord({ cache: 'revalidate', referenceNano: 0 }));
      const { rows, totals } = stores.ledger.report({ by: 'tag:feature' });
      assert.equal(totals.calls, 1);
      assert.equal(
        rows.reduce((sum, row) => sum + row.cost_nano_usd, 0),
        totals.cost_nano_usd,
      );
      await stores.close();
    });

    test('a tag with very many values keeps its sums: those beyond are summed up as one', async () => {
      const stores = create();
      const startedAt = Date.parse('2026-11-02T12:00:00Z');
      for (let call = 0; call < 1500; call++) {
        void stores.ledger.append(callRecord({ startedAt, tags: { request: `r-${call}` } }));
      }
      await stores.ledger.flush();
      const { rows, totals } = stores.ledger.report({ by: 'tag:request' });
      assert.ok(rows.length < 1500 && rows.length > 100);
      assert.equal(
        rows.reduce((sum, row) => sum + row.calls, 0),
        totals.calls,
      );
      await stores.close();
    });

    test('a period takes the calls that started in it', async () => {
      const stores = create();
      const store = stores.ledger;
      const day = Date.parse('2026-11-02T00:00:00Z');
      for (const offset of [-1, 0, 86_399_999, 86_400_000])
        await store.append(callRecord({ startedAt: day + offset }));
      await store.flush();
      const { totals, rows } = store.report({ by: 'day', since: day, until: day + 86_400_000 });
      assert.equal(totals.calls, 2);
      assert.deepEqual(
        rows.map(({ group, calls: count }) => [group, count]),
        [['2026-11-02', 2]],
      );
      await stores.close();
    });

    test('an answer to another question is a hit, and what embedded the question is no escalation', async () => {
      const stores = create();
      const embedding = attemptRecord({ tier: NO_TIER, model: 'vectors' });
      const given = callRecord({ cache: 'semantic', attempts: [embedding] });
      await stores.ledger.append(given);
      await stores.ledger.append(
        callRecord({ cache: 'miss', attempts: [embedding, attemptRecord()] }),
      );
      await stores.ledger.flush();
      assert.deepEqual(stores.ledger.call(given.id)?.attempts[0]?.tier, NO_TIER);
      // From rollups, and from the rows themselves.
      for (const period of [{}, { since: given.startedAt }]) {
        const { totals } = stores.ledger.report(period);
        assert.deepEqual(
          [totals.calls, totals.cache_hits, totals.escalations, totals.attempts],
          [2, 1, 0, 3],
        );
      }
      await stores.close();
    });

    test('shares of tiers are of the answered calls', async () => {
      const stores = create();
      const store = stores.ledger;
      for (let call = 0; call < 3; call++) await store.append(callRecord());
      await store.append(
        callRecord({ attempts: [attemptRecord(), attemptRecord({ tier: 1, model: 'large' })] }),
      );
      await store.flush();
      const { tiers, totals } = store.report({});
      assert.deepEqual(tiers, [
        { tier: 0, model: 'small', calls: 3, share: 0.75 },
        { tier: 1, model: 'large', calls: 1, share: 0.25 },
      ]);
      assert.equal(totals.escalations, 1);
      await stores.close();
    });

    test('by tag, a call counts in each of its tags; an injected name is only a name', async () => {
      const stores = create();
      const store = stores.ledger;
      await store.append(callRecord({ tags: { feature: 'a', user: 'u' } }));
      await store.append(callRecord({ tags: { feature: 'b' } }));
      await store.flush();
      const groups = (by: 'tag' | 'tag:feature' | `tag:${string}`) =>
        store
          .report({ by })
          .rows.map(({ group, calls: count }) => `${group} ${count}`)
          .toSorted();
      assert.deepEqual(groups('tag'), ['feature=a 1', 'feature=b 1', 'user=u 1']);
      assert.deepEqual(groups('tag:feature'), ['a 1', 'b 1']);
      assert.deepEqual(groups(`tag:x"') OR 1=1 --`), ['(none) 2']);
      await stores.close();
    });

    test('an empty ledger sums to nothing', async () => {
      const stores = create();
      const store = stores.ledger;
      assert.equal(store.report({ by: 'task' }).totals.calls, 0);
      assert.deepEqual(store.report({ by: 'task' }).rows, []);
      await stores.close();
    });

    test('documents are kept by name', async () => {
      const stores = create();
      const store = stores.ledger;
      assert.equal(store.load('x'), undefined);
      store.save('x', 'one');
      store.save('x', 'two');
      assert.equal(store.load('x'), 'two');
      store.amend('x', (text) => `${text} three`);
      store.amend('y', (text) => String(text));
      assert.deepEqual([store.load('x'), store.load('y')], ['two three', 'undefined']);
      const failing = (): string => {
        throw new Error('no');
      };
      assert.throws(() => store.amend('x', failing), /no/);
      assert.equal(store.load('x'), 'two three');
      await stores.close();
    });
  });
}
