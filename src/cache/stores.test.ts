import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { cacheStoreContract, entryOf } from '../testing/contracts/cache-store.ts';
import type { CacheStore } from './cache-store.ts';
import { MemoryCache } from './memory-cache.ts';
import { SqliteCache } from './sqlite-cache.ts';
import { TwoLevelCache } from './two-level-cache.ts';

const BYTES = 10_000_000;

const opened = (store: CacheStore) => ({ store, close: async () => store.close() });

cacheStoreContract('memory', {
  open: async () => opened(new MemoryCache({ bytes: BYTES })),
  openSmall: async (bytes) => opened(new MemoryCache({ bytes })),
});

cacheStoreContract('SQLite', {
  open: async () => opened(new SqliteCache(':memory:', { bytes: BYTES })),
  openSmall: async (bytes) => opened(new SqliteCache(':memory:', { bytes })),
});

const twoLevels = (bytes: number): TwoLevelCache =>
  new TwoLevelCache(new MemoryCache({ bytes: bytes / 4 }), new SqliteCache(':memory:', { bytes }));

cacheStoreContract('memory before SQLite', {
  open: async () => opened(twoLevels(BYTES)),
  openSmall: async (bytes) => opened(twoLevels(bytes)),
});

describe('memory', () => {
  test('stays bounded over a million distinct keys', () => {
    const bytes = 4_000_000;
    const cache = new MemoryCache({ bytes });
    const entry = entryOf();
    for (let count = 0; count < 1_000_000; count++) cache.put({ ...entry, key: `k${count}` });
    let found = 0;
    for (let count = 0; count < 1_000_000; count++) {
      if (cache.get(`k${count}`) !== undefined) found++;
    }
    assert.ok(found > 1000 && found < bytes / 900, `${found} entries`);
  });

  test('an entry larger than a tenth of the room is not kept, and drops nothing', async () => {
    const cache = new MemoryCache({ bytes: 100_000 });
    const small = entryOf();
    cache.put(small);
    const large = entryOf({ body: 'x'.repeat(20_000) });
    cache.put(large);
    assert.equal(cache.get(large.key), undefined);
    assert.ok(cache.get(small.key) !== undefined);
  });
});

describe('SQLite in a file', () => {
  let directory: string;
  let files = 0;
  const path = (): string => join(directory, `cache-${files++}.db`);
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'farthing-cache-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  test('entries survive a restart, and only the owner can read them', async () => {
    const file = path();
    const entry = entryOf();
    const first = new SqliteCache(file, { bytes: BYTES });
    await first.set(entry);
    await first.close();
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const second = new SqliteCache(file, { bytes: BYTES });
    assert.equal((await second.get(entry.key))?.body, entry.body);
    assert.equal((await second.stats()).entries, 1);
    await second.close();
  });

  /** Runs SQL on a file while its cache is open. */
  const tamper = (file: string, sql: string, ...values: (string | Uint8Array)[]): void => {
    const database = new DatabaseSync(file);
    database.prepare(sql).run(...values);
    database.close();
  };

  test('what was altered, cut, put in another’s place or written by another version is a miss', async () => {
    const file = path();
    const cache = new SqliteCache(file, { bytes: BYTES });
    const [one, other] = [entryOf({ tenant: 'a' }), entryOf({ tenant: 'b' })];
    const dataOf = (key: string): Buffer => {
      const database = new DatabaseSync(file);
      const row = database.prepare('SELECT data FROM entries WHERE key = ?').get(key);
      database.close();
      return Buffer.from(row?.['data'] as Uint8Array);
    };
    await cache.set(one);
    await cache.set(other);
    const whole = dataOf(one.key);
    const altered = Buffer.from(whole);
    altered[altered.length - 3] = (altered[altered.length - 3] ?? 0) ^ 1;
    const older = Buffer.from(whole);
    older[1] = 0;
    const poisoned = [
      altered,
      older,
      whole.subarray(0, whole.length - 1),
      whole.subarray(0, 3),
      Buffer.alloc(0),
      Buffer.from('{"body":"served"}'),
      dataOf(other.key),
    ];
    for (const bytes of poisoned) {
      tamper(file, 'UPDATE entries SET data = ? WHERE key = ?', bytes, one.key);
      assert.equal(await cache.get(one.key), undefined);
    }
    tamper(file, 'UPDATE entries SET data = ? WHERE key = ?', whole, one.key);
    assert.equal((await cache.get(one.key))?.tenant, 'a');
    await cache.close();
  });

  test('a file of another version is emptied; a damaged one is made anew', async () => {
    const file = path();
    const first = new SqliteCache(file, { bytes: BYTES });
    for (let count = 0; count < 500; count++) await first.set(entryOf());
    await first.close();
    tamper(file, 'PRAGMA user_version = 99');
    const second = new SqliteCache(file, { bytes: BYTES });
    assert.equal((await second.stats()).entries, 0);
    for (let count = 0; count < 500; count++) await second.set(entryOf());
    await second.close();
    const bytes = readFileSync(file);
    bytes.fill(0xff, 4096, Math.min(bytes.length, 40_960));
    writeFileSync(file, bytes);
    const third = new SqliteCache(file, { bytes: BYTES });
    const entry = entryOf();
    await third.set(entry);
    assert.equal((await third.get(entry.key))?.key, entry.key);
    await third.close();
  });

  test('a file that is no database is refused, and left alone', () => {
    const file = path();
    const text = 'somebody’s notes, which are no database '.repeat(20);
    writeFileSync(file, text);
    assert.throws(() => new SqliteCache(file, { bytes: BYTES }), {
      code: 'invalid_config',
      message: /Cannot open the cache/,
    });
    assert.equal(readFileSync(file, 'utf8'), text);
  });

  test('a locked file loses entries, tells somebody, and fails nothing', async () => {
    const file = path();
    const told: string[] = [];
    const cache = new SqliteCache(file, {
      bytes: BYTES,
      onError: ({ message }) => told.push(message),
    });
    const kept = entryOf();
    await cache.set(kept);
    const other = new DatabaseSync(file);
    other.exec('BEGIN EXCLUSIVE');
    const lost = entryOf();
    await cache.set(lost);
    assert.match(told.join(), /locked/);
    assert.equal((await cache.get(kept.key))?.key, kept.key);
    other.exec('ROLLBACK');
    other.close();
    assert.equal(await cache.get(lost.key), undefined);
    await cache.close();
  });

  test('two processes see each other’s entries, and a purge reaches the other’s memory', async (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] });
    const file = path();
    const gateway = (): TwoLevelCache =>
      new TwoLevelCache(new MemoryCache({ bytes: BYTES }), new SqliteCache(file, { bytes: BYTES }));
    const [one, other] = [gateway(), gateway()];
    const entry = entryOf();
    const exchange = async (): Promise<void> => {
      context.mock.timers.tick(1000);
      await new Promise((resolve) => setImmediate(resolve));
    };
    await exchange();
    await one.set(entry);
    assert.equal((await other.get(entry.key))?.key, entry.key);
    await one.purge({ key: entry.key });
    await exchange();
    assert.equal(await other.get(entry.key), undefined);
    await one.close();
    await other.close();
  });
});
