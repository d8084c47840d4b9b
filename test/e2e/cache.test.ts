/** The official client, a listening gateway with a cache, a real upstream. */
import { after, before, beforeEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { parseConfig } from '../../src/config/load.ts';
import { createGateway } from '../../src/gateway.ts';
import type { JsonObject } from '../../src/json.ts';
import type { CallRecord } from '../../src/stores/ledger-store.ts';
import { answers, type Behaviour, startFakeUpstream } from '../../src/testing/fake-upstream.ts';
import { type House, startHouse } from './harness.ts';

const messages = [{ role: 'user', content: 'Hello' }] as const;

interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** All that the ledger has, checked to add up. */
async function addUp(house: House): Promise<void> {
  await house.gateway.stores.ledger.flush();
  const { totals } = house.gateway.stores.ledger.report({});
  const saved = Object.values(totals.saved_by_nano_usd).reduce((sum, nano) => sum + nano, 0);
  assert.equal(totals.reference_nano_usd - saved + totals.overhead_nano_usd, totals.cost_nano_usd);
}

describe('the cache', () => {
  let house: House;
  let client: OpenAI;
  let asked = 0;
  before(async () => {
    house = await startHouse({
      top: 'reference: large\ncache: { ttl: 1h }',
      tasks: `
  plain: { model: small }
  other: { model: small }
  never: { model: small, cache: false }
  free: { model: small, cache: { sampled: true } }
  several: { model: small, cache: { sampled: true, samples: 2 } }
  alike: { model: small, cache: { normalize: [space, case, dates] } }
  ladder:
    tiers:
      - { model: small, accept: [complete, not-empty, not-refusal] }
      - { model: large }
  picky: { tiers: [{ model: small, accept: [{ min-length: 500 }] }] }`,
    });
    client = new OpenAI({ baseURL: house.url, apiKey: 'any', maxRetries: 0 });
  });
  after(async () => {
    await addUp(house);
    await house.close();
  });
  beforeEach(() => {
    asked = house.upstream.requests.length;
  });

  let questions = 0;
  /** A question that nobody has asked yet. */
  const question = (more: JsonObject = {}): JsonObject => ({
    model: 'task/plain',
    messages: [{ role: 'user', content: `Question ${questions++}` }],
    temperature: 0,
    ...more,
  });

  const post = async (
    body: JsonObject,
    headers: Record<string, string> = {},
  ): Promise<Answered> => {
    const path = body['input'] === undefined ? '/v1/chat/completions' : '/v1/embeddings';
    const response = await house.post(path, body, headers);
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const stateOf = ({ headers }: Answered): string | null => headers.get('x-farthing-cache');
  const upstreamCalls = (): number => house.upstream.requests.length - asked;
  const rowOf = async ({ headers }: Answered): Promise<CallRecord> => {
    await house.gateway.stores.ledger.flush();
    const row = house.gateway.stores.ledger.call(headers.get('x-farthing-id') ?? '');
    assert.ok(row);
    return row;
  };

  test('an answer is given again to the letter, costs nothing, and says so', async () => {
    house.upstream.respond(answers('Hi there.'));
    const body = question();
    const first = await post(body);
    const second = await post(body);
    assert.deepEqual([stateOf(first), stateOf(second)], ['miss', 'hit']);
    assert.equal(second.text, first.text);
    assert.equal(upstreamCalls(), 1);
    assert.equal(second.headers.get('x-farthing-cost-usd'), '0');
    assert.equal(second.headers.get('x-farthing-attempts'), '0');
    assert.equal(second.headers.get('x-farthing-model'), 'small');
    assert.match(second.headers.get('age') ?? '', /^\d+$/);
    assert.equal(first.headers.get('age'), null);
    assert.equal(second.headers.get('cf-aig-cache-status'), 'HIT');
    assert.equal(second.headers.get('x-portkey-cache-status'), 'HIT');
    assert.equal(first.headers.get('cf-aig-cache-status'), 'MISS');
    const [miss, hit] = [await rowOf(first), await rowOf(second)];
    assert.deepEqual(miss.savedNano, { cache: 0, coalesce: 0, route: 180_000, service: 0 });
    assert.deepEqual(hit.savedNano, { cache: 200_000, coalesce: 0, route: 0, service: 0 });
    assert.deepEqual([hit.cache, hit.avoidedNano, hit.overheadNano], ['hit', 20_000, 0]);
    assert.deepEqual([hit.model, hit.provider, hit.tier, hit.attempts], ['small', 'fake', 0, []]);
    assert.equal(hit.referenceNano, 200_000);
  });

  test('what was kept as JSON is streamed, with tool calls, reasoning, and usage where asked for', async () => {
    const toolCalls = [
      { name: 'weather', arguments: { city: 'Oslo' }, id: 'call_a' },
      { name: 'weather', arguments: { city: 'Rome' }, id: 'call_b' },
    ];
    house.upstream.respond({
      kind: 'answer',
      text: 'Looking.',
      toolCalls,
      message: { reasoning_content: 'Two cities.' },
    });
    const body = question();
    await post(body);
    const streamed = await client.chat.completions
      .stream({ ...body, stream_options: { include_usage: true } } as never)
      .finalChatCompletion();
    assert.equal(upstreamCalls(), 1);
    const [choice] = streamed.choices;
    assert.equal(choice?.message.content, 'Looking.');
    assert.equal(choice?.finish_reason, 'tool_calls');
    assert.deepEqual(
      choice?.message.tool_calls?.map((call) => (call as { id: string }).id),
      ['call_a', 'call_b'],
    );
    assert.equal(streamed.usage?.prompt_tokens, 10);
    assert.equal((streamed.usage as unknown as { cost: number }).cost, 0);
    const quiet = await post({ ...body, stream: true });
    assert.equal(stateOf(quiet), 'hit');
    assert.match(quiet.text, /"reasoning_content":"Two cities\."/);
    assert.match(quiet.text, /data: \[DONE\]\n\n$/);
    assert.doesNotMatch(quiet.text, /"usage":\{/);
    assert.equal(quiet.headers.get('transfer-encoding'), 'chunked');
  });

  test('what was kept as a stream is given as JSON and as a stream', async () => {
    house.upstream.respond({
      kind: 'answer',
      text: 'one two three',
      toolCalls: [{ name: 'f', arguments: '{"a": [1, 2]}', id: 'call_1' }],
      message: { reasoning_content: 'hm' },
      pause: 2,
    });
    const body = question();
    const first = await post({ ...body, stream: true });
    assert.equal(stateOf(first), 'miss');
    assert.doesNotMatch(first.text, /"usage":\{/);
    const whole = await client.chat.completions.create(body as never);
    assert.equal(upstreamCalls(), 1);
    assert.equal(whole.object, 'chat.completion');
    const [choice] = whole.choices;
    assert.equal(choice?.message.content, 'one two three');
    assert.equal(
      (choice?.message as { reasoning_content?: string } | undefined)?.reasoning_content,
      'hm',
    );
    assert.deepEqual(choice?.message.tool_calls, [
      { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a": [1, 2]}' } },
    ]);
    assert.equal(whole.usage?.total_tokens, 15);
    const again = await post({ ...body, stream: true });
    assert.equal(stateOf(again), 'hit');
    assert.match(again.text, /one two three/);
  });

  test('several choices with log-probabilities come back as they were', async () => {
    house.upstream.respond({
      kind: 'answer',
      choices: [
        { text: 'first one', logprob: -0.5 },
        { text: 'second', logprob: -0.25 },
      ],
    });
    const body = question({ n: 2, logprobs: true });
    const first = JSON.parse((await post(body)).text) as { choices: unknown };
    const chunks = await client.chat.completions.stream(body as never).finalChatCompletion();
    assert.equal(upstreamCalls(), 1);
    assert.deepEqual(
      chunks.choices.map(({ message }) => message.content),
      ['first one', 'second'],
    );
    assert.deepEqual(
      chunks.choices.map(({ logprobs }) => logprobs?.content?.map(({ logprob }) => logprob)),
      (first.choices as typeof chunks.choices).map(({ logprobs }) =>
        logprobs?.content?.map(({ logprob }) => logprob),
      ),
    );
  });

  test('embeddings are kept too, in the encoding that was asked for', async () => {
    house.upstream.respond(answers('ignored'));
    const input = `text ${questions++}`;
    const first = await client.embeddings.create({ model: 'small', input });
    const second = await client.embeddings.create({ model: 'small', input });
    assert.equal(upstreamCalls(), 1);
    assert.ok((first.data[0]?.embedding.length ?? 0) > 0);
    assert.deepEqual(second.data, first.data);
    await client.embeddings.create({ model: 'small', input, encoding_format: 'float' });
    await client.embeddings.create({ model: 'small', input: `${input} ` });
    assert.equal(upstreamCalls(), 3);
  });

  test('another temperature, tool, model, task or header is another question', async () => {
    house.upstream.respond(answers('ok'));
    const body = question();
    await post(body);
    const others: readonly [JsonObject, Record<string, string>?][] = [
      [{ ...body, max_tokens: 5 }],
      [{ ...body, tools: [] }],
      [{ ...body, seed: 1 }],
      [{ ...body, model: 'task/other' }],
      [{ ...body, model: 'small' }],
      [{ ...body, model: 'large' }],
      [{ ...body, x_new: 1 }],
      [body, { 'cf-aig-cache-key': 'mine' }],
      [body, { 'helicone-cache-seed': 'mine' }],
    ];
    for (const [other, headers] of others)
      assert.equal(stateOf(await post(other, headers)), 'miss');
    for (const [other, headers] of others) assert.equal(stateOf(await post(other, headers)), 'hit');
    assert.equal(stateOf(await post({ ...body, user: 'ann', metadata: { a: 'b' } })), 'hit');
  });

  test('a configured task is one task, however it is named', async () => {
    house.upstream.respond(answers('ok'));
    const body = question();
    await post(body);
    const headers = { 'x-farthing-task': 'plain' };
    assert.equal(stateOf(await post({ ...body, model: 'gpt-5' }, headers)), 'hit');
  });

  test('what would differ from call to call is kept only where the task says so', async () => {
    house.upstream.respond(answers('ok'));
    for (const temperature of [undefined, 1, null]) {
      const body = question(temperature === undefined ? {} : { temperature });
      if (temperature === undefined) delete (body as Record<string, unknown>)['temperature'];
      for (const _ of [1, 2]) assert.equal(stateOf(await post(body)), 'off');
      const free = { ...body, model: 'task/free' };
      assert.equal(stateOf(await post(free)), 'miss');
      assert.equal(stateOf(await post(free)), 'hit');
    }
    assert.equal(stateOf(await post(question({ model: 'task/never' }))), 'off');
  });

  test('of several samples each is drawn once, then they are given in turn', async () => {
    let drawn = 0;
    house.upstream.respond((request) => answers(`sample ${drawn++}`)(request));
    const body = question({ model: 'task/several', temperature: 1 });
    const got: string[] = [];
    for (let call = 0; call < 6; call++) {
      got.push(/sample \d/.exec((await post(body)).text)?.[0] ?? '');
    }
    assert.deepEqual(
      got,
      [0, 1, 0, 1, 0, 1].map((sample) => `sample ${sample}`),
    );
    assert.equal(drawn, 2);
  });

  test('texts are made alike where the task says so', async () => {
    house.upstream.respond(answers('ok'));
    const ask = async (model: string, content: string) =>
      stateOf(await post(question({ model, messages: [{ role: 'user', content }] })));
    assert.equal(await ask('task/alike', 'On 2026-11-24:  WHAT is open?'), 'miss');
    assert.equal(await ask('task/alike', 'on 2026-11-25: what is open?'), 'hit');
    assert.equal(await ask('task/alike', 'on 2026-11-25: what is closed?'), 'miss');
    assert.equal(await ask('task/plain', 'On 2026-11-24:  WHAT is open?'), 'miss');
    assert.equal(await ask('task/plain', 'on 2026-11-25: what is open?'), 'miss');
  });

  const unkept: Readonly<Record<string, Behaviour>> = {
    'an error': { kind: 'error', status: 500 },
    'a rate limit': { kind: 'error', status: 429 },
    'an error in a 200': { kind: 'body', body: { error: { message: 'no', code: 500 } } },
    'no choices': { kind: 'body', body: { id: 'x', object: 'chat.completion', choices: [] } },
    'an empty answer': { kind: 'answer', text: '' },
    'a cut answer': { kind: 'answer', text: 'and then', finishReason: 'length' },
    'a filtered answer': { kind: 'answer', text: 'and', finishReason: 'content_filter' },
    'a refusal': { kind: 'answer', text: null, refusal: 'I cannot.' },
    'an end nobody knows': { kind: 'answer', text: 'a', finishReason: 'whatever' },
  };
  for (const [what, behaviour] of Object.entries(unkept)) {
    for (const stream of [false, true]) {
      test(`${what} is not kept${stream ? ', streamed' : ''}`, async () => {
        house.upstream.respond(behaviour);
        const body = question({ stream });
        for (const _ of [1, 2]) assert.notEqual(stateOf(await post(body)), 'hit');
        assert.equal(upstreamCalls(), 2);
      });
    }
  }

  test('a stream that breaks off, and one whose client leaves, is not kept', async () => {
    for (const end of ['reset', 'close'] as const) {
      house.upstream.respond({ kind: 'answer', text: 'one two three four', cut: 'event', end });
      const body = question({ stream: true });
      await post(body).catch(() => undefined);
      house.upstream.respond(answers('whole'));
      assert.equal(stateOf(await post(body)), 'miss');
    }
    house.upstream.respond({ kind: 'answer', text: 'word '.repeat(200), pause: 5 });
    const body = question({ stream: true });
    const leaving = new AbortController();
    const response = await fetch(`${house.url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: leaving.signal,
    });
    await response.body?.getReader().read();
    leaving.abort();
    house.upstream.respond(answers('whole'));
    assert.equal(stateOf(await post(body)), 'miss');
  });

  test('an answer that failed its checks is not kept; one that was escalated is', async () => {
    house.upstream.respond(answers('short'));
    const picky = question({ model: 'task/picky' });
    for (const stream of [false, true, false]) {
      assert.equal(stateOf(await post({ ...picky, stream })), 'miss');
    }
    house.upstream.respond((request) =>
      answers(
        request.body['model'] === 'small-v1' ? "I'm sorry, but I can't help with that." : 'Done.',
      )(request),
    );
    const body = question({ model: 'task/ladder' });
    const first = await post(body);
    const second = await post(body);
    assert.deepEqual([stateOf(first), stateOf(second)], ['miss', 'hit']);
    assert.equal(second.headers.get('x-farthing-tier'), '2');
    // What is avoided is the whole climb.
    assert.equal((await rowOf(second)).avoidedNano, 220_000);
  });

  test('the client may go past it, renew it, or want it alone', async () => {
    house.upstream.respond(answers('old'));
    const body = question();
    await post(body);
    house.upstream.respond(answers('new'));
    const off: readonly Record<string, string>[] = [
      { 'x-farthing-cache': 'off' },
      { 'cf-aig-skip-cache': 'true' },
      { 'helicone-cache-enabled': 'false' },
      { 'cache-control': 'no-store' },
    ];
    for (const headers of off) {
      const passed = await post(body, headers);
      assert.equal(stateOf(passed), 'off');
      assert.match(passed.text, /new/);
    }
    assert.match((await post(body)).text, /old/);
    const refresh: readonly Record<string, string>[] = [
      { 'x-farthing-cache': 'refresh' },
      { 'cache-control': 'no-cache' },
      { 'cache-control': 'max-age=0' },
      { 'x-portkey-cache-force-refresh': 'true' },
    ];
    for (const [index, headers] of refresh.entries()) {
      house.upstream.respond(answers(`newest ${index}`));
      assert.equal(stateOf(await post(body, headers)), 'refresh');
      assert.match((await post(body)).text, new RegExp(`newest ${index}`));
    }
    assert.equal(stateOf(await post(body, { 'cache-control': 'max-age=600' })), 'hit');
    const only: readonly Record<string, string>[] = [
      { 'x-farthing-cache': 'only' },
      { 'cache-control': 'only-if-cached' },
    ];
    const before_ = upstreamCalls();
    for (const headers of only) {
      assert.equal(stateOf(await post(body, headers)), 'hit');
      const missing = await post(question(), headers);
      assert.equal(missing.status, 504);
      assert.match(missing.text, /"code":"cache_miss"/);
      assert.equal(missing.headers.get('x-should-retry'), 'false');
      const uncached = await post(question({ model: 'task/never' }), headers);
      assert.equal(uncached.status, 504);
    }
    assert.equal(upstreamCalls(), before_);
    const typo = await post(body, { 'x-farthing-cache': 'refesh' });
    assert.equal(typo.status, 400);
    assert.match(typo.text, /off, refresh or only/);
  });

  test('a client may have its answer kept for less long, not for longer', async () => {
    house.upstream.respond(answers('ok'));
    const body = question();
    await post(body, { 'cf-aig-cache-ttl': '0' });
    assert.equal(stateOf(await post(body, { 'cf-aig-cache-ttl': '99999999' })), 'miss');
    assert.equal(stateOf(await post(body)), 'hit');
    const [entry] = (await house.gateway.cache?.store.list({}, 1)) ?? [];
    assert.ok(entry !== undefined && entry.freshUntil <= entry.storedAt + 3_600_000);
  });

  test('reports count hits, and what they saved', async () => {
    await house.gateway.stores.ledger.flush();
    const { totals } = house.gateway.stores.ledger.report({});
    assert.ok(totals.cache_hits > 10);
    assert.ok(totals.saved_by_nano_usd.cache >= totals.cache_hits * 1000);
  });

  test('what was kept is purged by task, tag or all', async () => {
    house.upstream.respond(answers('ok'));
    const body = question();
    await post(body, { 'x-farthing-tags': 'feature=a' });
    const store = house.gateway.cache?.store;
    assert.ok(store);
    assert.equal(await store.purge({ tag: { name: 'feature', value: 'a' } }), 1);
    assert.equal(stateOf(await post(body)), 'miss');
    assert.ok((await store.purge({ task: 'plain' })) > 0);
    assert.equal(stateOf(await post(body)), 'miss');
  });

  test('calls of the same moment are all answered, whoever comes first', async () => {
    house.upstream.respond(answers('ok'));
    const body = question();
    const all = await Promise.all(Array.from({ length: 20 }, async () => post(body)));
    assert.ok(all.every(({ status }) => status === 200));
    assert.equal(stateOf(await post(body)), 'hit');
  });

  test('the client sees no difference between a call answered and a call answered again', async () => {
    house.upstream.respond(answers('same'));
    const body = { ...question(), messages: [...messages] } as never;
    const first = await client.chat.completions.create(body);
    const second = await client.chat.completions.create(body);
    assert.deepEqual(second, first);
  });
});

describe('a cache beside keys and a hold-out', () => {
  test('no key is given what was answered to another', async () => {
    const house = await startHouse({ top: 'keys: required\ncache: { ttl: 1h }' });
    try {
      let answered = 0;
      house.upstream.respond((request) => answers(`answer ${answered++}`)(request));
      const { keys } = house.gateway.stores;
      const [a, b] = [await keys.create({ name: 'a' }), await keys.create({ name: 'b' })];
      const ask = async (secret: string, headers: Record<string, string> = {}): Promise<string> => {
        const metadata = { tenant: 'a', key: 'a' };
        const body = { model: 'small', messages, temperature: 0, user: 'a', metadata };
        const authorization = `Bearer ${secret}`;
        const response = await house.post('/v1/chat/completions', body, {
          authorization,
          ...headers,
        });
        return /answer \d+/.exec(await response.text())?.[0] ?? '';
      };
      assert.deepEqual([await ask(a.secret), await ask(a.secret)], ['answer 0', 'answer 0']);
      const names = [
        'x-farthing-key',
        'x-farthing-tenant',
        'x-farthing-tags',
        'cf-aig-cache-key',
        'helicone-cache-seed',
        'x-portkey-cache-namespace',
      ];
      for (const name of ['accept-language', ...names]) {
        for (const value of ['a', 's1:a', 'tenant=a']) {
          assert.notEqual(await ask(b.secret, { [name]: value }), 'answer 0');
        }
      }
      assert.equal(await ask(a.secret), 'answer 0');
    } finally {
      await house.close();
    }
  });

  test('the hold-out is neither answered from the cache nor kept', async () => {
    const house = await startHouse({
      top: 'reference: large\nhold-out: { share: 100% }\ncache: { ttl: 1h }',
      tasks: '  plain: { model: small }',
    });
    try {
      const body = { model: 'task/plain', messages, temperature: 0 };
      for (const _ of [1, 2]) {
        const response = await house.post('/v1/chat/completions', body);
        await response.text();
        assert.equal(response.headers.get('x-farthing-cache'), 'off');
      }
      assert.equal(house.upstream.requests.length, 2);
    } finally {
      await house.close();
    }
  });
});

describe('a cache in a file', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'farthing-cache-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  test('survives a restart; another epoch does not see it, nor another policy of the task', async () => {
    const upstream = await startFakeUpstream(answers('kept'));
    const start = async (cache: string, accept = '[complete]') =>
      createGateway(
        await parseConfig(`
data: ${join(directory, 'ledger.db')}
providers: { fake: { dialect: openai, url: "${upstream.url}", key: k, retries: 0 } }
models: { small: { provider: fake, price: { input: 1, output: 2 } } }
tasks:
  draft: { tiers: [{ model: small, accept: ${accept} }], cache: ${cache} }
`),
      );
    const ask = async (cache: string, accept?: string): Promise<string | undefined> => {
      const gateway = await start(cache, accept);
      const text = JSON.stringify({ model: 'task/draft', messages, temperature: 0 });
      const call = gateway.read({ body: text, headers: {} });
      for await (const _ of (await gateway.answer(call)).events);
      await gateway.close();
      return call.trace.cache;
    };
    assert.equal(await ask('{ ttl: 1h }'), 'miss');
    assert.equal(await ask('{ ttl: 1h }'), 'hit');
    assert.equal(await ask('{ ttl: 2h, stale: 1h }'), 'hit');
    assert.equal(await ask('{ ttl: 1h, epoch: 1 }'), 'miss');
    assert.equal(await ask('{ ttl: 1h }', '[complete, { min-length: 2 }]'), 'miss');
    assert.equal(await ask('{ ttl: 1h }', '[complete, { min-length: 3 }]'), 'miss');
    assert.equal(await ask('{ ttl: 1h }'), 'hit');
    assert.equal(await ask('false'), undefined);
    await upstream.close();
  });
});

test('where nothing is ever kept, a call that wants what is kept or nothing asks no model', async () => {
  const house = await startHouse({ tasks: '  plain: { model: small }' });
  for (const stream of [false, true]) {
    for (const headers of [{ 'x-farthing-cache': 'only' }, { 'cache-control': 'only-if-cached' }]) {
      const body = { model: 'task/plain', messages, temperature: 0, stream };
      const response = await house.post('/v1/chat/completions', body, headers);
      assert.equal(response.status, 504);
      assert.match(await response.text(), /cache_miss/);
    }
  }
  assert.equal(house.upstream.requests.length, 0);
  const { attempts, status } = await house.lastCall();
  assert.deepEqual([attempts.length, status], [0, 504]);
  await house.close();
});
