/**
 * An index for many vectors: HNSW by the package `usearch`, which whoever needs it installs.
 *
 * @module
 */
import type { Neighbour, VectorIndex } from './vector-index.ts';

/** Named by a variable, so that nothing resolves it before it is wanted. */
const PACKAGE = 'usearch';

/** What is used of the package. */
interface Usearch {
  readonly Index: new (config: {
    readonly dimensions: number;
    readonly metric: 'ip';
    readonly quantization: 'f16';
    readonly connectivity: number;
    readonly expansion_add: number;
    readonly expansion_search: number;
    readonly multi: boolean;
  }) => UsearchIndex;
}

interface UsearchIndex {
  add(key: bigint, vector: Float32Array, threads: number): void;
  remove(key: bigint): number;
  contains(key: bigint): boolean;
  size(): number;
  search(
    vector: Float32Array,
    count: number,
    threads: number,
  ): { readonly keys: BigUint64Array; readonly distances: Float32Array };
}

/** Links of each vector on the lowest level; twice that many there, half on the others. */
const CONNECTIVITY = 16;
/** How widely is searched, when adding and when looking up: recall against time. */
const EXPANSION_ADD = 96;
const EXPANSION_SEARCH = 48;
/** Bytes of links a vector, roughly: 2 × connectivity of five bytes, and its key. */
const LINK_BYTES = 2 * CONNECTIVITY * 5 + 16;

/** Numbers are kept in half precision: half the memory, and similarities that are off by less than 0.001. */
const NUMBER_BYTES = 2;

/** Makes an empty index. */
export type NativeIndexes = (dimensions: number) => VectorIndex;

/** Loads the package; undefined where it is not installed or has no build for this machine. */
export async function loadNativeIndexes(
  load: (name: string) => Promise<unknown> = (name) => import(name),
): Promise<NativeIndexes | undefined> {
  try {
    const usearch = (await load(PACKAGE)) as Usearch;
    if (typeof usearch.Index !== 'function') return undefined;
    return (dimensions) => new NativeIndex(usearch, dimensions);
  } catch {
    return undefined;
  }
}

class NativeIndex implements VectorIndex {
  readonly #index: UsearchIndex;
  readonly #dimensions: number;

  constructor({ Index }: Usearch, dimensions: number) {
    this.#dimensions = dimensions;
    this.#index = new Index({
      dimensions,
      metric: 'ip',
      quantization: 'f16',
      connectivity: CONNECTIVITY,
      expansion_add: EXPANSION_ADD,
      expansion_search: EXPANSION_SEARCH,
      multi: false,
    });
  }

  get size(): number {
    return this.#index.size();
  }

  /** Vectors and links; computed, for the package does not tell. */
  get bytes(): number {
    return this.size * (this.#dimensions * NUMBER_BYTES + LINK_BYTES);
  }

  add(id: number, vector: Float32Array): void {
    const key = BigInt(id);
    if (this.#index.contains(key)) this.#index.remove(key);
    this.#index.add(key, vector, 1);
  }

  remove(id: number): boolean {
    const key = BigInt(id);
    if (!this.#index.contains(key)) return false;
    this.#index.remove(key);
    return true;
  }

  nearest(vector: Float32Array, count: number): readonly Neighbour[] {
    const most = Math.min(count, this.size);
    if (most === 0) return [];
    const { keys, distances } = this.#index.search(vector, most, 1);
    return [...keys].map((key, at) => ({ id: Number(key), similarity: 1 - (distances[at] ?? 2) }));
  }
}
