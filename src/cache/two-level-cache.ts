/**
 * Memory in front of a larger store that outlives the process and may be shared.
 *
 * @module
 */
import type { Claims } from './claims.ts';
import type { CacheStats, CacheStore, EntryMatch } from './cache-store.ts';
import type { Entry } from './entry.ts';
import type { MemoryCache } from './memory-cache.ts';

/** How often the levels tell each other what happened, in ms: a purge elsewhere takes effect within it. */
const EXCHANGE_MS = 1000;

/** The store. */
export class TwoLevelCache implements CacheStore {
  readonly claims: Claims | undefined;
  readonly #front: MemoryCache;
  readonly #back: CacheStore;
  readonly #timer: NodeJS.Timeout;
  /** Uses of entries that the back does not know of yet. */
  #uses = new Map<string, number>();
  /** The back's number of purges that the front is from; undefined until it was told. */
  #purges: number | undefined;

  constructor(front: MemoryCache, back: CacheStore) {
    this.#front = front;
    this.#back = back;
    this.claims = back.claims;
    this.#timer = setInterval(() => void this.#exchange(), EXCHANGE_MS).unref();
  }

  get(key: string): Promise<Entry | undefined> | Entry {
    const near = this.#front.get(key);
    if (near === undefined) return this.#fetch(key);
    this.#uses.set(key, (this.#uses.get(key) ?? 0) + 1);
    return near;
  }

  async #fetch(key: string): Promise<Entry | undefined> {
    const far = await this.#back.get(key);
    if (far !== undefined) this.#front.put(far);
    return far;
  }

  async set(entry: Entry): Promise<void> {
    this.#front.put(entry);
    await this.#back.set(entry);
  }

  async touch(uses: ReadonlyMap<string, number>): Promise<void> {
    await this.#front.touch(uses);
    await this.#back.touch(uses);
  }

  async purge(match: EntryMatch): Promise<number> {
    await this.#front.purge(match);
    const purged = await this.#back.purge(match);
    // What another process stored since may have come to the front meanwhile.
    await this.#front.purge(match);
    return purged;
  }

  async purges(): Promise<number> {
    return this.#back.purges();
  }

  async list(match: EntryMatch, limit: number): Promise<readonly Entry[]> {
    return this.#back.list(match, limit);
  }

  async stats(): Promise<CacheStats> {
    return this.#back.stats();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#tellUses();
    await this.#front.close();
    await this.#back.close();
  }

  /** The front does not know which entries a purge meant, and drops them all: they come back when used. */
  async #exchange(): Promise<void> {
    try {
      const purges = await this.#back.purges();
      if (this.#purges !== undefined && purges !== this.#purges) this.#front.clear();
      this.#purges = purges;
    } catch {
      // A back that cannot be asked may have been purged.
      this.#purges = -1;
    }
    await this.#tellUses();
  }

  async #tellUses(): Promise<void> {
    if (this.#uses.size === 0) return;
    const uses = this.#uses;
    this.#uses = new Map();
    await this.#back.touch(uses);
  }
}
