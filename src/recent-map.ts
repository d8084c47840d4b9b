/**
 * A bounded map that forgets what was not used lately.
 *
 * @module
 */

/**
 * Keeps at least the `most / 2` and at most the `most` entries used last, in two generations: when the
 * young one is full, the old one is dropped as a whole. Deleting the oldest key of one Map instead
 * would search through the places of all keys deleted before it.
 */
export class RecentMap<Key, Value> {
  readonly #half: number;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();

  constructor(most: number) {
    this.#half = Math.max(1, Math.floor(most / 2));
  }

  /** Entries kept. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** All entries, in no order that says anything. */
  *entries(): Generator<[Key, Value]> {
    yield* this.#old;
    yield* this.#young;
  }

  /** The value, which counts as used now. */
  get(key: Key): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) {
      this.#old.delete(key);
      this.set(key, old);
    }
    return old;
  }

  /** Values must not be undefined. */
  set(key: Key, value: Value): void {
    if (this.#young.size >= this.#half && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#old.delete(key);
    this.#young.set(key, value);
  }
}
