import { test } from 'node:test';
import assert from 'node:assert/strict';
import { vectorIndexContract } from '../testing/contracts/vector-index.ts';
import { BruteIndex } from './brute-index.ts';
import { GrowingIndex } from './growing-index.ts';
import { loadNativeIndexes } from './native-index.ts';

vectorIndexContract('brute force', (dimensions) => new BruteIndex(dimensions));

// The moving is the same with any second index.
vectorIndexContract(
  'a growing index',
  (dimensions) =>
    new GrowingIndex(dimensions, { small: 5, native: () => (of) => new BruteIndex(of) }),
);

const native = await loadNativeIndexes();
if (native === undefined)
  test('usearch', { skip: 'the optional package is not installed' }, () => {});
else vectorIndexContract('usearch', native);

function vectorAt(place: number): Float32Array {
  const vector = new Float32Array(4_000);
  vector[place] = 1;
  return vector;
}

test('brute force takes little memory for few vectors, and grows over blocks', () => {
  const index = new BruteIndex(4_000);
  index.add(0, vectorAt(0));
  assert.ok(index.bytes <= 16 * 4_000 * 4);
  for (let id = 1; id < 2_100; id++) index.add(id, vectorAt(id));
  for (const id of [0, 15, 16, 1_023, 1_024, 2_047, 2_048, 2_099]) {
    assert.equal(index.nearest(vectorAt(id), 1)[0]?.id, id);
  }
  const full = index.bytes;
  for (let id = 0; id < 2_100; id++) assert.ok(index.remove(id));
  assert.ok(index.bytes < full / 2);
  index.add(7, vectorAt(7));
  assert.equal(index.nearest(vectorAt(7), 1)[0]?.id, 7);
});

test('a growing index moves a few at a time, and stays as it was while there is no native one', () => {
  let loaded = false;
  const second = new BruteIndex(4_000);
  const index = new GrowingIndex(4_000, {
    small: 10,
    native: () => (loaded ? () => second : undefined),
  });
  for (let id = 0; id < 20; id++) index.add(id, vectorAt(id));
  assert.equal(second.size, 0);
  loaded = true;
  index.add(20, vectorAt(20));
  assert.equal(second.size, 5);
  for (let id = 0; id <= 20; id++) assert.equal(index.nearest(vectorAt(id), 1)[0]?.id, id);
  for (let id = 21; id < 26; id++) index.add(id, vectorAt(id));
  assert.equal(second.size, 26);
  assert.equal(index.size, 26);
});

test('a package that is missing or is another is none', async () => {
  const missing = async (): Promise<never> => Promise.reject(new Error('not found'));
  assert.equal(await loadNativeIndexes(missing), undefined);
  assert.equal(await loadNativeIndexes(async () => ({ other: 1 })), undefined);
});
