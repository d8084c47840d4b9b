/**
 * What turns a text into a vector.
 *
 * @module
 */
import type { Call } from '../call.ts';

/** Makes vectors that are near each other for texts of like meaning. */
export interface Embedder {
  /** Names the vectors' space: evidence and vectors of one embedder say nothing about another's. */
  readonly name: string;
  /**
   * The text's vector, of length 1; undefined where none can be had in time, whereupon the call goes on to
   * its model. Never throws. What it costs is an attempt in the call's trace.
   */
  embed(text: string, call: Call): Promise<Float32Array | undefined>;
}

/** The vector scaled to length 1; undefined where that cannot be: empty, zero or not finite. */
export function normalised(values: ArrayLike<number>): Float32Array | undefined {
  const vector = Float32Array.from(values);
  let square = 0;
  for (const value of vector) square += value * value;
  if (!Number.isFinite(square) || square === 0) return undefined;
  const scale = 1 / Math.sqrt(square);
  for (let at = 0; at < vector.length; at++) vector[at] = (vector[at] ?? 0) * scale;
  return vector;
}
