import { test } from 'node:test';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { costNano } from '../cost.ts';
import type { PriceRule } from '../price-rule.ts';
import { NO_TOKENS } from '../usage.ts';
import { tierPrice } from './tier-price.ts';

const rates = { input: 2.5, output: 10, cacheRead: 0.25, reasoning: 12 };

test('a factor only where every named rate is a multiple', () => {
  assert.deepEqual(tierPrice({ rates }, { rates: { input: 1.25, output: 5 } }), { factor: 0.5 });
  assert.deepEqual(tierPrice({ rates }, { rates: { input: 1.25, output: 5, cacheRead: 0.13 } }), {
    rates: { input: 1.25, output: 5, cacheRead: 0.13, reasoning: 6 },
  });
});

test('a tier without input or output has no price', () => {
  assert.equal(tierPrice({ rates }, { rates: { input: 1 } }), undefined);
  assert.equal(tierPrice({ rates }, { rates: { output: 1 } }), undefined);
});

test('of a free model there is no factor', () => {
  const free = { input: 0, output: 0 };
  assert.deepEqual(tierPrice({ rates: free }, { rates: { input: 1, output: 2 } }), {
    rates: { input: 1, output: 2 },
  });
});

test('property: a tier charges what its list says, in a band too', () => {
  const rate = fc.integer({ min: 1, max: 50_000_000 }).map((micro) => micro / 1e6);
  const pair = fc.record({ input: rate, output: rate });
  fc.assert(
    fc.property(fc.tuple(pair, pair, pair, pair), ([standard, above, tier, tierAbove]) => {
      const bands = [{ abovePromptTokens: 1000, rates: above }];
      const price = tierPrice(
        { rates: standard, bands },
        { rates: tier, bands: [{ abovePromptTokens: 1000, rates: tierAbove }] },
      );
      assert.ok(price);
      const rule: PriceRule = {
        id: '',
        source: '',
        asOf: '',
        rates: standard,
        bands,
        tiers: { flex: price },
      };
      const own: PriceRule = {
        ...rule,
        rates: tier,
        bands: [{ abovePromptTokens: 1000, rates: tierAbove }],
      };
      for (const input of [1000, 1001]) {
        const used = { ...NO_TOKENS, input, output: 77 };
        assert.equal(costNano(used, rule, { serviceTier: 'flex' }), costNano(used, own));
      }
    }),
  );
});
