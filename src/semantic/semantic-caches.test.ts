import { describe, test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SemanticPolicy } from '../config/cache-policy.ts';
import { FarthingError } from '../errors.ts';
import { callOf, modelAt, taskOf } from '../testing/stage-fixtures.ts';
import type { Question } from './eligible.ts';
import { EVIDENCE } from './evidence.ts';
import { hashedEmbedder, hashedVector } from './hashed-embedder.ts';
import { QuestionFile } from './question-file.ts';
import { SemanticCaches, type SemanticCachesOptions } from './semantic-caches.ts';

const policy: SemanticPolicy = {
  embedder: modelAt('vectors'),
  maxWrong: 0.01,
  judge: undefined,
  shadowShare: 1,
  verifyShare: 1,
  timeoutMs: 300,
};
const call = callOf(taskOf([]));
const question: Question = {
  text: 'How do I close my account?',
  namespace: 'n',
  evidence: 'e',
  tenant: '',
  task: 'test',
};

/** Caches over a ledger's documents. */
function open(
  documents: Map<string, string>,
  more: Partial<SemanticCachesOptions> = {},
): SemanticCaches {
  return new SemanticCaches({
    policies: [policy],
    ask: async () => assert.fail('asked'),
    store: { purges: async () => 0 },
    file: new QuestionFile(':memory:'),
    ledger: {
      load: (name) => documents.get(name),
      amend: (name, change) => void documents.set(name, change(documents.get(name))),
    },
    embedderOf: () => hashedEmbedder,
    ...more,
  });
}

async function opened(...given: Parameters<typeof open>) {
  const caches = open(...given);
  await caches.ready;
  return { caches, cache: caches.of(policy) ?? assert.fail('not loaded') };
}

describe('caches by likeness', () => {
  test('there are none until they are loaded', async () => {
    const caches = open(new Map());
    assert.equal(caches.of(policy), undefined);
    await caches.ready;
    assert.equal(caches.of(policy)?.embedder, hashedEmbedder.name);
    await caches.close();
  });

  test('evidence is written every fifteen seconds where it changed, and at the end', async (t: TestContext) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const documents = new Map<string, string>();
    const { caches, cache } = await opened(documents);
    await cache.lookUp(question, call);
    assert.equal(documents.size, 0);
    t.mock.timers.tick(15_000);
    assert.match(documents.get(EVIDENCE) ?? '', /"lookedUp":1/);
    const writes = t.mock.method(documents, 'set');
    t.mock.timers.tick(15_000);
    assert.equal(writes.mock.callCount(), 0);
    cache.learned({ evidence: 'e', similarity: 0.9, verdict: 'right', served: false });
    await caches.close();
    const { cache: next } = await opened(documents);
    await next.lookUp(question, call);
    assert.partialDeepStrictEqual(next.stats(), [{ lookedUp: 2, judged: 1 }]);
  });

  test('gateways on one ledger learn together', async (t: TestContext) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const documents = new Map<string, string>();
    const [one, other] = [await opened(documents), await opened(documents)];
    for (const { cache } of [one, other]) {
      await cache.lookUp(question, call);
      cache.learned({ evidence: 'e', similarity: 0.99, verdict: 'right', served: false });
    }
    other.cache.learned({ evidence: 'e', similarity: 0.99, verdict: 'wrong', served: false });
    // Who writes first hears of the other with the next round.
    t.mock.timers.tick(30_000);
    for (const { caches } of [one, other]) {
      assert.partialDeepStrictEqual(caches.stats(), [{ looked_up: 2, judged: 3, wrong: 1 }]);
      await caches.close();
    }
    const { caches: next } = await opened(documents);
    assert.partialDeepStrictEqual(next.stats(), [{ looked_up: 2, judged: 3, wrong: 1 }]);
    await next.close();
  });

  test('evidence of an embedder that is not configured now is not lost', async () => {
    const documents = new Map<string, string>();
    const { caches, cache } = await opened(documents);
    await cache.lookUp(question, call);
    await caches.close();
    const other = { ...hashedEmbedder, name: 'other' };
    const { caches: between } = await opened(documents, { embedderOf: () => other });
    await between.close();
    assert.match(documents.get(EVIDENCE) ?? '', /"lookedUp":1/);
  });

  test('an embedder that cannot be loaded is told of, and leaves the others alone', async (t: TestContext) => {
    let told = '';
    t.mock.method(process.stderr, 'write', (text: string) => ((told += text), true));
    const bad: SemanticPolicy = { ...policy, embedder: 'offline' };
    const { caches } = await opened(new Map(), {
      policies: [bad, policy],
      embedderOf: ({ embedder }) => {
        if (embedder === 'offline') throw new FarthingError('invalid_config', 'No packages.');
        return hashedEmbedder;
      },
    });
    t.mock.restoreAll();
    assert.equal(caches.of(bad), undefined);
    assert.match(told, /No answers by likeness: No packages\./);
    await caches.close();
  });

  test('of several policies for one embedder the shortest time-out counts', async () => {
    const seen: number[] = [];
    const { caches } = await opened(new Map(), {
      policies: [policy, { ...policy, timeoutMs: 50 }, { ...policy, timeoutMs: 80 }],
      embedderOf: ({ timeoutMs }) => (seen.push(timeoutMs), hashedEmbedder),
    });
    assert.deepEqual(seen, [50]);
    await caches.close();
  });

  test('questions whose answers are elsewhere are found after a restart, but not after a purge meanwhile', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'farthing-caches-'));
    let purges = 7;
    const start = async () =>
      opened(new Map(), {
        store: { purges: async () => purges },
        file: new QuestionFile(join(directory, 'cache.db'), { answers: 'elsewhere' }),
      });
    const vector = hashedVector(question.text) ?? assert.fail('no vector');
    const { caches, cache } = await start();
    caches.add(cache, { id: 'one', question, vector, deadAt: Date.now() + 60_000 });
    await caches.close();
    const second = await start();
    assert.equal((await second.cache.lookUp(question, call)).kind, 'shadow');
    await second.caches.close();
    purges++;
    const third = await start();
    assert.equal((await third.cache.lookUp(question, call)).kind, 'none');
    await third.caches.close();
    rmSync(directory, { recursive: true });
  });

  test('a file that cannot be written costs no call anything', async () => {
    const file = new QuestionFile(':memory:');
    const { caches, cache } = await opened(new Map(), { file });
    file.close();
    const vector = hashedVector(question.text) ?? assert.fail('no vector');
    caches.add(cache, { id: 'one', question, vector, deadAt: Date.now() + 60_000 });
    assert.equal((await cache.lookUp(question, call)).kind, 'shadow');
    await caches.look();
  });
});
