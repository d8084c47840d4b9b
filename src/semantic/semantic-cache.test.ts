import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { callOf, taskOf } from '../testing/stage-fixtures.ts';
import type { Embedder } from './embedder.ts';
import type { Question } from './eligible.ts';
import { loadGuards } from './guards/guards.ts';
import { hashedEmbedder } from './hashed-embedder.ts';
import { SemanticCache, type SemanticCacheOptions } from './semantic-cache.ts';

const guards = await loadGuards();
const call = callOf(taskOf([]));

function cacheWith(more: Partial<SemanticCacheOptions> = {}): SemanticCache {
  return new SemanticCache({ embedder: hashedEmbedder, guards, random: () => 0, ...more });
}

function ask(text: string, namespace = 'n', evidence = 'e'): Question {
  return { text, namespace, evidence };
}

/** Evidence enough to serve at a limit of 1 %. */
function prove(cache: SemanticCache, evidence = 'e'): void {
  for (let at = 0; at < 1_000; at++) {
    cache.learned({
      question: ask('', 'n', evidence),
      similarity: 0.99,
      verdict: 'right',
      served: false,
    });
  }
}

const KEPT = 'How do I close my account?';
const ASKED = 'how can I close my account';

describe('looking up', () => {
  test('nothing is served before there is evidence; then it is, and served hits go on being verified', async () => {
    const cache = cacheWith();
    await cache.add({ id: 'one', question: ask(KEPT) }, call);
    const before = await cache.lookUp(ask(ASKED), call);
    assert.equal(before.kind, 'shadow');
    prove(cache);
    const then = await cache.lookUp(ask(ASKED), call);
    assert.ok(then.kind === 'served');
    assert.equal(then.entryId, 'one');
    assert.equal(then.kept, KEPT);
    assert.equal(then.judge, true);
    const never = cacheWith({ random: () => 0.999 });
    await never.add({ id: 'one', question: ask(KEPT) }, call);
    const shadow = await never.lookUp(ask(ASKED), call);
    assert.ok(shadow.kind === 'shadow' && !shadow.judge);
  });

  test('served hits that turn wrong switch it off', async () => {
    const cache = cacheWith();
    await cache.add({ id: 'one', question: ask(KEPT) }, call);
    prove(cache);
    for (let at = 0; at < 10; at++) {
      const found = await cache.lookUp(ask(ASKED), call);
      if (found.kind !== 'served') break;
      cache.learned({
        question: ask(ASKED),
        similarity: found.similarity,
        verdict: 'wrong',
        served: true,
      });
    }
    assert.equal((await cache.lookUp(ask(ASKED), call)).kind, 'shadow');
  });

  test('a guard’s refusal is told, and the next candidate is looked at', async () => {
    const cache = cacheWith();
    prove(cache);
    await cache.add({ id: 'open', question: ask('How do I open my account?') }, call);
    const refused = await cache.lookUp(ask(KEPT), call);
    assert.ok(refused.kind === 'none' && refused.why === 'refused');
    assert.match(refused.reason ?? '', /^antonyms: /);
    await cache.add({ id: 'close', question: ask('Close my account: how do I do it?') }, call);
    const found = await cache.lookUp(ask(KEPT), call);
    assert.ok(found.kind === 'served' && found.entryId === 'close');
  });

  test('what is not near is nothing, and neither is an empty cache', async () => {
    const cache = cacheWith();
    assert.deepEqual(await cache.lookUp(ask(KEPT), call), { kind: 'none', why: 'nothing-near' });
    await cache.add({ id: 'one', question: ask('When is breakfast served at the hotel?') }, call);
    assert.deepEqual(await cache.lookUp(ask(KEPT), call), { kind: 'none', why: 'nothing-near' });
  });

  test('without a vector nothing is found, and nothing is kept', async () => {
    const embedder: Embedder = { name: 'none', embed: async () => undefined };
    const cache = cacheWith({ embedder });
    assert.equal(await cache.add({ id: 'one', question: ask(KEPT) }, call), undefined);
    assert.equal(cache.size.entries, 0);
    assert.deepEqual(await cache.lookUp(ask(KEPT), call), { kind: 'none', why: 'no-vector' });
  });

  test('an embedder whose vectors change their length finds no old ones', async () => {
    let length = 4;
    const embedder: Embedder = {
      name: 'growing',
      embed: async () => Float32Array.from({ length }, (_, at) => (at === 0 ? 1 : 0)),
    };
    const cache = cacheWith({ embedder });
    await cache.add({ id: 'old', question: ask(KEPT) }, call);
    length = 8;
    assert.equal((await cache.lookUp(ask(KEPT), call)).kind, 'none');
    await cache.add({ id: 'new', question: ask(KEPT) }, call);
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
          await cache.add({ id: `${namespace}${at}`, question: ask(text, namespace) }, call);
        }
        const found = await cache.lookUp(ask(KEPT, mine), call);
        if (found.kind !== 'none') assert.ok(found.entryId.startsWith(mine));
      }),
      { numRuns: 50 },
    );
  });

  test('evidence of one scope opens no other', async () => {
    const cache = cacheWith();
    prove(cache, 'mine');
    await cache.add({ id: 'one', question: ask(KEPT, 'n', 'theirs') }, call);
    assert.equal((await cache.lookUp(ask(ASKED, 'n', 'theirs'), call)).kind, 'shadow');
    assert.equal((await cache.lookUp(ask(ASKED, 'n', 'mine'), call)).kind, 'served');
  });
});

describe('keeping', () => {
  test('an entry that was removed is not found, and its memory is given back', async () => {
    const cache = cacheWith();
    await cache.add({ id: 'one', question: ask(KEPT) }, call);
    assert.ok(cache.size.bytes > 0);
    assert.equal(cache.remove('one'), true);
    assert.equal(cache.remove('one'), false);
    assert.deepEqual(cache.size, { entries: 0, bytes: 0 });
    assert.equal((await cache.lookUp(ask(ASKED), call)).kind, 'none');
  });

  test('beyond the most entries the oldest go, over all namespaces', async () => {
    const cache = cacheWith({ mostEntries: 10 });
    for (let at = 0; at < 25; at++) {
      await cache.add({ id: `${at}`, question: ask(`question number ${at}`, `n${at % 3}`) }, call);
    }
    assert.equal(cache.size.entries, 10);
    assert.equal(cache.remove('14'), false);
    assert.equal(cache.remove('15'), true);
  });

  test('a vector that a store kept is used as it is', async () => {
    const cache = cacheWith();
    const vector = await cache.add({ id: 'one', question: ask(KEPT) }, call);
    assert.ok(vector !== undefined);
    const embedder: Embedder = { name: 'none', embed: async () => assert.fail('embedded anew') };
    const again = cacheWith({ embedder });
    assert.equal(await again.add({ id: 'one', question: ask(KEPT), vector }, call), vector);
    assert.equal(again.size.entries, 1);
  });

  test('evidence survives', async () => {
    const cache = cacheWith();
    prove(cache);
    const saved = JSON.parse(JSON.stringify(cache.evidence()));
    const again = new SemanticCache({ embedder: hashedEmbedder, guards }, saved);
    assert.equal(again.stats()[0]?.state, 'serving');
    assert.deepEqual(again.evidence(), cache.evidence());
  });

  test('what happened is counted', async () => {
    const cache = cacheWith();
    await cache.add({ id: 'one', question: ask(KEPT) }, call);
    await cache.lookUp(ask(ASKED), call);
    await cache.lookUp(ask('How do I open my account?'), call);
    await cache.lookUp(ask('Is it raining in Oslo?'), call);
    prove(cache);
    await cache.lookUp(ask(ASKED), call);
    const [stats] = cache.stats();
    assert.equal(stats?.lookedUp, 4);
    assert.equal(stats?.shadow, 1);
    assert.equal(stats?.refused, 1);
    assert.equal(stats?.served, 1);
    assert.equal(stats?.judged, 1_000);
  });
});
