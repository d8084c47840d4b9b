import { after, before, describe, test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteCache } from '../cache/sqlite-cache.ts';
import { openSqliteStores } from '../stores/sqlite-stores.ts';
import { entryOf } from '../testing/contracts/cache-store.ts';
import { callRecord } from '../testing/contracts/ledger-store.ts';
import { main } from './main.ts';

let directory: string;
let files = 0;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'farthing-cache-cli-'));
});
after(() => rmSync(directory, { recursive: true }));

/** A ledger's file with a cache beside it. */
async function filled(): Promise<string> {
  const data = join(directory, `${files++}.db`);
  const cache = new SqliteCache(data.replace('.db', '-cache.db'), { bytes: 1_000_000 });
  const now = Date.now();
  await cache.set(entryOf({ key: 'one', task: 'draft', tags: { f: 'x' }, body: '{"secret":1}' }));
  await cache.set(
    entryOf({
      key: 'two',
      task: 'draft',
      tenant: 'team',
      storedAt: now - 7_200_000,
      deadAt: now + 60_000,
    }),
  );
  await cache.set(entryOf({ key: 'three', task: 'other', tenant: 'team' }));
  await cache.close();
  const stores = openSqliteStores(data);
  const hit = {
    cache: 'hit',
    attempts: [],
    savedNano: { cache: 10_000, coalesce: 0, route: 0, service: 0 },
  } as const;
  await stores.ledger.append(callRecord({ ...hit, model: 'small', tier: 0 }));
  await stores.ledger.append(callRecord({ cache: 'miss' }));
  await stores.close();
  return data;
}

async function run(t: TestContext, ...words: string[]) {
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    const write = process[name].write.bind(process[name]);
    t.mock.method(process[name], 'write', (text: string | Uint8Array) => {
      // What is no text is the test runner's own.
      if (typeof text !== 'string') return write(text);
      written[name] += text;
      return true;
    });
  }
  try {
    return { code: await main(['cache', ...words]), ...written };
  } finally {
    t.mock.restoreAll();
  }
}

describe('farthing cache', () => {
  test('stats: what is kept, how often it was given, what that saved', async (t) => {
    const data = await filled();
    const { stdout } = await run(t, 'stats', '--data', data, '--json');
    const found = JSON.parse(stdout) as Record<string, unknown> & { tasks: { task: string }[] };
    assert.deepEqual(
      [found['entries'], found['calls'], found['hits'], found['hit_rate'], found['saved_nano_usd']],
      [3, 2, 1, 0.5, 10_000],
    );
    assert.deepEqual(
      found.tasks.map(({ task }) => task),
      ['draft', 'other'],
    );
    const text = (await run(t, 'stats', '--data', data)).stdout;
    assert.match(text, /draft +2 .* 50\.0 % +\$0\.00001/);
  });

  test('list: entries that are meant, never their answers', async (t) => {
    const data = await filled();
    const keys = async (...words: string[]): Promise<string[]> => {
      const { stdout } = await run(t, 'list', '--data', data, '--json', ...words);
      assert.doesNotMatch(stdout, /secret/);
      const { entries } = JSON.parse(stdout) as { entries: { key: string }[] };
      return entries.map(({ key }) => key).toSorted();
    };
    assert.deepEqual(await keys(), ['one', 'three', 'two']);
    assert.deepEqual(await keys('--tenant', 'team', '--task', 'draft'), ['two']);
    assert.deepEqual(await keys('--tag', 'f=x'), ['one']);
    assert.deepEqual(await keys('--tenant', ''), ['one']);
    assert.deepEqual(await keys('--older-than', '1h'), ['two']);
    assert.equal((await keys('--limit', '1')).length, 1);
    const { stdout } = await run(t, 'list', '--data', data);
    assert.match(stdout, /one +draft +\(open\)/);
    assert.doesNotMatch(stdout, /secret/);
  });

  test('purge: one, some, all; nothing without a word which', async (t) => {
    const data = await filled();
    const purged = async (...words: string[]): Promise<unknown> => {
      const { stdout } = await run(t, 'purge', '--data', data, '--json', ...words);
      return (JSON.parse(stdout) as { purged: number }).purged;
    };
    for (const words of [[], ['--all', '--task', 'draft'], ['--all', 'one']]) {
      const { code, stderr } = await run(t, 'purge', '--data', data, ...words);
      assert.equal(code, 2);
      assert.match(stderr, /Say which entries/);
    }
    assert.equal(await purged('unknown'), 0);
    assert.equal(await purged('one'), 1);
    assert.equal(await purged('--tenant', 'team', '--older-than', '1h'), 1);
    assert.equal(await purged('--all'), 1);
    assert.match((await run(t, 'list', '--data', data)).stdout, /Nothing is kept/);
  });

  test('a cache that is not there is told of, not made', async (t) => {
    const { code, stderr } = await run(t, 'stats', '--data', join(directory, 'none.db'));
    assert.equal(code, 1);
    assert.match(stderr, /There is no cache at .*none-cache\.db/);
  });
});
