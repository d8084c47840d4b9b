/**
 * Budgets, limits and keys, end to end: real HTTP on both sides, many calls at once.
 */
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { type House, startHouse } from '../e2e/harness.ts';

const ask = (model: string, more: object = {}) => ({
  model,
  messages: [{ role: 'user', content: 'Hello there' }],
  ...more,
});

/** What one call of `small` costs at the fake upstream, in nano-dollars. */
async function costOfOne(): Promise<number> {
  const house = await startHouse();
  await house.post('/v1/chat/completions', ask('small'));
  const call = await house.lastCall();
  await house.close();
  return call.attempts[0]?.costNano ?? 0;
}

async function statuses(
  house: House,
  calls: number,
  more: object = {},
): Promise<Record<number, number>> {
  const answers = await Promise.all(
    Array.from({ length: calls }, async () =>
      house.post('/v1/chat/completions', ask('small', more)),
    ),
  );
  const counts: Record<number, number> = {};
  for (const answer of answers) {
    await answer.text();
    counts[answer.status] = (counts[answer.status] ?? 0) + 1;
  }
  return counts;
}

describe('budgets', () => {
  test('20: 500 calls at once against a budget for 100: exactly 100 are served', async () => {
    const one = await costOfOne();
    const house = await startHouse({
      top: `budgets:\n  - { usd: ${(one * 100) / 1e9}, per: day }`,
    });
    assert.deepEqual(await statuses(house, 500), { 200: 100, 429: 400 });
    await house.gateway.stores.ledger.flush();
    const { totals } = house.gateway.stores.ledger.report({});
    assert.equal(totals.cost_nano_usd, one * 100);
    assert.equal(totals.calls, 500);
    await house.close();
  });
});
