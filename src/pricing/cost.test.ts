import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { completeRates, costNano as costOf, mostCostNano } from './cost.ts';
import type { PriceRule, Rates } from './price-rule.ts';
import {
  NO_TOKENS,
  TOKEN_CLASSES,
  type TokenCounts,
  countsOf,
  inputTokens,
  outputTokens,
} from './usage.ts';

function ruleOf(rates: Rates, more: Partial<PriceRule> = {}): PriceRule {
  return { id: 'test/m@2026-01-01', rates, source: 'test', asOf: '2026-01-01', ...more };
}

/** What ordinary service costs at a time. */
function costNano(used: TokenCounts, rule: PriceRule, at?: number): number {
  const cost = costOf(used, rule, { at });
  assert.ok(cost !== undefined);
  return cost;
}

const tokens = (some: Partial<TokenCounts>): TokenCounts => ({ ...NO_TOKENS, ...some });

/** Rates with up to six decimals, as price pages have them. */
const rate = fc.integer({ min: 0, max: 600_000_000 }).map((micro) => micro / 1e6);
const rates = fc.record(
  {
    input: rate,
    output: rate,
    cacheRead: rate,
    cacheWrite5m: rate,
    cacheWrite30m: rate,
    cacheWrite1h: rate,
    cacheWrite12h: rate,
    reasoning: rate,
    inputAudio: rate,
    inputImage: rate,
    outputAudio: rate,
  },
  { requiredKeys: ['input', 'output'] },
) as fc.Arbitrary<Rates>;

function counts(max: number): fc.Arbitrary<TokenCounts> {
  const each = fc.oneof(fc.constant(0), fc.integer({ min: 0, max }));
  return fc.record(
    Object.fromEntries(TOKEN_CLASSES.map((name) => [name, each])),
  ) as unknown as fc.Arbitrary<TokenCounts>;
}

/** The same sum in arbitrary precision. */
function reference(used: TokenCounts, of: Rates): bigint {
  const complete = completeRates(of);
  const pico = TOKEN_CLASSES.reduce(
    (total, name) => total + BigInt(used[name]) * BigInt(Math.round(complete[name] * 1e6)),
    0n,
  );
  return (pico + 500n) / 1000n;
}

describe('costNano', () => {
  test('known prices', () => {
    const gpt4o = ruleOf({ input: 2.5, cacheRead: 1.25, output: 10 });
    assert.equal(costNano(tokens({ input: 1_000_000 }), gpt4o), 2_500_000_000);
    assert.equal(costNano(tokens({ input: 1000, output: 100 }), gpt4o), 3_500_000);
    assert.equal(costNano(NO_TOKENS, gpt4o), 0);
  });

  test('rounds once for the whole attempt, half up', () => {
    // 0.0005 USD per 1M tokens is half a nano-dollar a token.
    const tiny = ruleOf({ input: 0.0005, output: 0.0004 });
    assert.equal(costNano(tokens({ input: 1 }), tiny), 1);
    assert.equal(costNano(tokens({ output: 1 }), tiny), 0);
    assert.equal(costNano(tokens({ input: 1, output: 1 }), tiny), 1);
    assert.equal(costNano(tokens({ input: 3 }), tiny), 2);
  });

  test('rates that floating point cannot hold are exact', () => {
    assert.equal(costNano(tokens({ input: 3 }), ruleOf({ input: 0.1, output: 0 })), 300);
    assert.equal(
      costNano(tokens({ input: 1_000_000 }), ruleOf({ input: 0.083_333, output: 0 })),
      83_333_000,
    );
  });

  test('a rate finer than a pico-dollar a token is rounded to the nearest', () => {
    const fine = ruleOf({ input: 0.100_000_4, output: 0.100_000_6 });
    assert.equal(costNano(tokens({ input: 1000 }), fine), 100_000);
    assert.equal(costNano(tokens({ output: 1_000_000 }), fine), 100_001_000);
  });

  test('missing rates: reads at input, reasoning at output', () => {
    const bare = ruleOf({ input: 1, output: 5 });
    for (const name of TOKEN_CLASSES) {
      const isOutput = ['output', 'reasoning', 'outputAudio'].includes(name);
      assert.equal(costNano(tokens({ [name]: 10 }), bare), isOutput ? 50_000 : 10_000, name);
    }
  });

  test('bug 2: a cache write of unknown rate costs what the next shorter one does', () => {
    const claude = completeRates({ input: 1, cacheWrite5m: 1.25, cacheWrite1h: 2, output: 5 });
    assert.equal(claude.cacheWrite30m, 1.25);
    assert.equal(claude.cacheWrite1h, 2);
    assert.equal(claude.cacheWrite12h, 2);
    const gpt = completeRates({ input: 1, cacheWrite30m: 1.25, output: 5 });
    assert.equal(gpt.cacheWrite5m, 1);
    assert.equal(gpt.cacheWrite1h, 1.25);
    assert.equal(gpt.cacheWrite12h, 1.25);
  });

  test('free is 0', () => {
    assert.equal(costNano(tokens({ input: 1e9, output: 1e9 }), ruleOf({ input: 0, output: 0 })), 0);
  });
});

describe('bug 4: bands', () => {
  const banded = ruleOf(
    { input: 1, cacheRead: 0.1, output: 10 },
    {
      bands: [
        { abovePromptTokens: 200_000, rates: { input: 2, cacheRead: 0.2, output: 15 } },
        { abovePromptTokens: 500_000, rates: { input: 4, cacheRead: 0.4, output: 30 } },
      ],
    },
  );

  test('the limit itself is below the band', () => {
    assert.equal(costNano(tokens({ input: 200_000 }), banded), 200_000_000);
    assert.equal(costNano(tokens({ input: 200_001 }), banded), 400_002_000);
  });

  test('the whole request is charged at the band, output too', () => {
    assert.equal(
      costNano(tokens({ input: 300_000, output: 1000 }), banded),
      600_000_000 + 15_000_000,
    );
  });

  test('cached tokens count towards the size of the prompt', () => {
    const mostlyCached = tokens({ input: 1, cacheRead: 150_000, cacheWrite5m: 50_000 });
    assert.equal(costNano(mostlyCached, banded), 2000 + 30_000_000 + 100_000_000);
  });

  test('the answer does not', () => {
    assert.equal(costNano(tokens({ input: 100_000, output: 400_000 }), banded), 4_100_000_000);
  });

  test('the highest band that is exceeded holds, in whatever order they stand', () => {
    const reversed = { ...banded, bands: (banded.bands ?? []).toReversed() };
    for (const rule of [banded, reversed]) {
      assert.equal(costNano(tokens({ input: 500_001 }), rule), 2_000_004_000);
    }
  });
});

describe('windows', () => {
  const peak = { input: 0.3, output: 1.2 };
  const rule = ruleOf(
    { input: 0.15, output: 0.6 },
    { windows: [{ utcDays: [1, 2, 3, 4, 5], fromMinute: 60, toMinute: 240, rates: peak }] },
  );
  const cost = (at?: string): number =>
    costNano(tokens({ input: 1_000_000 }), rule, at === undefined ? undefined : Date.parse(at));

  test('weekdays from its first minute to before its last', () => {
    assert.equal(cost('2026-11-24T00:59:59.999Z'), 150_000_000);
    assert.equal(cost('2026-11-24T01:00:00Z'), 300_000_000);
    assert.equal(cost('2026-11-24T03:59:59.999Z'), 300_000_000);
    assert.equal(cost('2026-11-24T04:00:00Z'), 150_000_000);
    // A Sunday.
    assert.equal(cost('2026-11-22T02:00:00Z'), 150_000_000);
  });

  test('the dearest hour where the time is unknown', () => {
    assert.equal(cost(), 300_000_000);
  });
});

describe('limits', () => {
  test('beyond the exact range of floating point the sum is still exact', () => {
    const used = tokens({ input: 30_000_001, output: 7 });
    const dear = { input: 599.999_999, output: 0.000_7 };
    assert.equal(BigInt(costNano(used, ruleOf(dear))), reference(used, dear));
  });

  test('what no safe integer can hold is a RangeError', () => {
    const dear = ruleOf({ input: 2000, output: 0 });
    assert.throws(() => costNano(tokens({ input: Number.MAX_SAFE_INTEGER }), dear), RangeError);
  });

  test('senseless counts and rates are RangeErrors', () => {
    const fine = ruleOf({ input: 1, output: 1 });
    for (const bad of [-1, NaN, 1.5, Infinity]) {
      assert.throws(() => costNano(tokens({ input: bad }), fine), RangeError);
    }
    for (const bad of [-1, NaN, Infinity]) {
      assert.throws(() => costNano(NO_TOKENS, ruleOf({ input: bad, output: 1 })), RangeError);
    }
  });
});

describe('mostCostNano', () => {
  test('the dearest class, band and hour', () => {
    const rule = ruleOf({ input: 1, cacheWrite1h: 2, inputAudio: 32, output: 5, reasoning: 8 });
    assert.equal(mostCostNano({ prompt: 100, output: 10 }, rule), 3_200_000 + 80_000 + 1);
    const above = { input: 2, output: 3 };
    const banded = ruleOf(
      { input: 1, output: 2 },
      { bands: [{ abovePromptTokens: 99, rates: above }] },
    );
    assert.equal(mostCostNano({ prompt: 99, output: 0 }, banded), 99_001);
    assert.equal(mostCostNano({ prompt: 100, output: 0 }, banded), 200_001);
  });

  test('is infinite for what cannot be counted', () => {
    const rule = ruleOf({ input: 1, output: 1 });
    for (const bad of [1e300, Infinity, NaN, Number.MAX_SAFE_INTEGER]) {
      assert.equal(mostCostNano({ prompt: 1, output: bad }, rule), Infinity);
    }
  });

  test('property: no request costs more', () => {
    const bands = fc.array(fc.record({ abovePromptTokens: fc.nat(500_000), rates }), {
      maxLength: 2,
    });
    fc.assert(
      fc.property(counts(1_000_000), rates, bands, (used, of, above) => {
        const rule = ruleOf(of, { bands: above });
        const most = { prompt: inputTokens(used), output: outputTokens(used) };
        assert.ok(costNano(used, rule) <= mostCostNano(most, rule));
        const wider = { prompt: most.prompt + 100_000, output: most.output + 1 };
        assert.ok(costNano(used, rule) <= mostCostNano(wider, rule));
      }),
      { numRuns: 300 },
    );
  });
});

describe('properties', () => {
  test('exact against arbitrary precision', () => {
    fc.assert(
      fc.property(counts(40_000_000), rates, (used, of) => {
        assert.equal(BigInt(costNano(used, ruleOf(of))), reference(used, of));
      }),
      { numRuns: 500 },
    );
  });

  test('never negative, and more tokens never cost less', () => {
    fc.assert(
      fc.property(counts(1_000_000), counts(1_000_000), rates, (some, more, of) => {
        const rule = ruleOf(of);
        const all = sum(some, more);
        const cost = costNano(some, rule);
        assert.ok(cost >= 0);
        assert.ok(costNano(all, rule) >= cost);
      }),
    );
  });

  test('parts add up to the whole, to within their roundings', () => {
    fc.assert(
      fc.property(counts(1_000_000), counts(1_000_000), rates, (one, other, of) => {
        const rule = ruleOf(of);
        const apart = costNano(one, rule) + costNano(other, rule);
        assert.ok(Math.abs(apart - costNano(sum(one, other), rule)) <= 1);
      }),
    );
  });
});

function sum(one: TokenCounts, other: TokenCounts): TokenCounts {
  const entries = TOKEN_CLASSES.map((name) => [name, one[name] + other[name]]);
  return Object.fromEntries(entries) as TokenCounts;
}

describe('service tiers, regions and fees', () => {
  const used = tokens({ input: 1000, cacheRead: 500, output: 100 });
  const rule = ruleOf(
    { input: 2.5, cacheRead: 1.25, output: 10 },
    {
      tiers: {
        batch: { factor: 0.5 },
        priority: { rates: { input: 4.25, cacheRead: 2.125, output: 17 } },
      },
      regions: { us: 1.1 },
      fees: { request: 0.005, search: 0.01 },
    },
  );
  const standard = 2_500_000 + 625_000 + 1_000_000;

  test('ordinary service by any of its names', () => {
    for (const serviceTier of [undefined, 'default', 'standard', 'auto', 'on_demand']) {
      assert.equal(costOf(used, rule, { serviceTier }), standard + 5_000_000);
    }
  });

  test('a factor, or rates of its own', () => {
    assert.equal(costOf(used, rule, { serviceTier: 'batch' }), standard / 2 + 5_000_000);
    const dear = 4_250_000 + 1_062_500 + 1_700_000;
    assert.equal(costOf(used, rule, { serviceTier: 'priority' }), dear + 5_000_000);
  });

  test('a tier without a price is unpriced, never ordinary', () => {
    for (const serviceTier of ['flex', 'scale', 'ultrafast', 'toString']) {
      assert.equal(costOf(used, rule, { serviceTier }), undefined);
      assert.equal(mostCostNano({ prompt: 1, output: 1 }, rule, serviceTier), Infinity);
    }
  });

  test('tier and region multiply; a region nobody prices apart costs what any does', () => {
    const batch = { serviceTier: 'batch', region: 'us' };
    assert.equal(costOf(used, rule, batch), Math.round(standard * 0.55) + 5_000_000);
    assert.equal(costOf(used, rule, { region: 'eu' }), standard + 5_000_000);
  });

  test('searches are charged beside tokens', () => {
    assert.equal(costOf(used, rule, { searches: 3 }), standard + 5_000_000 + 30_000_000);
  });

  test('a band moves the request within its tier too', () => {
    const banded = ruleOf(
      { input: 1, output: 1 },
      {
        bands: [{ abovePromptTokens: 10, rates: { input: 2, output: 2 } }],
        tiers: {
          flex: { factor: 0.5 },
          priority: {
            rates: { input: 3, output: 3 },
            bands: [{ abovePromptTokens: 10, rates: { input: 7, output: 7 } }],
          },
        },
      },
    );
    const large = tokens({ input: 11 });
    assert.equal(costOf(large, banded, { serviceTier: 'flex' }), 11_000);
    assert.equal(costOf(large, banded, { serviceTier: 'priority' }), 77_000);
    assert.equal(costOf(tokens({ input: 10 }), banded, { serviceTier: 'priority' }), 30_000);
  });

  test('property: whatever a request is served as, the bound for what was asked holds', () => {
    const asked = fc.constantFrom('batch', 'priority', undefined);
    const served = fc.constantFrom('us', 'eu', undefined);
    fc.assert(
      fc.property(counts(1_000_000), asked, served, (some, serviceTier, region) => {
        const most = { prompt: inputTokens(some), output: outputTokens(some) };
        const bound = mostCostNano(most, rule, serviceTier);
        assert.ok((costOf(some, rule, { serviceTier, region }) ?? NaN) <= bound);
        // A provider may serve at ordinary service what was asked for otherwise.
        assert.ok((costOf(some, rule, { region }) ?? NaN) <= bound);
      }),
    );
  });
});

test('counts stand in the order of their classes', () => {
  for (const [index, name] of TOKEN_CLASSES.entries()) {
    assert.deepEqual(
      countsOf(tokens({ [name]: 7 })),
      TOKEN_CLASSES.map((_, place) => (place === index ? 7 : 0)),
    );
  }
});

test('a count that is missing is an error, not nothing', () => {
  const missing = { ...NO_TOKENS, output: undefined } as unknown as TokenCounts;
  assert.throws(() => costNano(missing, ruleOf({ input: 1, output: 1 })), RangeError);
});
