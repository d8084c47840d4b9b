import { test } from 'node:test';
import assert from 'node:assert/strict';
import { exceeds, parseDriftLimit } from './drift-limit.ts';

test('a share of the bill, either way', () => {
  const limit = parseDriftLimit('1 %');
  assert.equal(exceeds(limit, { driftNano: -10, billedNano: 1000 }), false);
  assert.equal(exceeds(limit, { driftNano: -11, billedNano: 1000 }), true);
  assert.equal(exceeds(limit, { driftNano: 11, billedNano: 1000 }), true);
  assert.equal(exceeds(limit, { driftNano: 1, billedNano: 0 }), true);
});

test('dollars', () => {
  const limit = parseDriftLimit('$0.25');
  assert.equal(exceeds(limit, { driftNano: 250_000_000, billedNano: 0 }), false);
  assert.equal(exceeds(limit, { driftNano: -250_000_001, billedNano: 1e12 }), true);
});

test('anything else is refused', () => {
  for (const text of ['', '1', '%', '-1%', '5$', '1e2%', '$']) {
    assert.throws(() => parseDriftLimit(text), { code: 'invalid_value', message: /such as 1%/ });
  }
});
