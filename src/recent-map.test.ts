import { test } from 'node:test';
import assert from 'node:assert/strict';
import { RecentMap } from './recent-map.ts';

test('keeps what was used lately and never more than the most', () => {
  const map = new RecentMap<number, string>(100);
  for (let key = 0; key < 10_000; key++) {
    map.set(key, `v${key}`);
    assert.ok(map.size <= 100);
    if (key >= 15) assert.equal(map.get(key - 15), `v${key - 15}`);
    assert.equal(map.get(0), 'v0', 'used all the time, so kept');
  }
  assert.equal(map.get(5000), undefined);
});

test('a key has one value', () => {
  const map = new RecentMap<string, number>(4);
  for (let round = 0; round < 10; round++) {
    for (const key of ['a', 'b', 'c']) map.set(key, round);
    assert.equal(map.get('a'), round);
    assert.ok(map.size <= 4);
  }
});
