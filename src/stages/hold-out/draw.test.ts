import { test } from 'node:test';
import assert from 'node:assert/strict';
import { ulidAt } from '../../stores/ulid.ts';
import { drawnShare } from './draw.ts';

/** 99.99th percentile of chi-square with 99 degrees of freedom. The names are fixed: no run is unluckier than another. */
const CHI_SQUARE_99 = 161.3;

function chiSquare(names: readonly string[]): number {
  const bins = Array.from({ length: 100 }, () => 0);
  for (const name of names) bins[Math.floor(drawnShare(name) * 100)]! += 1;
  const expected = names.length / 100;
  return bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** Five digits of Crockford's base 32, as ids count them. */
function base32(n: number): string {
  const digit = (place: number): string =>
    '0123456789ABCDEFGHJKMNPQRSTVWXYZ'[Math.floor(n / 32 ** place) % 32] ?? '';
  return [4, 3, 2, 1, 0].map(digit).join('');
}

test('draws are uniform over ids of one millisecond, which differ by one, and over counted names', () => {
  const time = ulidAt(1_795_000_000_000).slice(0, 10);
  const counted = (n: number): string => `${time}4ZK7QXEM2H0${base32(n)}`;
  assert.ok(chiSquare(Array.from({ length: 100_000 }, (_, n) => counted(n))) < CHI_SQUARE_99);
  assert.ok(chiSquare(Array.from({ length: 100_000 }, (_, n) => `user-${n}`)) < CHI_SQUARE_99);
});

test('neighbours are drawn independently: pairs fall into the four quarters alike', () => {
  const quarters = [0, 0, 0, 0];
  for (let n = 0; n < 40_000; n++) {
    const [a, b] = [drawnShare(`user-${n}`), drawnShare(`user-${n + 1}`)];
    quarters[(a < 0.5 ? 0 : 1) + (b < 0.5 ? 0 : 2)]! += 1;
  }
  for (const count of quarters) assert.ok(Math.abs(count - 10_000) < 500, quarters.join());
});

test('the same name is always drawn alike, from 0 to below 1', () => {
  assert.equal(drawnShare('user-7'), drawnShare('user-7'));
  assert.ok(drawnShare('') >= 0 && drawnShare('x'.repeat(10_000)) < 1);
});
