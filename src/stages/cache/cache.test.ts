import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { AnswerCache } from '../../cache/answer-cache.ts';
import type { CacheStore } from '../../cache/cache-store.ts';
import { MemoryCache } from '../../cache/memory-cache.ts';
import { type Call, compose, type Handler, type Receipt, type Reply } from '../../call.ts';
import type { CachePolicy } from '../../config/cache-policy.ts';
import type { Task } from '../../config/config.ts';
import { ModelRegistry } from '../../config/models.ts';
import type { JsonObject } from '../../json.ts';
import { PriceBook } from '../../pricing/price-book.ts';
import { PriceLookup } from '../../pricing/price-lookup.ts';
import {
  callOf,
  type Line,
  modelAt,
  scripted,
  taskOf,
  textOf,
  tierOf,
  policyOf,
} from '../../testing/stage-fixtures.ts';
import { ledger, type SettledCall } from '../ledger/ledger.ts';
import { Conversations } from '../route/conversations.ts';
import { route } from '../route/route.ts';
import { cache } from './cache.ts';
import { keep } from './keep.ts';
import { readDirectives } from './directives.ts';

const small = modelAt('small', 1, 2);
const book = PriceBook.load();
const prices = new PriceLookup(book);
const models = new ModelRegistry(
  { models: new Map([['small', small]]), providers: new Map() },
  book,
);
const MINUTE = 60_000;

const policy = policyOf({ ttlMs: 60 * MINUTE });

interface Scene {
  readonly ask: (
    request?: JsonObject,
    more?: Partial<Call>,
  ) => Promise<{ text: string; call: Call }>;
  readonly settled: readonly SettledCall[];
  readonly answers: AnswerCache;
  /** From here on the model says this. */
  readonly say: (line: Line) => void;
}

function scene(more: Partial<CachePolicy> = {}, store?: CacheStore): Scene {
  const task: Task = taskOf([tierOf(small)], { cache: { ...policy, ...more } });
  const settled: SettledCall[] = [];
  const answers = new AnswerCache(store ?? new MemoryCache({ bytes: 1_000_000 }), undefined);
  const settling = ledger({
    prices,
    models,
    reference: small,
    priceMaxAgeMs: Infinity,
    sinks: [],
    keep: async (one) => void settled.push(one),
  });
  let line: Line = { text: 'first', tokens: { input: 100 } };
  const upstream: Handler = async (call) => scripted({ small: line })(call);
  const stage = cache({
    cache: answers,
    models,
    settled: (handler) => settling.wrap(handler),
  });
  const keeping = keep({ answers, prices });
  const routing = route({ prices, conversations: new Conversations() });
  const handler = compose([settling, stage, keeping, routing], upstream);
  return {
    settled,
    answers,
    say: (said) => {
      line = said;
    },
    ask: async (request = {}, given = {}) => {
      const call = { ...callOf(task, { temperature: 0, ...request }), ...given };
      const reply: Reply = await handler(call);
      return { text: await textOf(reply), call };
    },
  };
}

describe('time', () => {
  test('an answer is given until its time is over, and a little less by chance', async (context) => {
    context.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 });
    const { ask, say, answers } = scene();
    await ask();
    say({ text: 'second' });
    const [entry] = await answers.store.list({}, 1);
    assert.ok(entry !== undefined);
    const life = entry.freshUntil - entry.storedAt;
    assert.ok(life >= 54 * MINUTE && life <= 60 * MINUTE, `${life} ms`);
    context.mock.timers.tick(53 * MINUTE);
    const hit = await ask();
    assert.equal(hit.text, 'first');
    assert.equal(hit.call.trace.cacheHeaders?.['age'], String(53 * 60));
    context.mock.timers.tick(8 * MINUTE);
    assert.equal((await ask()).text, 'second');
  });

  test('a stale answer is given at once, and one new one is fetched behind it', async (context) => {
    context.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 });
    const { ask, say, answers, settled } = scene({ staleMs: 10 * MINUTE });
    await ask();
    say({ text: 'second', tokens: { input: 7 } });
    context.mock.timers.tick(61 * MINUTE);
    const stale = await Promise.all([ask(), ask({ stream: true }), ask()]);
    assert.deepEqual(
      stale.map(({ text }) => text),
      ['first', 'first', 'first'],
    );
    await answers.idle();
    assert.equal((await ask()).text, 'second');
    const [, ...rest] = settled;
    const behind = rest.filter(({ call }) => call.trace.cache === 'revalidate');
    assert.equal(behind.length, 1);
    const [own] = behind;
    assert.notEqual(own?.call.id, stale[0].call.id);
    // It costs money, saves none, and its reference is nothing: no client asked.
    assert.deepEqual(moneyOf(own?.receipt), { cost: 7000, reference: 0, saved: 0, overhead: 7000 });
    const hits = rest.filter(({ call }) => call.trace.cache === 'hit');
    assert.equal(hits.length, 4);
    for (const { receipt } of hits) assert.equal(receipt.costNano, 0);
  });

  test('past its stale time it is given no more; a failed fetch leaves it as it is', async (context) => {
    context.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 });
    const { ask, say, answers, settled } = scene({ staleMs: 10 * MINUTE });
    await ask();
    say(new Error('down'));
    context.mock.timers.tick(61 * MINUTE);
    for (const _ of [1, 2]) {
      assert.equal((await ask()).text, 'first');
      await answers.idle();
    }
    assert.equal(settled.filter(({ error }) => error !== undefined).length, 2);
    context.mock.timers.tick(20 * MINUTE);
    await assert.rejects(ask());
  });

  test('a client that wants it newer gets a new one', async (context) => {
    context.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 });
    const { ask, say } = scene();
    await ask();
    say({ text: 'second' });
    context.mock.timers.tick(10 * MINUTE);
    const headers = (seconds: number) => ({ headers: { 'cache-control': `max-age=${seconds}` } });
    assert.equal((await ask({}, headers(601))).text, 'first');
    assert.equal((await ask({}, headers(599))).text, 'second');
    assert.equal((await ask({}, headers(599))).text, 'second');
  });
});

function moneyOf(receipt: Receipt | undefined) {
  return {
    cost: receipt?.costNano,
    reference: receipt?.countedReferenceNano,
    saved: Object.values(receipt?.savedNano ?? {}).reduce((sum, nano) => sum + nano, 0),
    overhead: receipt?.overheadNano,
  };
}

describe('what is not kept', () => {
  test('an answer that a cap on the cost has made worse', async () => {
    const { ask, answers } = scene();
    const capped = { attempts: [], capped: true };
    await ask({}, { trace: capped as unknown as Call['trace'] });
    await answers.idle();
    assert.equal((await answers.store.stats()).entries, 0);
  });

  test('an answer of a time of nothing', async () => {
    const { ask, answers } = scene({ ttlMs: 0 });
    await ask();
    assert.equal((await answers.store.stats()).entries, 0);
  });
});

describe('a store in trouble', () => {
  const broken = (how: Partial<CacheStore>): CacheStore =>
    Object.assign(new MemoryCache({ bytes: 1_000_000 }), how);

  test('one that cannot be asked is noted, and the call goes on', async () => {
    const { ask } = scene({}, broken({ get: async () => Promise.reject(new Error('down')) }));
    const { text, call } = await ask();
    assert.equal(text, 'first');
    assert.equal(call.trace.cache, 'unavailable');
    assert.equal(call.trace.cacheHeaders?.['x-farthing-cache'], 'miss');
    const only = { headers: { 'x-farthing-cache': 'only' } };
    await assert.rejects(ask({}, only), { code: 'cache_miss' });
  });

  test('one that throws where it should reject is taken for one that cannot be asked', async () => {
    const get = (): never => {
      throw new Error('down');
    };
    const { text, call } = await scene({}, broken({ get })).ask();
    assert.equal(text, 'first');
    assert.equal(call.trace.cache, 'unavailable');
  });

  test('one that never finishes writing holds no call up', async () => {
    const { ask } = scene({}, broken({ set: async () => new Promise<void>(() => undefined) }));
    assert.equal((await ask()).text, 'first');
    assert.equal((await ask({ stream: true })).text, 'first');
  });

  test('an answer of a model that is gone is a miss', async () => {
    const store = new MemoryCache({ bytes: 1_000_000 });
    const { ask, say, answers } = scene({}, store);
    await ask();
    const [entry] = await store.list({}, 1);
    assert.ok(entry !== undefined);
    store.put({ ...entry, model: 'gone' });
    say({ text: 'second' });
    assert.equal((await ask()).text, 'second');
    await answers.close();
  });
});

describe('what a client asks of the cache', () => {
  const cases: readonly [Record<string, string>, string][] = [
    [{}, 'use'],
    [{ 'x-farthing-cache': ' OFF ' }, 'off'],
    [{ 'x-farthing-cache': 'only', 'cache-control': 'no-store' }, 'only'],
    [{ 'x-farthing-cache': 'refresh', 'cf-aig-skip-cache': 'true' }, 'refresh'],
    [{ 'cf-aig-skip-cache': 'false' }, 'use'],
    [{ 'helicone-cache-enabled': 'true' }, 'use'],
    [{ 'helicone-cache-enabled': 'FALSE' }, 'off'],
    [{ 'cache-control': 'no-cache, no-store' }, 'off'],
    [{ 'cache-control': 'max-age=0' }, 'refresh'],
    [{ 'cache-control': 'private, max-age=60' }, 'use'],
    [{ 'cache-control': 'max-age=-5' }, 'use'],
    [{ 'x-portkey-cache-force-refresh': 'true', 'cf-aig-skip-cache': 'true' }, 'off'],
  ];
  for (const [headers, mode] of cases) {
    test(`${JSON.stringify(headers)} is ${mode}`, () => {
      assert.equal(readDirectives(headers).mode, mode);
    });
  }

  test('times are seconds, and what is none is left out', () => {
    assert.equal(readDirectives({ 'cache-control': 'max-age=60' }).maxAgeMs, 60_000);
    assert.equal(readDirectives({ 'cf-aig-cache-ttl': '30' }).ttlMs, 30_000);
    assert.equal(readDirectives({ 'cf-aig-cache-ttl': 'an hour' }).ttlMs, undefined);
  });
});
