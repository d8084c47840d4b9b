/**
 * A place where answers are kept.
 *
 * @module
 */
import type { Claims } from './claims.ts';
import type { Entry } from './entry.ts';

/** Which entries are meant; every part that is given must hold, and none means all. */
export interface EntryMatch {
  readonly key?: string;
  readonly task?: string;
  readonly tenant?: string;
  /** A tag with its value. */
  readonly tag?: { readonly name: string; readonly value: string };
  /** Those that were stored before, in ms since the epoch. */
  readonly storedBefore?: number;
}

/** Entries of one task, summed up. */
export interface TaskEntries {
  readonly task: string;
  readonly entries: number;
  /** As they are kept: compressed where they are. */
  readonly bytes: number;
  /** What the answers had cost, in nano-dollars, as far as that is known. */
  readonly costNano: number;
}

/** What is kept. */
export interface CacheStats {
  readonly entries: number;
  readonly bytes: number;
  /** What may be kept at most; undefined where that is not ours to say. */
  readonly mostBytes: number | undefined;
  readonly tasks: readonly TaskEntries[];
}

/**
 * A place for entries. Several processes may share what is behind it.
 *
 * What calls use never holds them up for long: `get` rejects where the place cannot be asked in time, which
 * a call takes for a miss; `set` and `touch` never reject, what cannot be written is not kept. The others are
 * for people, who must be told, and reject.
 */
export interface CacheStore {
  /** Who works on which entry; undefined where no other machine can see the place. */
  readonly claims?: Claims | undefined;
  /** An entry that is not dead; undefined for none, and for one that is damaged. Without a promise where it is at hand. */
  get(key: string): Promise<Entry | undefined> | Entry | undefined;
  /** Keeps an entry, in place of the one of the same key. Others may be dropped for it. */
  set(entry: Entry): Promise<void>;
  /** Tells how often entries were used elsewhere: by those who had them from here. */
  touch(uses: ReadonlyMap<string, number>): Promise<void>;
  /** Drops entries. Resolves to how many. */
  purge(match: EntryMatch): Promise<number>;
  /** A number that rises with every purge, of whatever process: copies of before are no longer valid. */
  purges(): Promise<number>;
  /** The newest entries, newest first. */
  list(match: EntryMatch, limit: number): Promise<readonly Entry[]>;
  stats(): Promise<CacheStats>;
  close(): Promise<void>;
}

/** What a match looks at. */
export type Labelled = Pick<Entry, 'key' | 'task' | 'tenant' | 'tags' | 'storedAt'>;

/** True for an entry that is meant. */
export function matches(entry: Labelled, match: EntryMatch): boolean {
  const { key, task, tenant, tag, storedBefore } = match;
  return (
    (key === undefined || entry.key === key) &&
    (task === undefined || entry.task === task) &&
    (tenant === undefined || entry.tenant === tenant) &&
    (tag === undefined || entry.tags[tag.name] === tag.value) &&
    (storedBefore === undefined || entry.storedAt < storedBefore)
  );
}

/** Sums up entries by task, with the bytes that each takes. */
export class StatsSum {
  readonly #tasks = new Map<string, { entries: number; bytes: number; costNano: number }>();

  add({ task, costNano }: Pick<Entry, 'task' | 'costNano'>, bytes: number): void {
    let sum = this.#tasks.get(task);
    if (sum === undefined) this.#tasks.set(task, (sum = { entries: 0, bytes: 0, costNano: 0 }));
    sum.entries++;
    sum.bytes += bytes;
    sum.costNano += costNano ?? 0;
  }

  stats(mostBytes: number | undefined): CacheStats {
    const tasks = [...this.#tasks]
      .map(([task, sum]) => ({ task, ...sum }))
      .toSorted((a, b) => b.bytes - a.bytes || (a.task < b.task ? -1 : 1));
    return {
      entries: tasks.reduce((sum, { entries }) => sum + entries, 0),
      bytes: tasks.reduce((sum, { bytes }) => sum + bytes, 0),
      mostBytes,
      tasks,
    };
  }
}
