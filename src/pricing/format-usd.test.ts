import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { formatUsd } from './format-usd.ts';

describe('formatUsd', () => {
  test('is exact, without needless zeros', () => {
    assert.equal(formatUsd(0), '$0.00');
    assert.equal(formatUsd(1), '$0.000000001');
    assert.equal(formatUsd(1_234_000), '$0.001234');
    assert.equal(formatUsd(1_500_000_000), '$1.50');
    assert.equal(formatUsd(847_000_000_000), '$847.00');
    assert.equal(formatUsd(-30_000_000), '-$0.03');
    assert.equal(formatUsd(Number.MAX_SAFE_INTEGER), '$9007199.254740991');
  });

  test('rounds to the decimals that are asked for', () => {
    assert.equal(formatUsd(1_239_000_000, 2), '$1.24');
    assert.equal(formatUsd(1_235_000_000, 2), '$1.24');
    assert.equal(formatUsd(-1_235_000_000, 2), '-$1.24');
    assert.equal(formatUsd(-1, 2), '$0.00');
    assert.equal(formatUsd(1_500_000_000, 0), '$2');
    assert.equal(formatUsd(1, 12), '$0.000000001');
  });

  test('refuses what is no amount', () => {
    for (const bad of [NaN, Infinity, 0.5, 2 ** 60])
      assert.throws(() => formatUsd(bad), RangeError);
  });

  test('property: the text is the amount', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (nano) => {
        const [, sign, whole, fraction] = /^(-?)\$(\d+)\.(\d{2,9})$/.exec(formatUsd(nano)) ?? [];
        const value =
          BigInt(whole ?? '') * 1_000_000_000n + BigInt((fraction ?? '').padEnd(9, '0'));
        assert.equal(sign === '-' ? -value : value, BigInt(nano));
      }),
    );
  });
});
