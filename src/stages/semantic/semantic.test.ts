import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { AnswerCache } from '../../cache/answer-cache.ts';
import { MemoryCache } from '../../cache/memory-cache.ts';
import { type Call, compose, type Handler, NO_TIER } from '../../call.ts';
import type { SemanticPolicy } from '../../config/cache-policy.ts';
import { ModelRegistry } from '../../config/models.ts';
import { isFarthingError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import { PriceBook } from '../../pricing/price-book.ts';
import { PriceLookup } from '../../pricing/price-lookup.ts';
import type { Embedder } from '../../semantic/embedder.ts';
import { hashedEmbedder, hashedVector } from '../../semantic/hashed-embedder.ts';
import { QuestionFile } from '../../semantic/question-file.ts';
import { SemanticCaches } from '../../semantic/semantic-caches.ts';
import {
  callOf,
  modelAt,
  scripted,
  taskOf,
  textOf,
  tierOf,
  policyOf,
} from '../../testing/stage-fixtures.ts';
import { cache } from '../cache/cache.ts';
import { keep } from '../cache/keep.ts';
import { coalesce } from '../coalesce/coalesce.ts';
import { ledger, type SettledCall } from '../ledger/ledger.ts';
import { Conversations } from '../route/conversations.ts';
import { route } from '../route/route.ts';
import { Judging } from './judging.ts';
import { semantic } from './semantic.ts';

const small = modelAt('small', 1, 2);
const vectors = modelAt('vectors', 3);
const judge = modelAt('judge', 5);
const prices = new PriceLookup(PriceBook.load());
const models = new ModelRegistry(
  {
    models: new Map([small, vectors, judge].map((model) => [model.name, model])),
    providers: new Map(),
  },
  PriceBook.load(),
);

const likeness: SemanticPolicy = {
  embedder: vectors,
  maxWrong: 0.01,
  judge: undefined,
  shadowShare: 1,
  verifyShare: 0.5,
  timeoutMs: 100,
};

const policy = policyOf({ ttlMs: 3_600_000, semantic: likeness });

const KEPT = 'How do I close my account?';
const ASKED = 'how can I close my account';

interface SceneOptions {
  readonly semantic?: Partial<SemanticPolicy>;
  readonly embedder?: Embedder;
  /** What is drawn: 0 judges each hit, 0.9 none that is served. */
  readonly draw?: number;
}

/** An embedder of ours that costs 30 tokens of `vectors` a text. */
const paidEmbedder: Embedder = {
  name: hashedEmbedder.name,
  embed: async (text, call) => {
    await scripted({ vectors: { text: '', tokens: { input: 30 } } })({
      ...call,
      ask: { model: vectors, tier: NO_TIER },
    });
    return hashedVector(text);
  },
};

interface Asked {
  readonly text: string;
  readonly call: Call;
}

async function scene({ semantic: more, embedder = hashedEmbedder, draw = 0 }: SceneOptions = {}) {
  const own = { ...likeness, ...more };
  const task = taskOf([tierOf(small)], { cache: { ...policy, semantic: own } });
  const settled: SettledCall[] = [];
  const answers = new AnswerCache(new MemoryCache({ bytes: 1_000_000 }), undefined);
  const file = new QuestionFile(':memory:');
  const saved = new Map<string, string>();
  const ledgerStore = {
    load: (name: string) => saved.get(name),
    amend: (name: string, change: (text: string | undefined) => string) =>
      void saved.set(name, change(saved.get(name))),
  };
  let said = 'first';
  let verdict = 'yes';
  let asked = 0;
  const upstream: Handler = async (call) => {
    if (call.ask?.model === small) asked++;
    return scripted({
      small: { text: said, tokens: { input: 100 } },
      judge: { text: verdict, tokens: { input: 7 } },
    })(call);
  };
  const caches = new SemanticCaches({
    policies: [own],
    ask: upstream,
    store: answers.store,
    file,
    ledger: ledgerStore,
    embedderOf: () => embedder,
    random: () => draw,
  });
  await caches.ready;
  const settling = ledger({
    prices,
    models,
    reference: small,
    priceMaxAgeMs: Infinity,
    sinks: [],
    keep: async (one) => void settled.push(one),
  });
  const judging = new Judging({ caches, answers, prices, ask: upstream, settled: settling.wrap });
  const handler = compose(
    [
      settling,
      cache({
        cache: answers,
        models,
        settled: settling.wrap,
      }),
      semantic({ caches, answers, prices, models, judging }),
      coalesce(),
      keep({ answers, prices, onKept: async (call, entry) => judging.kept(call, entry) }),
      route({ prices, conversations: new Conversations() }),
    ],
    upstream,
  );
  const likely = caches.of(own) ?? assert.fail('no cache');
  return {
    settled,
    answers,
    caches,
    file,
    saved,
    likely,
    asked: () => asked,
    say: (text: string): void => void (said = text),
    judgeSays: (text: string): void => void (verdict = text),
    /** Asks, and waits for what goes on behind. */
    ask: async (
      text: string,
      given: Partial<Call> = {},
      request: JsonObject = {},
    ): Promise<Asked> => {
      const messages = [{ role: 'user', content: text }];
      const call = { ...callOf(task, { temperature: 0, messages, ...request }), ...given };
      const answer = await textOf(await handler(call));
      await answers.idle();
      return { text: answer, call };
    },
    /** Evidence enough to serve. */
    prove: (): void => {
      for (const evidence of Object.keys(likely.evidence())) {
        for (let at = 0; at < 1_000; at++) {
          likely.learned({ evidence, similarity: 0.99, verdict: 'right', served: false });
        }
      }
    },
  };
}

/** A scene whose cache knows one answer, and may serve. */
async function serving(options: SceneOptions = {}) {
  const stage = await scene(options);
  await stage.ask(KEPT);
  stage.prove();
  stage.say('second');
  return stage;
}

describe('shadow', () => {
  test('the model answers, and what would have been given is compared behind', async () => {
    const { ask, say, likely, settled, asked } = await scene();
    await ask(KEPT);
    const { text, call } = await ask(ASKED);
    assert.equal(text, 'first');
    assert.equal(call.trace.cache, 'miss');
    assert.equal(asked(), 2);
    assert.partialDeepStrictEqual(likely.stats(), [
      { task: 'test', lookedUp: 2, shadow: 1, served: 0, judged: 1, wrong: 0, state: 'learning' },
    ]);
    say('something else');
    await ask('How could I close my account?');
    assert.partialDeepStrictEqual(likely.stats(), [{ judged: 2, wrong: 1 }]);
    // No answer is compared with itself.
    assert.equal(settled.length, 3);
  });

  test('a stream is compared as well', async () => {
    const { ask, likely } = await scene();
    await ask(KEPT, {}, { stream: true });
    await ask(ASKED, {}, { stream: true });
    assert.partialDeepStrictEqual(likely.stats(), [{ judged: 1, wrong: 0 }]);
  });

  test('a question asked again once its answer is dead is not compared with itself', async (context) => {
    context.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const { ask, likely } = await scene();
    await ask(KEPT);
    context.mock.timers.tick(3_600_000);
    assert.equal((await ask(KEPT)).call.trace.cache, 'miss');
    assert.partialDeepStrictEqual(likely.stats(), [{ lookedUp: 2, shadow: 0, judged: 0 }]);
    assert.equal(likely.size.entries, 1);
  });

  test('what is not drawn is not compared', async () => {
    const { ask, likely } = await scene({ draw: 0.9, semantic: { shadowShare: 0.5 } });
    await ask(KEPT);
    await ask(ASKED);
    assert.partialDeepStrictEqual(likely.stats(), [{ shadow: 1, judged: 0, unknown: 0 }]);
  });

  test('prose is compared by the judge, as a call of its own that no one asked for', async () => {
    const { ask, say, judgeSays, likely, settled, file } = await scene({ semantic: { judge } });
    say('Open the settings and choose to close the account there.');
    await ask(KEPT);
    say('You close it in the settings, at the very bottom of the page.');
    await ask(ASKED);
    assert.partialDeepStrictEqual(likely.stats(), [{ judged: 1, wrong: 0, judgingNano: 35_000 }]);
    const own = settled.find(({ call }) => call.trace.cache === 'revalidate');
    assert.ok(own !== undefined);
    assert.equal(own.call.body.json['model'], 'judge');
    assert.deepEqual(
      [own.receipt.costNano, own.receipt.referenceNano, own.receipt.overheadNano],
      [35_000, 0, 35_000],
    );
    judgeSays('no');
    say('Write a letter to the bank and wait for what they have to say.');
    await ask('How could I close my account?');
    assert.partialDeepStrictEqual(likely.stats(), [{ judged: 2, wrong: 1 }]);
    // What was judged waits for nobody.
    assert.deepEqual(file.reviews(), []);
  });

  test('what nobody can judge is left to people, who decide within seconds', async () => {
    const { ask, say, likely, caches, file } = await scene();
    say('Open the settings and choose to close the account there.');
    await ask(KEPT);
    say('You close it in the settings, at the very bottom of the page.');
    await ask(ASKED);
    assert.partialDeepStrictEqual(likely.stats(), [{ judged: 0, unknown: 1 }]);
    const [review] = file.reviews();
    assert.partialDeepStrictEqual(review, {
      asked: ASKED,
      kept: KEPT,
      served: false,
      task: 'test',
    });
    assert.match(review?.keptAnswer ?? '', /^Open/);
    assert.match(review?.freshAnswer ?? '', /^You/);
    assert.equal(file.decide(review?.id ?? 0, 'right'), true);
    assert.equal(file.decide(review?.id ?? 0, 'right'), false);
    await caches.look();
    assert.partialDeepStrictEqual(likely.stats(), [{ judged: 1, wrong: 0 }]);
    assert.deepEqual(file.reviews(), []);
  });
});

describe('serving', () => {
  test('the kept answer is given, costs nothing, and is not kept again', async () => {
    const { ask, settled, answers, asked, likely } = await serving({ draw: 0.9 });
    const { text, call } = await ask(ASKED);
    assert.equal(text, 'first');
    assert.equal(asked(), 1);
    assert.equal(call.trace.cache, 'semantic');
    assert.partialDeepStrictEqual(call.trace.cacheHeaders, {
      'x-farthing-cache': 'semantic',
      'cf-aig-cache-status': 'HIT',
      'x-portkey-cache-status': 'HIT',
      age: '0',
    });
    const receipt = settled.at(-1)?.receipt;
    assert.deepEqual([receipt?.costNano, receipt?.savedNano.cache], [0, 100_000]);
    assert.equal((await answers.store.stats()).entries, 1);
    assert.partialDeepStrictEqual(likely.stats(), [{ served: 1, avoidedNano: 100_000 }]);
    // As a stream, too.
    assert.equal((await ask(ASKED, {}, { stream: true })).text, 'first');
  });

  test('what was drawn is verified behind, and its new answer kept', async () => {
    const { ask, settled, likely, asked } = await serving();
    const { text } = await ask(ASKED);
    assert.equal(text, 'first');
    assert.equal(asked(), 2);
    assert.partialDeepStrictEqual(likely.stats(), [
      { served: 1, judged: 1_001, wrong: 1, judgingNano: 100_000 },
    ]);
    const behind = settled.filter(({ call }) => call.trace.cache === 'revalidate');
    assert.equal(behind.length, 1);
    assert.equal(behind[0]?.receipt.referenceNano, 0);
    // Whoever asks that again gets the right one, from the exact cache.
    const again = await ask(ASKED);
    assert.deepEqual([again.text, again.call.trace.cache], ['second', 'hit']);
  });

  test('served answers that turn wrong close it', async () => {
    const { ask, likely } = await serving();
    let given = 0;
    for (let at = 0; at < 20; at++) {
      const { call } = await ask(`${KEPT} ${'?'.repeat(at + 1)}`);
      if (call.trace.cache === 'semantic') given++;
    }
    assert.ok(given > 0 && given < 20, `${given} were given`);
    assert.partialDeepStrictEqual(likely.stats(), [{ state: 'learning', alarms: 1 }]);
  });

  test('a reversal is refused, however near it is', async () => {
    const { ask, likely } = await serving();
    const { text, call } = await ask('How do I open my account?');
    assert.deepEqual([text, call.trace.cache], ['second', 'miss']);
    assert.partialDeepStrictEqual(likely.stats(), [{ served: 0, refused: 1 }]);
  });

  test('an entry that was purged is not given, and forgotten', async () => {
    const { ask, answers, likely } = await serving();
    await answers.store.purge({});
    const { text, call } = await ask(ASKED);
    assert.deepEqual([text, call.trace.cache], ['second', 'miss']);
    // What was asked just now is there, and nothing else.
    assert.equal(likely.size.entries, 1);
  });

  test('a purge elsewhere is noticed without a question', async () => {
    const { answers, caches, likely } = await serving();
    await caches.look();
    await answers.store.purge({});
    assert.equal(likely.size.entries, 1);
    await caches.look();
    assert.equal(likely.size.entries, 0);
  });

  test('what is older than the client takes is not given', async (context) => {
    context.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const { ask } = await serving({ draw: 0.9 });
    context.mock.timers.tick(60_000);
    const headers = { 'cache-control': 'max-age=30' };
    assert.equal((await ask(ASKED, { headers })).call.trace.cache, 'miss');
  });

  test('what is kept alone is given, or nothing', async () => {
    const { ask, asked } = await serving({ draw: 0.9 });
    const headers = { 'x-farthing-cache': 'only' };
    assert.equal((await ask(ASKED, { headers })).call.trace.cache, 'semantic');
    for (const text of ['What is the weather?', 'How do I open my account?']) {
      await assert.rejects(
        ask(text, { headers }),
        (thrown) => isFarthingError(thrown) && thrown.code === 'cache_miss',
      );
    }
    assert.equal(asked(), 1);
  });

  test('refresh and off go past it', async () => {
    const { ask } = await serving({ draw: 0.9 });
    for (const mode of ['refresh', 'off']) {
      const { text, call } = await ask(ASKED, { headers: { 'x-farthing-cache': mode } });
      assert.deepEqual([text, call.trace.cache], ['second', mode]);
    }
  });
});

describe('keeping apart', () => {
  test('nothing is given to another tenant, or where a client divides the cache', async () => {
    const { ask } = await serving({ draw: 0.9 });
    assert.equal((await ask(ASKED)).call.trace.cache, 'semantic');
    assert.equal((await ask(ASKED, { tenant: 'other' })).call.trace.cache, 'miss');
    const headers = { 'cf-aig-cache-key': 'mine' };
    assert.equal((await ask(ASKED, { headers })).call.trace.cache, 'miss');
  });

  test('nothing is given where anything else of the request differs', async () => {
    const { ask } = await serving({ draw: 0.9 });
    const tool = { type: 'function', function: { name: 'close', parameters: {} } };
    const requests: readonly JsonObject[] = [
      { seed: 1 },
      { max_tokens: 5 },
      { tools: [tool] },
      { response_format: { type: 'json_object' } },
    ];
    for (const request of requests) {
      assert.equal((await ask(ASKED, {}, request)).call.trace.cache, 'miss');
    }
    assert.equal((await ask(ASKED, {}, { user: 'someone' })).call.trace.cache, 'semantic');
  });

  test('tools’ results, earlier turns, several choices and numbers that parsing loses are not looked up', async () => {
    const { ask, likely } = await scene();
    const before = (): number => likely.stats().reduce((sum, { lookedUp }) => sum + lookedUp, 0);
    const user = { role: 'user', content: ASKED };
    const calls = [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }];
    const unfit: readonly JsonObject[] = [
      {
        messages: [user, { role: 'assistant', tool_calls: calls }, { role: 'tool', content: 'x' }],
      },
      { n: 2 },
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
      { temperature: 0.5 },
      { seed: Number('9007199254740993') },
    ];
    for (const request of unfit) await ask(ASKED, {}, request);
    assert.equal(before(), 0);
    // Another history is another question.
    const turns = [{ role: 'user', content: 'Hello' }, { role: 'assistant', content: 'Hi' }, user];
    await ask(ASKED);
    await ask(ASKED, {}, { messages: turns });
    assert.partialDeepStrictEqual(likely.stats(), [{ lookedUp: 2, shadow: 0 }]);
  });
});

describe('embedding', () => {
  test('what it costs is the call’s overhead, of no tier, and sums stay exact', async () => {
    const { ask, settled, likely } = await serving({ embedder: paidEmbedder, draw: 0.9 });
    await ask(ASKED);
    const [first, given] = settled;
    assert.equal(first?.receipt.costNano, 190_000);
    assert.equal(first.receipt.referenceNano, 100_000);
    assert.equal(given?.receipt.costNano, 90_000);
    for (const { receipt } of settled) {
      const saved = Object.values(receipt.savedNano).reduce((sum, nano) => sum + nano, 0);
      assert.equal(receipt.overheadNano, 90_000);
      assert.equal(receipt.countedReferenceNano - saved + receipt.overheadNano, receipt.costNano);
    }
    assert.partialDeepStrictEqual(likely.stats(), [
      { embeddingNano: 180_000, avoidedNano: 100_000 },
    ]);
  });

  test('an embedder that hangs, or fails, leaves the call to the model, which is not found later', async () => {
    const embedder: Embedder = { name: hashedEmbedder.name, embed: async () => undefined };
    const { ask, likely } = await scene({ embedder });
    const { text } = await ask(KEPT);
    assert.equal(text, 'first');
    assert.equal(likely.size.entries, 0);
  });
});
