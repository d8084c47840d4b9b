/**
 * Entries in a SQLite file of their own: they survive a restart, and neither their number nor their loss
 * touches the ledger. Several processes may open the same file.
 *
 * @module
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { type CacheStats, type CacheStore, type EntryMatch, StatsSum } from './cache-store.ts';
import { decodeEntry, encodeEntry, type Entry } from './entry.ts';
import { type EvictionPolicy, savedPerByte } from './eviction.ts';
import { openCacheFile } from './sqlite-cache-file.ts';

/** What can be set. */
export interface SqliteCacheOptions {
  /** Bytes of entries that may be kept at most; the file is somewhat larger. */
  readonly bytes: number;
  /** @default savedPerByte */
  readonly policy?: EvictionPolicy;
  /** Told when something could not be written, and is lost. @default a line on standard error, at most one a minute */
  readonly onError?: (error: Error) => void;
}

/** What a row takes beside its data, in bytes, roughly: its columns and its place in two trees. */
const ROW_BYTES = 400;
/** Entries that wait to be written; those beyond are not kept. */
const MOST_WAITING = 10_000;
/** Shortest time between two complaints, in ms. */
const COMPLAINT_MS = 60_000;
/** Rows dropped at once for room. */
const DROPPED_AT_ONCE = 64;

type Row = Readonly<Record<string, SQLOutputValue>>;

/** The store. */
export class SqliteCache implements CacheStore {
  readonly #database: DatabaseSync;
  readonly #options: SqliteCacheOptions;
  readonly #policy: EvictionPolicy;
  readonly #get: StatementSync;
  readonly #use: StatementSync;
  readonly #known: StatementSync;
  readonly #put: StatementSync;
  readonly #least: StatementSync;
  readonly #drop: StatementSync;
  #waiting = new Map<string, Entry>();
  #uses = new Map<string, number>();
  #soon: NodeJS.Immediate | undefined;
  #complainedAt = -COMPLAINT_MS;
  #closed = false;

  /** Opens or makes a file. Throws `invalid_config` for one that is none. */
  constructor(path: string, options: SqliteCacheOptions) {
    this.#options = options;
    this.#policy = options.policy ?? savedPerByte;
    const database = openCacheFile(path);
    this.#database = database;
    this.#get = database.prepare('SELECT data FROM entries WHERE key = ? AND dead_at > ?');
    this.#known = database.prepare('SELECT uses, bytes, cost_nano FROM entries WHERE key = ?');
    this.#use = database.prepare('UPDATE entries SET uses = ?, worth = ? WHERE key = ?');
    this.#put = database.prepare(
      `INSERT INTO entries (key, task, tenant, tags, stored_at, dead_at, cost_nano, bytes, uses, worth, data)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET stored_at = excluded.stored_at, dead_at = excluded.dead_at,
         tags = excluded.tags, cost_nano = excluded.cost_nano, bytes = excluded.bytes,
         uses = excluded.uses, worth = excluded.worth, data = excluded.data`,
    );
    this.#least = database.prepare(
      `SELECT key, worth FROM entries ORDER BY worth LIMIT ${DROPPED_AT_ONCE}`,
    );
    this.#drop = database.prepare('DELETE FROM entries WHERE key = ?');
  }

  async get(key: string): Promise<Entry | undefined> {
    const now = Date.now();
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) return waiting.deadAt > now ? waiting : undefined;
    const data = this.#get.get(key, now)?.['data'];
    if (!(data instanceof Uint8Array)) return undefined;
    const entry = decodeEntry(data, key);
    if (entry !== undefined) this.#uses.set(key, (this.#uses.get(key) ?? 0) + 1);
    return entry;
  }

  /** Resolves when the entry is written, with others of the same turn. */
  async set(entry: Entry): Promise<void> {
    if (this.#closed || this.#waiting.size >= MOST_WAITING) return;
    this.#waiting.set(entry.key, entry);
    this.#soon ??= setImmediate(() => this.#flush());
    // Behind the one that writes.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  async touch(uses: ReadonlyMap<string, number>): Promise<void> {
    if (this.#closed) return;
    for (const [key, times] of uses) this.#uses.set(key, (this.#uses.get(key) ?? 0) + times);
    this.#soon ??= setImmediate(() => this.#flush());
  }

  async purge(match: EntryMatch): Promise<number> {
    this.#flush();
    const { where, parameters } = conditionOf(match);
    return this.#together(() => {
      const { changes } = this.#database
        .prepare(`DELETE FROM entries WHERE ${where}`)
        .run(...parameters);
      // A review shows what an entry said; whose entry has ended may have been meant as well.
      this.#database.exec('DELETE FROM reviews WHERE key NOT IN (SELECT key FROM entries)');
      this.#database.exec("UPDATE state SET value = value + 1 WHERE name = 'purges'");
      return Number(changes);
    });
  }

  async purges(): Promise<number> {
    return this.#state('purges');
  }

  async list(match: EntryMatch, limit: number): Promise<readonly Entry[]> {
    this.#flush();
    const { where, parameters } = conditionOf(match);
    return this.#database
      .prepare(
        `SELECT key, data FROM entries WHERE dead_at > ? AND ${where} ORDER BY stored_at DESC LIMIT ?`,
      )
      .all(Date.now(), ...parameters, limit)
      .flatMap(({ key, data }) =>
        data instanceof Uint8Array ? (decodeEntry(data, String(key)) ?? []) : [],
      );
  }

  async stats(): Promise<CacheStats> {
    this.#flush();
    const sum = new StatsSum();
    const rows = this.#database
      .prepare('SELECT task, bytes, cost_nano FROM entries WHERE dead_at > ?')
      .iterate(Date.now());
    for (const { task, bytes, cost_nano: cost } of rows) {
      sum.add(
        { task: String(task), costNano: cost === null ? undefined : Number(cost) },
        Number(bytes),
      );
    }
    return sum.stats(this.#options.bytes);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    this.#database.close();
  }

  /** Writes what waits in one transaction. What cannot be written is lost: it is only a cache. */
  #flush(): void {
    clearImmediate(this.#soon);
    this.#soon = undefined;
    const entries = this.#waiting;
    const uses = this.#uses;
    if (entries.size + uses.size === 0) return;
    this.#waiting = new Map();
    this.#uses = new Map();
    try {
      this.#together(() => {
        const floor = this.#state('floor');
        for (const [key, times] of uses) this.#count(key, times, floor);
        for (const entry of entries.values()) this.#write(entry, floor);
        this.#makeRoom();
      });
    } catch (error) {
      this.#complain(error as Error);
    }
  }

  #together<Result>(work: () => Result): Result {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #count(key: string, times: number, floor: number): void {
    const row = this.#known.get(key);
    if (row === undefined) return;
    const uses = Number(row['uses']) + times;
    const [bytes, costNano] = [Number(row['bytes']), Number(row['cost_nano'] ?? 0)];
    this.#use.run(uses, this.#policy({ uses, bytes, costNano, tick: Date.now() }, floor), key);
  }

  #write(entry: Entry, floor: number): void {
    const { key, task, tenant, tags, storedAt, deadAt, costNano } = entry;
    const data = encodeEntry(entry);
    const tagText = JSON.stringify(tags);
    const bytes = data.length + tagText.length + ROW_BYTES;
    // What is larger than a tenth of the room would drop too much else.
    if (bytes > this.#options.bytes / 10) return;
    const uses = Number(this.#known.get(key)?.['uses'] ?? 0) + 1;
    const use = { uses, bytes, costNano: costNano ?? 0, tick: Date.now() };
    const worth = this.#policy(use, floor);
    const cost = costNano ?? null;
    this.#put.run(key, task, tenant, tagText, storedAt, deadAt, cost, bytes, uses, worth, data);
  }

  /** Drops the dead, then what is worth least, until what is left fits. */
  #makeRoom(): void {
    if (this.#state('bytes') <= this.#options.bytes) return;
    this.#database.prepare('DELETE FROM entries WHERE dead_at <= ?').run(Date.now());
    while (this.#state('bytes') > this.#options.bytes) {
      const least: readonly Row[] = this.#least.all();
      if (least.length === 0) return;
      for (const { key, worth } of least) {
        this.#drop.run(String(key));
        this.#database
          .prepare("UPDATE state SET value = ? WHERE name = 'floor'")
          .run(Number(worth));
        if (this.#state('bytes') <= this.#options.bytes) return;
      }
    }
  }

  #state(name: 'bytes' | 'floor' | 'purges'): number {
    const row = this.#database.prepare('SELECT value FROM state WHERE name = ?').get(name);
    return Number(row?.['value'] ?? 0);
  }

  #complain(error: Error): void {
    if (this.#options.onError !== undefined) return this.#options.onError(error);
    const now = performance.now();
    if (now - this.#complainedAt < COMPLAINT_MS) return;
    this.#complainedAt = now;
    process.stderr.write(`The cache cannot be written (${error.message}); answers are not kept.\n`);
  }
}

/** A match as a condition over `entries`. */
function conditionOf({ key, task, tenant, tag, storedBefore }: EntryMatch): {
  readonly where: string;
  readonly parameters: readonly (string | number)[];
} {
  const parts: string[] = ['1'];
  const parameters: (string | number)[] = [];
  const add = (part: string, ...values: readonly (string | number)[]): void => {
    parts.push(part);
    parameters.push(...values);
  };
  if (key !== undefined) add('key = ?', key);
  if (task !== undefined) add('task = ?', task);
  if (tenant !== undefined) add('tenant = ?', tenant);
  if (storedBefore !== undefined) add('stored_at < ?', storedBefore);
  if (tag !== undefined) {
    add(
      'EXISTS (SELECT 1 FROM json_each(entries.tags) AS t WHERE t.key = ? AND t.value = ?)',
      tag.name,
      tag.value,
    );
  }
  return { where: parts.join(' AND '), parameters };
}
