/**
 * The entries that may be compared with each other: their questions and vectors.
 *
 * @module
 */
import { GrowingIndex } from './growing-index.ts';
import type { NativeIndexes } from './native-index.ts';

/** An entry that is near. */
export interface Near {
  readonly id: string;
  readonly text: string;
  readonly similarity: number;
}

/** What a namespace is made of. */
export interface NamespaceOptions {
  readonly key: string;
  readonly dimensions: number;
  readonly native: () => NativeIndexes | undefined;
}

/** Entries by their id, over an index that knows numbers only. */
export class Namespace {
  readonly key: string;
  readonly dimensions: number;
  readonly #index: GrowingIndex;
  readonly #numbers = new Map<string, number>();
  readonly #kept = new Map<number, { readonly id: string; readonly text: string }>();
  #next = 0;

  constructor({ key, dimensions, native }: NamespaceOptions) {
    this.key = key;
    this.dimensions = dimensions;
    this.#index = new GrowingIndex(dimensions, { native });
  }

  get size(): number {
    return this.#numbers.size;
  }

  get bytes(): number {
    return this.#index.bytes;
  }

  ids(): string[] {
    return [...this.#numbers.keys()];
  }

  add({ id, text, vector }: { id: string; text: string; vector: Float32Array }): void {
    this.remove(id);
    const number = this.#next++;
    this.#numbers.set(id, number);
    this.#kept.set(number, { id, text });
    this.#index.add(number, vector);
  }

  remove(id: string): void {
    const number = this.#numbers.get(id);
    if (number === undefined) return;
    this.#numbers.delete(id);
    this.#kept.delete(number);
    this.#index.remove(number);
  }

  /** The nearest, nearest first; none for a vector of other dimensions. */
  nearest(vector: Float32Array, count: number): Near[] {
    if (vector.length !== this.dimensions) return [];
    return this.#index.nearest(vector, count).flatMap(({ id: number, similarity }) => {
      const kept = this.#kept.get(number);
      return kept === undefined ? [] : [{ ...kept, similarity }];
    });
  }
}
