import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { Arm } from '../call.ts';
import type { ArmSums } from '../stores/report.ts';
import { measureSaving, studentT } from './measured-saving.ts';

/** Numbers from 0 to 1, always the same (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Unit {
  readonly calls: number;
  readonly cost: number;
}

function sumsOf(arm: Arm, units: readonly Unit[], referenceACall = 0): ArmSums {
  const sum = (of: (unit: Unit) => number): number =>
    units.reduce((total, unit) => total + of(unit), 0);
  const calls = sum((unit) => unit.calls);
  return {
    arm,
    calls,
    cost_nano_usd: sum(({ cost }) => cost),
    reference_nano_usd: calls * referenceACall,
    units: units.length,
    calls_squared: sum((unit) => unit.calls ** 2),
    cost_squared: sum(({ cost }) => cost ** 2),
    calls_cost: sum((unit) => unit.calls * unit.cost),
  };
}

/** A cost with a long tail: exponential of a uniform number, mean (e^3 - 1) / 3. */
const skewed = (random: () => number): number => 1000 * Math.exp(3 * random());
const MEAN = (1000 * (Math.exp(3) - 1)) / 3;

function coverage(draw: (random: () => number, scale: number) => Unit, held: number): number {
  const random = randomFrom(7);
  const truth = MEAN - MEAN / 5;
  let inside = 0;
  const runs = 1000;
  for (let run = 0; run < runs; run++) {
    const arms = [
      sumsOf(
        'hold-out',
        Array.from({ length: held }, () => draw(random, 1)),
      ),
      sumsOf(
        'treated',
        Array.from({ length: held * 4 }, () => draw(random, 0.2)),
      ),
    ];
    const measured = measureSaving(arms, 0.1);
    assert.ok(measured?.margin !== undefined);
    if (Math.abs(measured.perCall - truth) <= measured.margin) inside++;
  }
  return inside / runs;
}

describe('the measured saving', () => {
  test('by call: the 95 % interval holds the true difference in 93 to 97 of 100 runs', () => {
    const share = coverage((random, scale) => ({ calls: 1, cost: scale * skewed(random) }), 300);
    assert.ok(share > 0.93 && share < 0.97, String(share));
  });

  test('by user: calls of a user are alike, and the interval knows it', () => {
    const share = coverage((random, scale) => {
      const calls = 1 + Math.floor(random() * 9);
      return { calls, cost: calls * scale * skewed(random) };
    }, 300);
    assert.ok(share > 0.93 && share < 0.97, String(share));
  });

  test('units of one call each give the usual interval of Welch', () => {
    const held = Array.from({ length: 40 }, (_, n) => ({ calls: 1, cost: 100 + n }));
    const treated = Array.from({ length: 60 }, (_, n) => ({ calls: 1, cost: 10 + (n % 7) }));
    const variance = (units: readonly Unit[]): number => {
      const mean = units.reduce((sum, { cost }) => sum + cost, 0) / units.length;
      const squares = units.reduce((sum, { cost }) => sum + (cost - mean) ** 2, 0);
      return squares / (units.length - 1) / units.length;
    };
    const [a, b] = [variance(held), variance(treated)];
    const freedom = (a + b) ** 2 / (a ** 2 / 39 + b ** 2 / 59);
    const measured = measureSaving([sumsOf('hold-out', held), sumsOf('treated', treated)], 0.1);
    const expected = studentT(freedom) * Math.sqrt(a + b);
    assert.ok(Math.abs((measured?.margin ?? 0) - expected) < 1e-6);
  });

  test('the attributed saving is set against the interval', () => {
    const random = randomFrom(3);
    const held = Array.from({ length: 400 }, () => ({ calls: 1, cost: skewed(random) }));
    const treated = Array.from({ length: 4000 }, () => ({ calls: 1, cost: skewed(random) / 5 }));
    const verdict = (reference: number) =>
      measureSaving([sumsOf('hold-out', held), sumsOf('treated', treated, reference)], 0.1)
        ?.verdict;
    assert.equal(verdict(MEAN), 'agrees');
    assert.equal(verdict(MEAN * 2), 'disagrees');
  });

  test('how many calls are still needed comes about right', () => {
    const random = randomFrom(5);
    const arms = (held: number): ArmSums[] => [
      sumsOf(
        'hold-out',
        Array.from({ length: held }, () => ({ calls: 1, cost: skewed(random) })),
      ),
      sumsOf(
        'treated',
        Array.from({ length: held * 49 }, () => ({ calls: 1, cost: skewed(random) / 5 })),
      ),
    ];
    const early = measureSaving(arms(200), 0.05);
    const needed = 200 + (early?.stillNeeded ?? 0);
    const late = measureSaving(arms(needed), 0.05);
    const reached = (late?.margin ?? Infinity) / (late?.heldOut.mean ?? 1);
    assert.ok(needed > 300 && reached > 0.035 && reached < 0.065, `${needed} calls: ${reached}`);
    assert.equal(measureSaving(arms(needed * 2), 0.05)?.stillNeeded, 0);
  });

  test('too few calls have no interval, one side alone no measure', () => {
    const few = [{ calls: 1, cost: 5 }];
    const measured = measureSaving([sumsOf('hold-out', few), sumsOf('treated', few)], 0.1);
    assert.equal(measured?.verdict, 'too few');
    assert.equal(measured?.margin, undefined);
    assert.equal(measureSaving([sumsOf('treated', few)], 0.1), undefined);
  });

  test("Student's t as tables have it", () => {
    for (const [freedom, value] of [
      [9, 2.262],
      [20, 2.086],
      [60, 2.0],
      [120, 1.98],
    ] as const) {
      assert.ok(Math.abs(studentT(freedom) - value) < 0.003, `${freedom}: ${studentT(freedom)}`);
    }
    assert.equal(studentT(Infinity).toFixed(2), '1.96');
  });
});
