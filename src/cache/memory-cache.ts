/**
 * Entries in memory, bounded by bytes.
 *
 * @module
 */
import {
  type CacheStats,
  type CacheStore,
  type EntryMatch,
  matches,
  StatsSum,
} from './cache-store.ts';
import { bytesInMemory, type Entry } from './entry.ts';
import { type EvictionPolicy, savedPerByte } from './eviction.ts';
import { LeastFirst } from './least-first.ts';

/** What can be set. */
export interface MemoryCacheOptions {
  /** Bytes that may be kept at most, as they are reckoned by `bytesInMemory`. */
  readonly bytes: number;
  /** @default savedPerByte */
  readonly policy?: EvictionPolicy;
}

/** An entry in its place. */
interface Kept {
  readonly entry: Entry;
  readonly bytes: number;
  uses: number;
}

/** The store. What it has, it has at once. */
export class MemoryCache implements CacheStore {
  readonly #most: number;
  readonly #policy: EvictionPolicy;
  readonly #kept = new Map<string, Kept>();
  readonly #order = new LeastFirst();
  #bytes = 0;
  #floor = 0;
  #tick = 0;
  #purges = 0;

  constructor({ bytes, policy = savedPerByte }: MemoryCacheOptions) {
    this.#most = bytes;
    this.#policy = policy;
  }

  get(key: string): Entry | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    if (kept.entry.deadAt <= Date.now()) {
      this.#drop(key, kept);
      return undefined;
    }
    this.#use(key, kept, 1);
    return kept.entry;
  }

  /** As {@link set}, without a promise. */
  put(entry: Entry): void {
    const { key } = entry;
    const before = this.#kept.get(key);
    if (before !== undefined) this.#drop(key, before);
    const kept: Kept = { entry, bytes: bytesInMemory(entry), uses: before?.uses ?? 0 };
    // What is larger than a tenth of the room would drop too much else.
    if (kept.bytes > this.#most / 10) return;
    while (this.#bytes + kept.bytes > this.#most) this.#dropLeast();
    this.#kept.set(key, kept);
    this.#bytes += kept.bytes;
    this.#use(key, kept, 1);
  }

  /** Drops everything; no purge. */
  clear(): void {
    this.#kept.clear();
    this.#order.clear();
    this.#bytes = 0;
  }

  async set(entry: Entry): Promise<void> {
    this.put(entry);
  }

  async touch(uses: ReadonlyMap<string, number>): Promise<void> {
    for (const [key, times] of uses) {
      const kept = this.#kept.get(key);
      if (kept !== undefined) this.#use(key, kept, times);
    }
  }

  async purge(match: EntryMatch): Promise<number> {
    let purged = 0;
    for (const [key, kept] of this.#kept) {
      if (!matches(kept.entry, match)) continue;
      this.#drop(key, kept);
      purged++;
    }
    this.#purges++;
    return purged;
  }

  async purges(): Promise<number> {
    return this.#purges;
  }

  async list(match: EntryMatch, limit: number): Promise<readonly Entry[]> {
    return this.#alive()
      .map(({ entry }) => entry)
      .filter((entry) => matches(entry, match))
      .toSorted((a, b) => b.storedAt - a.storedAt)
      .slice(0, limit);
  }

  async stats(): Promise<CacheStats> {
    const sum = new StatsSum();
    for (const { entry, bytes } of this.#alive()) sum.add(entry, bytes);
    return sum.stats(this.#most);
  }

  async close(): Promise<void> {
    this.clear();
  }

  #alive(): Kept[] {
    const now = Date.now();
    return [...this.#kept.values()].filter(({ entry }) => entry.deadAt > now);
  }

  #use(key: string, kept: Kept, times: number): void {
    kept.uses += times;
    const { uses, bytes, entry } = kept;
    const use = { uses, bytes, costNano: entry.costNano ?? 0, tick: ++this.#tick };
    this.#order.put(key, this.#policy(use, this.#floor));
  }

  #dropLeast(): void {
    const least = this.#order.least();
    const kept = least === undefined ? undefined : this.#kept.get(least.key);
    if (least === undefined || kept === undefined) throw new Error('The cache has lost count.');
    this.#floor = least.worth;
    this.#drop(least.key, kept);
  }

  #drop(key: string, { bytes }: Kept): void {
    this.#kept.delete(key);
    this.#order.delete(key);
    this.#bytes -= bytes;
  }
}
