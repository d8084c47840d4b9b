/**
 * What every vector index must do. Run by each implementation's test.
 *
 * @module
 */
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { VectorIndex } from '../../semantic/vector-index.ts';

const DIMENSIONS = 12;

function unit(values: readonly number[]): Float32Array {
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
}

/** Different directions for different numbers. */
function direction(seed: number): Float32Array {
  return unit(
    Array.from({ length: DIMENSIONS }, (_, at) => Math.sin(seed * 12.9898 + at * 78.233)),
  );
}

function cosine(one: Float32Array, other: Float32Array): number {
  return one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
}

/** Runs the suite. `create` gives an empty index of vectors of that many numbers. */
export function vectorIndexContract(
  name: string,
  create: (dimensions: number) => VectorIndex,
): void {
  describe(`${name} finds vectors`, () => {
    test('an empty one finds nothing', () => {
      const index = create(DIMENSIONS);
      assert.equal(index.size, 0);
      assert.deepEqual(index.nearest(direction(1), 3), []);
      assert.equal(index.remove(1), false);
    });

    test('the nearest first, with their cosine, at most as many as asked for', () => {
      const index = create(DIMENSIONS);
      for (let id = 0; id < 50; id++) index.add(id, direction(id));
      assert.equal(index.size, 50);
      assert.ok(index.bytes >= 50 * DIMENSIONS * 2);
      const query = direction(1_000);
      const found = index.nearest(query, 5);
      const expected = Array.from({ length: 50 }, (_, id) => ({
        id,
        similarity: cosine(direction(id), query),
      }))
        .toSorted((a, b) => b.similarity - a.similarity)
        .slice(0, 5);
      assert.deepEqual(
        found.map(({ id }) => id),
        expected.map(({ id }) => id),
      );
      for (const [at, { similarity }] of found.entries()) {
        assert.ok(Math.abs(similarity - expected[at]!.similarity) < 1e-3);
      }
      assert.equal(index.nearest(query, 100).length, 50);
    });

    test('a vector is replaced by another of its id', () => {
      const index = create(DIMENSIONS);
      index.add(1, direction(1));
      index.add(2, direction(2));
      index.add(1, direction(3));
      assert.equal(index.size, 2);
      assert.equal(index.nearest(direction(3), 1)[0]?.id, 1);
      assert.ok(index.nearest(direction(1), 1)[0]!.similarity < 0.999);
    });

    test('what is kept is a copy', () => {
      const index = create(DIMENSIONS);
      const vector = direction(1);
      index.add(1, vector);
      vector.fill(0);
      assert.ok(index.nearest(direction(1), 1)[0]!.similarity > 0.999);
    });

    test('any order of adding and removing leaves what is left', () => {
      const acts = fc.array(fc.tuple(fc.boolean(), fc.nat(30)), { maxLength: 200 });
      fc.assert(
        fc.property(acts, (all) => {
          const index = create(DIMENSIONS);
          const kept = new Set<number>();
          for (const [adds, id] of all) {
            if (adds) index.add(id, direction(id));
            else assert.equal(index.remove(id), kept.has(id));
            if (adds) kept.add(id);
            else kept.delete(id);
          }
          assert.equal(index.size, kept.size);
          for (const id of kept) assert.equal(index.nearest(direction(id), 1)[0]?.id, id);
          const found = index.nearest(direction(99), 40).map((one) => one.id);
          assert.deepEqual(new Set(found), kept);
        }),
        { numRuns: 50 },
      );
    });
  });
}
