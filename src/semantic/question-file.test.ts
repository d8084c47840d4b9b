import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteCache } from '../cache/sqlite-cache.ts';
import { entryOf } from '../testing/contracts/cache-store.ts';
import { type KeptQuestion, type NewQuestion, QuestionFile } from './question-file.ts';
import { MOST_REVIEWS, type NewReview } from './review.ts';

let directory: string;
let files = 0;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'farthing-questions-'));
});
after(() => rmSync(directory, { recursive: true }));

/** A cache of answers with what stands beside them in its file. */
function opened(bytes = 10_000_000) {
  const path = join(directory, `${files++}.db`);
  return { path, answers: new SqliteCache(path, { bytes }), file: new QuestionFile(path) };
}

function questionOf(key: string, more: Partial<NewQuestion> = {}): NewQuestion {
  const vector = Float32Array.of(0.6, 0.8);
  const deadAt = Date.now() + 60_000;
  return { key, embedder: 'e', namespace: 'n', text: `text of ${key}`, vector, deadAt, ...more };
}

function reviewOf(key: string): NewReview {
  return {
    key,
    evidence: 'scope',
    tenant: 'team',
    task: 'draft',
    asked: 'asked',
    kept: 'kept',
    freshAnswer: 'fresh',
    keptAnswer: 'old',
    similarity: 0.9,
    served: true,
    at: 1_700_000_000_000,
  };
}

const all = (file: QuestionFile, embedder = 'e'): KeptQuestion[] =>
  [...file.pages(embedder, 2)].flat();

describe('questions', () => {
  test('are kept beside their answers, and read again page by page, oldest first', async () => {
    const { answers, file, path } = opened();
    for (const key of ['a', 'b', 'c', 'd', 'e']) {
      await answers.set(entryOf({ key }));
      file.put(questionOf(key));
    }
    file.put(questionOf('a', { text: 'another', vector: Float32Array.of(1, 0) }));
    file.close();
    await answers.close();
    const again = new QuestionFile(path);
    const found = all(again);
    assert.deepEqual(
      found.map(({ key }) => key),
      ['b', 'c', 'd', 'e', 'a'],
    );
    const { deadAt: _, ...kept } = questionOf('b');
    assert.deepEqual(found[0], kept);
    assert.deepEqual(found.at(-1)?.vector, Float32Array.of(1, 0));
    assert.deepEqual(all(again, 'other'), []);
    again.close();
  });

  test('go with their answers: purged, dropped for room, dead, or never kept', async () => {
    const { answers, file } = opened();
    const now = Date.now();
    await answers.set(entryOf({ key: 'one', task: 'draft' }));
    await answers.set(entryOf({ key: 'two', task: 'other' }));
    await answers.set(entryOf({ key: 'dead', freshUntil: now - 2, deadAt: now - 1 }));
    for (const key of ['one', 'two', 'dead', 'never']) file.put(questionOf(key));
    assert.deepEqual(
      all(file).map(({ key }) => key),
      ['one', 'two'],
    );
    await answers.purge({ task: 'draft' });
    assert.deepEqual(
      all(file).map(({ key }) => key),
      ['two'],
    );
    assert.equal(file.left(1).has('one'), false);
    assert.equal(file.left(1).has('two'), true);
    assert.equal(file.purges, undefined);
    file.close();
    await answers.close();
  });

  test('count as bytes that are kept, so that there is never more than may be', async () => {
    const { answers, file, path } = opened(100_000);
    for (let at = 0; at < 200; at++) {
      await answers.set(entryOf({ key: `k${at}` }));
      file.put(questionOf(`k${at}`, { vector: new Float32Array(256).fill(1 / 16) }));
    }
    await answers.set(entryOf({ key: 'last' }));
    const database = new DatabaseSync(path);
    const kept = database
      .prepare(
        `SELECT (SELECT sum(bytes) FROM entries)
           + (SELECT sum(length(vector) + length(text)) FROM questions) AS bytes,
           (SELECT value FROM state WHERE name = 'bytes') AS counted,
           (SELECT count(*) FROM questions WHERE key NOT IN (SELECT key FROM entries)) AS orphans`,
      )
      .get();
    assert.equal(kept?.['bytes'], kept?.['counted']);
    assert.ok(Number(kept?.['bytes']) <= 100_000);
    assert.equal(kept?.['orphans'], 0);
    database.close();
    file.close();
    await answers.close();
  });

  test('whose vectors are damaged are left out', async () => {
    const { answers, file, path } = opened();
    for (const key of ['a', 'b', 'c', 'd']) {
      await answers.set(entryOf({ key }));
      file.put(questionOf(key));
    }
    const database = new DatabaseSync(path);
    database.exec("UPDATE questions SET vector = x'01' WHERE key = 'a'");
    database.exec("UPDATE questions SET vector = x'' WHERE key = 'b'");
    database.exec("UPDATE questions SET vector = x'ffffffffffffffff' WHERE key = 'c'");
    assert.deepEqual(
      all(file).map(({ key }) => key),
      ['d'],
    );
    database.close();
    file.close();
    await answers.close();
  });
});

describe('questions whose answers are elsewhere', () => {
  const elsewhere = (path: string): QuestionFile =>
    new QuestionFile(path, { answers: 'elsewhere' });

  test('are kept for as long as their answers may live, and read again', () => {
    const path = join(directory, `${files++}.db`);
    const file = elsewhere(path);
    const now = Date.now();
    file.put(questionOf('dead', { deadAt: now - 1 }));
    for (const key of ['a', 'b']) file.put(questionOf(key));
    file.put(questionOf('a', { text: 'another' }));
    file.close();
    const again = elsewhere(path);
    assert.deepEqual(
      all(again).map(({ key, text }) => [key, text]),
      [
        ['b', 'text of b'],
        ['a', 'another'],
      ],
    );
    again.close();
  });

  test('are all forgotten with a purge, and reviews with them; what was heeded is known after a restart', () => {
    const path = join(directory, `${files++}.db`);
    const file = elsewhere(path);
    assert.equal(file.purges, undefined);
    file.saw(3);
    file.put(questionOf('a'));
    file.addReview(reviewOf('a'));
    assert.deepEqual(file.left(4), new Set());
    assert.deepEqual([all(file), file.reviews()], [[], []]);
    file.close();
    const again = elsewhere(path);
    assert.equal(again.purges, 4);
    again.close();
  });
});

describe('reviews', () => {
  test('wait for a decision, which one process takes', () => {
    const { path, file } = opened();
    file.addReview(reviewOf('a'));
    file.addReview(reviewOf('b'));
    const other = new QuestionFile(path);
    const [newest, oldest] = other.reviews();
    assert.deepEqual(newest, { id: 2, ...reviewOf('b') });
    assert.equal(other.decide(2, 'wrong'), true);
    assert.equal(other.decide(2, 'right'), false);
    assert.equal(other.decide(99, 'right'), false);
    assert.deepEqual(file.takeDecided(), [{ ...newest, verdict: 'wrong' }]);
    assert.deepEqual(other.takeDecided(), []);
    assert.deepEqual(file.reviews(), [oldest]);
    // An id is never given to another one.
    file.addReview(reviewOf('c'));
    assert.equal(file.reviews()[0]?.id, 3);
    other.close();
    file.close();
  });

  test('beyond the most the oldest go; long answers are cut', () => {
    const file = new QuestionFile(':memory:');
    for (let at = 0; at < MOST_REVIEWS + 5; at++) {
      file.addReview({ ...reviewOf('a'), keptAnswer: 'x'.repeat(20_000) });
    }
    const waiting = file.reviews();
    assert.equal(waiting.length, MOST_REVIEWS);
    assert.equal(waiting.at(-1)?.id, 6);
    assert.equal(waiting[0]?.keptAnswer.length, 10_000);
    file.close();
  });

  test('go when entries are purged: theirs, and those whose entries have ended', async () => {
    const { answers, file } = opened();
    await answers.set(entryOf({ key: 'a', task: 'draft' }));
    await answers.set(entryOf({ key: 'b', task: 'other' }));
    for (const key of ['a', 'b', 'ended']) file.addReview(reviewOf(key));
    await answers.purge({ task: 'draft' });
    assert.deepEqual(
      file.reviews().map(({ key }) => key),
      ['b'],
    );
    file.close();
    await answers.close();
  });
});
