/**
 * What every cache store must do. Run by each implementation's test.
 *
 * @module
 */
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { CacheStore } from '../../cache/cache-store.ts';
import type { Entry } from '../../cache/entry.ts';
import { NO_TOKENS } from '../../pricing/usage.ts';

let made = 0;

/** An entry with what is of no interest filled in, under a key of its own. */
export function entryOf(more: Partial<Entry> = {}): Entry {
  const storedAt = more.storedAt ?? Date.now();
  return {
    key: `key-${made++}`,
    operation: 'chat',
    body: '{"id":"chatcmpl-1","choices":[]}',
    usage: { tokens: { ...NO_TOKENS, input: 10, output: 5 }, source: 'provider' },
    model: 'small',
    provider: 'openai',
    tier: 0,
    outcome: 'accepted',
    costNano: 20_000,
    storedAt,
    freshUntil: storedAt + 60_000,
    deadAt: storedAt + 120_000,
    task: 'draft',
    tenant: '',
    tags: {},
    ...more,
  };
}

/** What a store is opened with. */
export interface Opened {
  readonly store: CacheStore;
  readonly close: () => Promise<void>;
}

/** What differs between stores. */
export interface ContractOptions {
  /** Gives an empty store, of at least a megabyte. */
  readonly open: () => Promise<Opened>;
  /** A store of about so many bytes; undefined where a store does not bound itself. */
  readonly openSmall: ((bytes: number) => Promise<Opened>) | undefined;
}

/** Runs the suite. */
export function cacheStoreContract(name: string, { open, openSmall }: ContractOptions): void {
  const withStore = async (run: (store: CacheStore) => Promise<void>): Promise<void> => {
    const { store, close } = await open();
    try {
      await run(store);
    } finally {
      await close();
    }
  };

  describe(`${name} keeps answers`, () => {
    test('an entry is read back as it was set', async () => {
      await withStore(async (store) => {
        const entry = entryOf({
          body: JSON.stringify({ text: 'Grüße, 世界, \0, \ud83d\ude00' }),
          tags: { feature: 'draft', 'ünï "quoted"': "x' OR 1=1" },
          tenant: 'team\n7:a',
          costNano: undefined,
          outcome: undefined,
          usage: {
            tokens: { ...NO_TOKENS, cacheRead: 7, reasoning: 9 },
            source: 'estimated',
            serviceTier: 'flex',
          },
        });
        await store.set(entry);
        // What is undefined is not there after a way through JSON.
        assert.deepEqual(JSON.parse(JSON.stringify(await store.get(entry.key))), {
          ...JSON.parse(JSON.stringify(entry)),
        });
        assert.equal(await store.get('another'), undefined);
      });
    });

    test('any body comes back to the letter', async () => {
      await withStore(async (store) => {
        await fc.assert(
          fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 300 }), async (text) => {
            const entry = entryOf({ body: JSON.stringify({ text }) });
            await store.set(entry);
            assert.equal((await store.get(entry.key))?.body, entry.body);
          }),
          { numRuns: 50 },
        );
      });
    });

    test('a second entry of a key takes the place of the first', async () => {
      await withStore(async (store) => {
        const entry = entryOf();
        await store.set(entry);
        await store.set({ ...entry, body: '{"second":true}' });
        assert.equal((await store.get(entry.key))?.body, '{"second":true}');
        assert.equal((await store.stats()).entries, 1);
      });
    });

    test('the dead are not given, nor counted', async () => {
      await withStore(async (store) => {
        const past = Date.now() - 1000;
        const dead = entryOf({ freshUntil: past, deadAt: past });
        await store.set(dead);
        assert.equal(await store.get(dead.key), undefined);
        assert.deepEqual(await store.list({}, 10), []);
        assert.equal((await store.stats()).entries, 0);
      });
    });

    test('a stale entry is given: what becomes of it is not for the store to say', async () => {
      await withStore(async (store) => {
        const stale = entryOf({ freshUntil: Date.now() - 1000 });
        await store.set(stale);
        assert.equal((await store.get(stale.key))?.key, stale.key);
      });
    });

    test('purges what is meant, and nothing else', async () => {
      const now = Date.now();
      const entries = [
        entryOf({ task: 'a', tenant: 't1', tags: { f: 'x' }, storedAt: now - 5000 }),
        entryOf({ task: 'a', tenant: 't2', tags: { f: 'y' }, storedAt: now - 1000 }),
        entryOf({ task: 'b', tenant: 't1', tags: { f: 'x', g: 'x' }, storedAt: now - 1000 }),
        entryOf({ task: "b'; --", tenant: '', tags: {}, storedAt: now - 5000 }),
      ] as const;
      const cases = [
        [{ task: 'a' }, [0, 1]],
        [{ task: "b'; --" }, [3]],
        [{ tenant: 't1' }, [0, 2]],
        [{ tenant: '' }, [3]],
        [{ tag: { name: 'f', value: 'x' } }, [0, 2]],
        [{ tag: { name: 'x', value: 'f' } }, []],
        [{ storedBefore: now - 2000 }, [0, 3]],
        [{ key: entries[1].key }, [1]],
        [{ task: 'a', tag: { name: 'f', value: 'x' } }, [0]],
        [{}, [0, 1, 2, 3]],
      ] as const;
      await withStore(async (store) => {
        for (const [match, meant] of cases) {
          for (const entry of entries) await store.set(entry);
          const before = await store.purges();
          assert.equal(await store.purge(match), meant.length, JSON.stringify(match));
          assert.ok((await store.purges()) > before);
          for (const [index, { key }] of entries.entries()) {
            const isGone = (await store.get(key)) === undefined;
            assert.equal(isGone, (meant as readonly number[]).includes(index));
          }
        }
      });
    });

    test('lists the newest first, and only what is meant', async () => {
      await withStore(async (store) => {
        const now = Date.now();
        for (let age = 0; age < 5; age++) {
          await store.set(entryOf({ key: `aged-${age}`, storedAt: now - age * 10 }));
        }
        await store.set(entryOf({ task: 'other' }));
        const found = await store.list({ task: 'draft' }, 3);
        assert.deepEqual(
          found.map(({ key }) => key),
          ['aged-0', 'aged-1', 'aged-2'],
        );
      });
    });

    test('sums up what it has, by task', async () => {
      await withStore(async (store) => {
        await store.set(entryOf({ task: 'a', costNano: 7 }));
        await store.set(entryOf({ task: 'a', costNano: undefined }));
        await store.set(entryOf({ task: 'b', costNano: 5 }));
        const { entries, bytes, tasks } = await store.stats();
        assert.equal(entries, 3);
        assert.ok(bytes > 0);
        assert.deepEqual(
          tasks
            .map(({ task, entries: count, costNano }) => [task, count, costNano])
            .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
          [
            ['a', 2, 7],
            ['b', 1, 5],
          ],
        );
      });
    });

    test('a touch of what is not there does no harm', async () => {
      await withStore(async (store) => {
        const entry = entryOf();
        await store.set(entry);
        await store.touch(
          new Map([
            ['nobody', 3],
            [entry.key, 2],
          ]),
        );
        assert.equal((await store.get(entry.key))?.key, entry.key);
      });
    });

    if (openSmall === undefined) return;
    test('never keeps more than it may, and keeps what saves most', async () => {
      const bytes = 200_000;
      const { store, close } = await openSmall(bytes);
      try {
        const dear = entryOf({ costNano: 1_000_000_000 });
        await store.set(dear);
        for (let count = 0; count < 2000; count++) {
          // Bodies that do not shrink: each takes its kilobyte wherever it is kept.
          const text = Buffer.from(
            crypto.getRandomValues(new Uint8Array(700)).map((byte) => byte),
          ).toString('base64');
          await store.set(entryOf({ body: JSON.stringify({ text }), costNano: 10 }));
          if (count % 200 === 0) assert.ok((await store.stats()).bytes <= bytes);
        }
        const stats = await store.stats();
        assert.ok(stats.bytes <= bytes && stats.bytes > bytes / 2, `${stats.bytes} bytes`);
        assert.equal(stats.mostBytes, bytes);
        assert.ok((await store.get(dear.key)) !== undefined, 'the dearest was dropped');
      } finally {
        await close();
      }
    });
  });
}
