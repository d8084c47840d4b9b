/**
 * An index that is exact while it is small and native when it is large.
 *
 * @module
 */
import { BruteIndex } from './brute-index.ts';
import type { NativeIndexes } from './native-index.ts';
import type { Neighbour, VectorIndex } from './vector-index.ts';

/** Vectors up to which comparing with all of them is fast enough. */
const SMALL = 10_000;
/** Vectors that move with each one added: building at once would stop the process for seconds. */
const MOVED_AT_ONCE = 4;

/** What the index works with. */
export interface GrowingIndexOptions {
  /** Makes native indexes, once they are loaded; undefined keeps all by brute force. */
  readonly native: () => NativeIndexes | undefined;
  /** @default 10,000 */
  readonly small?: number;
}

/**
 * Begins by brute force. Beyond 10,000 vectors new ones go into a native index, and with each of them a few
 * old ones; until all have moved both are searched.
 */
export class GrowingIndex implements VectorIndex {
  readonly #dimensions: number;
  readonly #options: GrowingIndexOptions;
  readonly #brute: BruteIndex;
  #native: VectorIndex | undefined;

  constructor(dimensions: number, options: GrowingIndexOptions) {
    this.#dimensions = dimensions;
    this.#options = options;
    this.#brute = new BruteIndex(dimensions);
  }

  get size(): number {
    return this.#brute.size + (this.#native?.size ?? 0);
  }

  get bytes(): number {
    return this.#brute.bytes + (this.#native?.bytes ?? 0);
  }

  add(id: number, vector: Float32Array): void {
    if (this.#brute.size >= (this.#options.small ?? SMALL)) {
      this.#native ??= this.#options.native()?.(this.#dimensions);
    }
    if (this.#native === undefined) {
      this.#brute.add(id, vector);
      return;
    }
    this.#brute.remove(id);
    this.#native.add(id, vector);
    for (let moved = 0; moved < MOVED_AT_ONCE; moved++) {
      const last = this.#brute.takeLast();
      if (last === undefined) break;
      this.#native.add(last.id, last.vector);
    }
  }

  remove(id: number): boolean {
    return this.#brute.remove(id) || this.#native?.remove(id) === true;
  }

  nearest(vector: Float32Array, count: number): readonly Neighbour[] {
    const exact = this.#brute.nearest(vector, count);
    if (this.#native === undefined) return exact;
    return [...exact, ...this.#native.nearest(vector, count)]
      .toSorted((a, b) => b.similarity - a.similarity)
      .slice(0, count);
  }
}
