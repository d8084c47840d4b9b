import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { callOf, taskOf } from '../testing/stage-fixtures.ts';
import type { Embedder } from './embedder.ts';
import type { Question } from './eligible.ts';
import { loadGuards } from './guards/guards.ts';
import { hashedEmbedder, hashedVector } from './hashed-embedder.ts';
import type { ScopeState } from './scope.ts';
import { SemanticCache, type SemanticCacheOptions } from './semantic-cache.ts';

const guards = await loadGuards();
const call = callOf(taskOf([]));

function cacheWith(
  more: Partial<SemanticCacheOptions> = {},
  saved: Readonly<Record<string, ScopeState>> = {},
): SemanticCache {
  return new SemanticCache({ embedder: hashedEmbedder, guards, random: () => 0, ...more }, saved);
}

function ask(text: string, namespace = 'n', evidence = 'e'): Question {
  return { text, namespace, evidence, tenant: '', task: 'test' };
}

function keep(cache: SemanticCache, id: string, question: Question): void {
  cache.add({ id, question, vector: hashedVector(question.text) ?? assert.fail('no vector') });
}

/** Evidence enough to serve at a limit of 1 %. */
async function prove(cache: SemanticCache, evidence = 'e'): Promise<void> {
  await cache.lookUp(ask(KEPT, 'nowhere', evidence), call);
  for (let at = 0; at < 1_000; at++) {
    cache.learned({ evidence, similarity: 0.99, verdict: 'right', served: false });
  }
}

const KEPT = 'How do I close my account?';
const ASKED = 'how can I close my account';

describe('looking up', () => {
  test('nothing is served before there is evidence; then it is, and served hits go on being verified', async () => {
    const cache = cacheWith();
    keep(cache, 'one', ask(KEPT));
    const before = await cache.lookUp(ask(ASKED), call);
    assert.equal(before.kind, 'shadow');
    await prove(cache);
    const then = await cache.lookUp(ask(ASKED), call);
    assert.ok(then.kind === 'served');
    assert.equal(then.entryId, 'one');
    assert.equal(then.kept, KEPT);
    assert.equal(then.judge, true);
    const never = cacheWith({ random: () => 0.999 });
    keep(never, 'one', ask(KEPT));
    const shadow = await never.lookUp(ask(ASKED), call);
    assert.ok(shadow.kind === 'shadow' && !shadow.judge);
  });

  test('served hits that turn wrong switch it off', async () => {
    const cache = cacheWith();
    keep(cache, 'one', ask(KEPT));
    await prove(cache);
    for (let at = 0; at < 10; at++) {
      const found = await cache.lookUp(ask(ASKED), call);
      if (found.kind !== 'served') break;
      cache.learned({
        evidence: 'e',
        similarity: found.similarity,
        verdict: 'wrong',
        served: true,
      });
    }
    assert.equal((await cache.lookUp(ask(ASKED), call)).kind, 'shadow');
  });

  test('a guard’s refusal is told, and the next candidate is looked at', async () => {
    const cache = cacheWith();
    await prove(cache);
    keep(cache, 'open', ask('How do I open my account?'));
    const refused = await cache.lookUp(ask(KEPT), call);
    assert.ok(refused.kind === 'none' && refused.why === 'refused');
    assert.match(refused.reason ?? '', /^antonyms: /);
    keep(cache, 'close', ask('Close my account: how do I do it?'));
    const found = await cache.lookUp(ask(KEPT), call);
    assert.ok(found.kind === 'served' && found.entryId === 'close');
  });

  test('what is not near is nothing, and neither is an empty cache', async () => {
    const cache = cacheWith();
    assert.partialDeepStrictEqual(await cache.lookUp(ask(KEPT), call), {
      kind: 'none',
      why: 'nothing-near',
    });
    keep(cache, 'one', ask('When is breakfast served at the hotel?'));
    assert.partialDeepStrictEqual(await cache.lookUp(ask(KEPT), call), {
      kind: 'none',
      why: 'nothing-near',
    });
  });

  test('without a vector nothing is found', async () => {
    const embedder: Embedder = { name: 'none', embed: async () => undefined };
    const cache = cacheWith({ embedder });
    keep(cache, 'one', ask(KEPT));
    assert.deepEqual(await cache.lookUp(ask(KEPT), call), { kind: 'none', why: 'no-vector' });
  });

  test('an embedder whose vectors change their length finds no old ones', async () => {
    let length = 4;
    const embedder: Embedder = {
      name: 'growing',
      embed: async () => Float32Array.from({ length }, (_, at) => (at === 0 ? 1 : 0)),
    };
    const cache = cacheWith({ embedder });
    const put = async (id: string): Promise<void> => {
      const vector = (await embedder.embed(KEPT, call)) ?? assert.fail('no vector');
      cache.add({ id, question: ask(KEPT), vector });
    };
    await put('old');
    length = 8;
    assert.equal((await cache.lookUp(ask(KEPT), call)).kind, 'none');
    await put('new');
    assert.equal(cache.size.entries, 1);
    assert.equal(cache.remove('old'), false);
  });
});

describe('keeping apart', () => {
  test('no entry is reached from another namespace', async () => {
    const names = fc.constantFrom('a', 'b', 'c');
    const acts = fc.array(fc.tuple(names, fc.constantFrom(KEPT, ASKED, 'Where is my card?')), {
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(acts, names, async (all, mine) => {
        const cache = cacheWith();
        for (const [at, [namespace, text]] of all.entries()) {
          keep(cache, `${namespace}${at}`, ask(text, namespace));
        }
        const found = await cache.lookUp(ask(KEPT, mine), call);
        if (found.kind !== 'none') assert.ok(found.entryId.startsWith(mine));
      }),
      { numRuns: 50 },
    );
  });

  test('evidence of one scope opens no other', async () => {
    const cache = cacheWith();
    await prove(cache, 'mine');
    keep(cache, 'one', ask(KEPT, 'n', 'theirs'));
    assert.equal((await cache.lookUp(ask(ASKED, 'n', 'theirs'), call)).kind, 'shadow');
    assert.equal((await cache.lookUp(ask(ASKED, 'n', 'mine'), call)).kind, 'served');
  });
});

describe('keeping', () => {
  test('an entry that was removed is not found, and its memory is given back', async () => {
    const cache = cacheWith();
    keep(cache, 'one', ask(KEPT));
    assert.ok(cache.size.bytes > 0);
    assert.equal(cache.remove('one'), true);
    assert.equal(cache.remove('one'), false);
    assert.deepEqual(cache.size, { entries: 0, bytes: 0 });
    assert.equal((await cache.lookUp(ask(ASKED), call)).kind, 'none');
  });

  test('beyond the most entries the oldest go, over all namespaces', async () => {
    const cache = cacheWith({ mostEntries: 10 });
    for (let at = 0; at < 25; at++) {
      keep(cache, `${at}`, ask(`question number ${at}`, `n${at % 3}`));
    }
    assert.equal(cache.size.entries, 10);
    assert.equal(cache.remove('14'), false);
    assert.equal(cache.remove('15'), true);
  });

  test('evidence survives', async () => {
    const cache = cacheWith();
    await prove(cache);
    const saved = JSON.parse(JSON.stringify(cache.evidence()));
    const again = cacheWith({}, saved);
    // What nobody asked for yet is not lost either.
    assert.deepEqual(again.evidence(), saved);
    keep(again, 'one', ask(KEPT));
    assert.equal((await again.lookUp(ask(ASKED), call)).kind, 'served');
    assert.equal(again.stats()[0]?.judged, 1_000);
  });

  test('the same evidence is judged by the limit of now', async () => {
    const cache = cacheWith();
    await prove(cache);
    for (const maxWrong of [0.001, 0.05, 0.001]) {
      const limits = { maxWrong, shadowShare: 1, verifyShare: 1 };
      await cache.lookUp({ ...ask(ASKED), limits }, call);
      const [stats] = cache.stats();
      assert.deepEqual([stats?.judged, stats?.limit], [1_000, maxWrong]);
      assert.equal(stats?.state, maxWrong === 0.05 ? 'serving' : 'learning');
    }
  });

  test('a verdict on a scope that nobody knows is no evidence', () => {
    const verdict = { similarity: 0.99, verdict: 'right', served: false } as const;
    const cache = cacheWith();
    assert.equal(cache.learned({ evidence: 'unknown', ...verdict }), false);
    assert.deepEqual(cache.evidence(), {});
  });

  test('what happened is counted, and what it cost', async () => {
    const cache = cacheWith();
    keep(cache, 'one', ask(KEPT));
    await cache.lookUp(ask(ASKED), call);
    await cache.lookUp(ask('How do I open my account?'), call);
    await cache.lookUp(ask('Is it raining in Oslo?'), call);
    await prove(cache);
    await cache.lookUp(ask(ASKED), call);
    cache.gave(ask(ASKED), 500);
    cache.gave(ask(ASKED), undefined);
    cache.spent(ask(ASKED), 'embedding', 3);
    cache.spent(ask(ASKED), 'judging', 40);
    const [stats] = cache.stats();
    assert.partialDeepStrictEqual(stats, {
      tenant: '',
      task: 'test',
      embedder: hashedEmbedder.name,
      lookedUp: 5,
      shadow: 1,
      refused: 1,
      served: 2,
      judged: 1_000,
      avoidedNano: 500,
      embeddingNano: 3,
      judgingNano: 40,
      unpriced: 1,
    });
  });
});
