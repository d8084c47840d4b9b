/**
 * Keys in the order of their worth.
 *
 * @module
 */

/** A key with its worth. */
export interface Ranked {
  readonly key: string;
  readonly worth: number;
}

interface Node {
  readonly key: string;
  worth: number;
  /** Its place in the heap. */
  at: number;
}

/** A binary heap that finds its keys again: putting, deleting and re-ranking take O(log n). */
export class LeastFirst {
  readonly #heap: Node[] = [];
  readonly #nodes = new Map<string, Node>();

  /** Puts a key in, or gives it another worth. */
  put(key: string, worth: number): void {
    const known = this.#nodes.get(key);
    if (known === undefined) {
      const node = { key, worth, at: this.#heap.length };
      this.#heap.push(node);
      this.#nodes.set(key, node);
      this.#rise(node);
      return;
    }
    const rises = worth < known.worth;
    known.worth = worth;
    if (rises) this.#rise(known);
    else this.#sink(known);
  }

  delete(key: string): void {
    const node = this.#nodes.get(key);
    const last = this.#heap.pop();
    if (node === undefined || last === undefined) {
      if (last !== undefined) this.#heap.push(last);
      return;
    }
    this.#nodes.delete(key);
    if (node === last) return;
    this.#place(last, node.at);
    this.#rise(last);
    this.#sink(last);
  }

  /** The key that is worth least. */
  least(): Ranked | undefined {
    return this.#heap[0];
  }

  clear(): void {
    this.#heap.length = 0;
    this.#nodes.clear();
  }

  #rise(node: Node): void {
    while (node.at > 0) {
      const parentAt = (node.at - 1) >> 1;
      const parent = this.#heap[parentAt];
      if (parent === undefined || parent.worth <= node.worth) return;
      this.#place(parent, node.at);
      this.#place(node, parentAt);
    }
  }

  #sink(node: Node): void {
    for (;;) {
      const left = this.#heap[2 * node.at + 1];
      const right = this.#heap[2 * node.at + 2];
      const lesser =
        right !== undefined && left !== undefined && right.worth < left.worth ? right : left;
      if (lesser === undefined || lesser.worth >= node.worth) return;
      const at = lesser.at;
      this.#place(lesser, node.at);
      this.#place(node, at);
    }
  }

  #place(node: Node, at: number): void {
    this.#heap[at] = node;
    node.at = at;
  }
}
