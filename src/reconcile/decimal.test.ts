import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatUsd } from '../pricing/format-usd.ts';
import { decimalToNano } from './decimal.ts';

describe('decimal money', () => {
  test('dollars and cents', () => {
    assert.equal(decimalToNano('0.06', 'dollars'), 60_000_000);
    assert.equal(decimalToNano('123.45', 'cents'), 1_234_500_000);
    assert.equal(decimalToNano('123.78912', 'cents'), 1_237_891_200);
    assert.equal(decimalToNano('2.9492980000000000', 'dollars'), 2_949_298_000);
    assert.equal(decimalToNano('.5', 'dollars'), 500_000_000);
    assert.equal(decimalToNano('5.', 'dollars'), 5_000_000_000);
  });

  test('exponents, signs and what is finer than a nano-dollar', () => {
    assert.equal(decimalToNano('1e-06', 'dollars'), 1_000);
    assert.equal(decimalToNano('1.5E3', 'dollars'), 1_500_000_000_000);
    assert.equal(decimalToNano('-0.00001', 'dollars'), -10_000);
    assert.equal(decimalToNano('0.0000000005', 'dollars'), 1);
    assert.equal(decimalToNano('-0.0000000005', 'dollars'), -1);
    assert.ok(Object.is(decimalToNano('-0.0000000004', 'dollars'), 0));
  });

  test('what floating point gets wrong', () => {
    // 4503599.627370497 * 1e9 is 4503599627370496.5 in doubles, and rounds to …496.
    assert.equal(decimalToNano('4503599.627370497', 'dollars'), 4_503_599_627_370_497);
  });

  test('what is no money', () => {
    for (const text of ['', '.', '-', '1,000', '$5', 'NaN', 'Infinity', '1e99', '1e9999', '0x10']) {
      assert.equal(decimalToNano(text, 'dollars'), undefined, text);
    }
    assert.equal(decimalToNano('9007199.254740992', 'dollars'), undefined);
  });

  test('reads back what is shown, at any scale', () => {
    const nano = fc.integer({ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(nano, fc.integer({ min: -20, max: 20 }), (value, exponent) => {
        const dollars = formatUsd(value).replace('$', '');
        assert.equal(decimalToNano(dollars, 'dollars'), value);
        // The same number of cents, written with an exponent.
        assert.equal(decimalToNano(`${dollars}e2`, 'cents'), value);
        const [whole, digits] = exponent < 0 ? [`${value}`, 9 - exponent] : [`${value}`, 9];
        const padded = exponent < 0 ? `${whole}${'0'.repeat(-exponent)}` : whole;
        assert.equal(decimalToNano(`${padded}e-${digits}`, 'dollars'), value);
      }),
    );
  });
});
