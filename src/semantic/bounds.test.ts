import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  anytimeUpper,
  clopperPearsonLower,
  clopperPearsonUpper,
  isAnytimeBelow,
} from './bounds.ts';

function near(actual: number, expected: number, within = 1e-6): void {
  assert.ok(Math.abs(actual - expected) <= within, `${actual} is not ${expected}`);
}

test('Clopper-Pearson: without a hit it is the closed form', () => {
  for (const trials of [1, 10, 299, 5_000])
    near(clopperPearsonUpper(0, trials), 1 - 0.05 ** (1 / trials), 1e-9);
  assert.equal(clopperPearsonUpper(0, 0), 1);
  assert.equal(clopperPearsonUpper(7, 7), 1);
  assert.equal(clopperPearsonLower(0, 10), 0);
});

test('Clopper-Pearson: known values', () => {
  // One-sided 97.5 % is the two-sided 95 % of the tables.
  near(clopperPearsonUpper(1, 10, 0.975), 0.445016, 1e-5);
  near(clopperPearsonLower(1, 10, 0.975), 0.002529, 1e-5);
  near(clopperPearsonUpper(5, 20, 0.975), 0.491046, 1e-5);
  near(clopperPearsonUpper(50, 100, 0.975), 0.601678, 1e-4);
});

test('the bound for all times is above that for one, below 1, and falls with evidence', () => {
  const counts = fc.tuple(fc.nat(50), fc.integer({ min: 1, max: 3_000 }));
  fc.assert(
    fc.property(counts, fc.constantFrom(0.01, 0.05), ([wrong, right], aim) => {
      const options = { confidence: 0.95, aim };
      const of = wrong + right;
      const upper = anytimeUpper(wrong, of, options);
      assert.ok(upper >= clopperPearsonUpper(wrong, of) - 1e-9);
      assert.ok(upper <= 1);
      assert.ok(anytimeUpper(wrong, of + 500, options) <= upper + 1e-9);
      assert.equal(isAnytimeBelow(wrong, of, options), upper <= aim);
    }),
    { numRuns: 200 },
  );
});
