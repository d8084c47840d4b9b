/**
 * Finding the nearest vectors.
 *
 * @module
 */

/** A vector that was found. */
export interface Neighbour {
  readonly id: number;
  /** Cosine, −1 to 1. */
  readonly similarity: number;
}

/** Keeps vectors of length 1 and one number of dimensions, by an id: a safe integer, not negative. */
export interface VectorIndex {
  /** Vectors kept. */
  readonly size: number;
  /** Memory they take, in bytes, without what is the same for every id. */
  readonly bytes: number;
  /** Keeps a vector; one of the same id is replaced. */
  add(id: number, vector: Float32Array): void;
  /** True when there was one. */
  remove(id: number): boolean;
  /** The `count` nearest, nearest first. */
  nearest(vector: Float32Array, count: number): readonly Neighbour[];
}
