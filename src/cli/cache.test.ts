import { after, before, describe, test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteCache } from '../cache/sqlite-cache.ts';
import { EVIDENCE } from '../semantic/evidence.ts';
import { QuestionFile } from '../semantic/question-file.ts';
import { Scope } from '../semantic/scope.ts';
import { openSqliteStores } from '../stores/sqlite/sqlite-stores.ts';
import { entryOf } from '../testing/contracts/cache-store.ts';
import { callRecord } from '../testing/ledger-records.ts';
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
  const cache = new SqliteCache(cacheOf(data), { bytes: 1_000_000 });
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

const cacheOf = (data: string): string => data.replace('.db', '-cache.db');

/** What a gateway leaves that answered by likeness: evidence, and two hits to be reviewed. */
async function learned(data: string): Promise<void> {
  const scope = new Scope({ tenant: 'team', task: 'draft', embedder: 'e' }, 0.01);
  for (let at = 0; at < 1_000; at++) {
    const verdict = at === 0 ? 'wrong' : 'right';
    scope.rate.record({ similarity: 0.99, verdict, served: false });
  }
  scope.usedAt = Date.now();
  scope.add('avoidedNano', 5_000);
  scope.add('embeddingNano', 500);
  scope.add('judgingNano', 6_000);
  scope.add('judgingNano', undefined);
  const stores = openSqliteStores(data);
  stores.ledger.save(EVIDENCE, JSON.stringify({ mine: scope.state() }));
  await stores.close();
  const file = new QuestionFile(cacheOf(data));
  for (const key of ['one', 'two']) {
    file.addReview({
      key,
      evidence: 'mine',
      tenant: 'team',
      task: 'draft',
      asked: 'Which one?\u001b[2J\nSay.',
      kept: 'What?',
      freshAnswer: 'This.',
      keptAnswer: 'That.',
      similarity: 0.91,
      served: false,
      at: Date.UTC(2026, 10, 24),
    });
  }
  file.close();
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

  test('stats: how often answers by likeness are wrong, and what they save after all that they cost', async (t) => {
    const data = await filled();
    const none = JSON.parse((await run(t, 'stats', '--data', data, '--json')).stdout) as object;
    assert.partialDeepStrictEqual(none, { semantic: [] });
    assert.doesNotMatch((await run(t, 'stats', '--data', data)).stdout, /likeness/);
    await learned(data);
    const { stdout } = await run(t, 'stats', '--data', data, '--json');
    const { semantic } = JSON.parse(stdout) as { semantic: Record<string, unknown>[] };
    assert.equal(semantic.length, 1);
    assert.partialDeepStrictEqual(semantic[0], {
      task: 'draft',
      tenant: 'team',
      judged: 1_000,
      wrong: 1,
      limit: 0.01,
      state: 'serving',
      threshold: 0.5,
      reviews_waiting: 2,
      avoided_nano_usd: 5_000,
      saved_nano_usd: -1_500,
      unpriced: 1,
    });
    const text = (await run(t, 'stats', '--data', data)).stdout;
    assert.match(
      text,
      /draft +team .* 1000 +1 +0\.473 % +1 % +0\.5 +2 +-\$0\.0000015 \(1 unpriced\)/,
    );
  });

  test('review: what waits is shown, with what was asked and answered, and decided once', async (t) => {
    const data = await filled();
    assert.match((await run(t, 'review', '--data', data)).stdout, /Nothing waits/);
    await learned(data);
    const { stdout } = await run(t, 'review', '--data', data, '--json');
    const { reviews } = JSON.parse(stdout) as { reviews: Record<string, unknown>[] };
    assert.equal(reviews.length, 2);
    assert.deepEqual(reviews[1], {
      id: 1,
      task: 'draft',
      tenant: 'team',
      at: '2026-11-24T00:00:00.000Z',
      similarity: 0.91,
      served: false,
      asked: 'Which one?\u001b[2J\nSay.',
      kept: 'What?',
      fresh_answer: 'This.',
      kept_answer: 'That.',
    });
    const text = (await run(t, 'review', '--data', data)).stdout;
    assert.match(text, /1 {2}draft of team, 2026-11-24T00:00:00\.000Z, similarity 0\.910/);
    assert.match(text, /asked +Which one\? \[2J\n {16}Say\./);
    assert.match((await run(t, 'review', '1', 'wrong', '--data', data)).stdout, /1 is wrong/);
    const again = await run(t, 'review', '1', 'right', '--data', data);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /No review 1 waits/);
    for (const words of [['1'], ['1', 'maybe'], ['x', 'right']]) {
      assert.equal((await run(t, 'review', ...words, '--data', data)).code, 2);
    }
    const file = new QuestionFile(cacheOf(data));
    assert.partialDeepStrictEqual(file.takeDecided(), [{ id: 1, verdict: 'wrong' }]);
    file.close();
    assert.match((await run(t, 'review', '--help')).stdout, /Shows what users asked/);
    const { code, stderr } = await run(t, 'review', '--data', join(directory, 'none.db'));
    assert.equal(code, 1);
    assert.match(stderr, /There are no reviews/);
  });

  test('a cache that is not there is told of, not made', async (t) => {
    const { code, stderr } = await run(t, 'stats', '--data', join(directory, 'none.db'));
    assert.equal(code, 1);
    assert.match(stderr, /There is no cache at .*none-cache\.db/);
  });
});
