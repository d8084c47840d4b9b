/**
 * The cache of one gateway: its store, and what still goes on for it when the calls are answered.
 *
 * @module
 */
import type { CachePolicy } from '../config/cache-policy.ts';
import type { Task } from '../config/config.ts';
import type { CacheStore } from './cache-store.ts';
import type { Entry } from './entry.ts';
import { RepeatedBodies } from './repeated-bodies.ts';

/** A store with the work that nobody waits for. */
export class AnswerCache {
  readonly store: CacheStore;
  /** Requests that were answered from it, for those who read and look up the next. */
  readonly repeated = new RepeatedBodies();
  /** How answers of tasks are kept that were found, not configured; undefined: not at all. */
  readonly policy: CachePolicy | undefined;
  readonly #works = new Set<Promise<unknown>>();
  readonly #revalidating = new Set<string>();

  constructor(store: CacheStore, policy: CachePolicy | undefined) {
    this.store = store;
    this.policy = policy;
  }

  /** How answers of a task are kept; undefined: not at all. */
  policyOf({ origin, cache }: Task): CachePolicy | undefined {
    return origin === 'found' ? this.policy : cache;
  }

  /** Keeps an entry, then tells that it is. Nobody waits for it. */
  keep(entry: Entry, then: () => Promise<void>): void {
    this.background(this.store.set(entry).then(then));
  }

  /** Lets work go on by itself. What it throws is lost. */
  background(work: Promise<unknown>): void {
    const settled = work
      .catch(() => undefined)
      .finally(() => {
        this.#works.delete(settled);
      });
    this.#works.add(settled);
  }

  /** Lets a key's revalidation go on by itself, unless one already does. */
  revalidate(key: string, work: () => Promise<void>): void {
    if (this.#revalidating.has(key)) return;
    this.#revalidating.add(key);
    this.background(work().finally(() => this.#revalidating.delete(key)));
  }

  /** Resolves when nothing goes on any more. */
  async idle(): Promise<void> {
    while (this.#works.size > 0) await Promise.all(this.#works);
  }

  /** Waits for what goes on, then closes the store. */
  async close(): Promise<void> {
    await this.idle();
    await this.store.close();
  }
}
