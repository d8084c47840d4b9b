import { test } from 'node:test';
import assert from 'node:assert/strict';
import { ageInDays, DEFAULT_PRICE_MAX_AGE_MS, isStale } from './freshness.ts';
import type { PriceRule } from './price-rule.ts';

const rule: PriceRule = {
  id: 'x',
  rates: { input: 1, output: 1 },
  source: 'list',
  asOf: '2026-07-02',
};
const at = (date: string): number => Date.parse(date);

test('a price is stale above its greatest age, at the time of the call', () => {
  assert.equal(isStale(rule, at('2026-09-30T00:00:00Z'), DEFAULT_PRICE_MAX_AGE_MS), false);
  assert.equal(isStale(rule, at('2026-09-30T00:00:00.001Z'), DEFAULT_PRICE_MAX_AGE_MS), true);
  assert.equal(isStale(rule, at('2026-07-01'), 0), false);
});

test("a user's own price is never stale", () => {
  assert.equal(isStale({ ...rule, source: 'config' }, at('2036-01-01'), 1), false);
});

test('ages are whole days and never negative', () => {
  assert.equal(ageInDays(rule, at('2026-07-03T23:59:59Z')), 1);
  assert.equal(ageInDays(rule, at('2026-07-01')), 0);
});
