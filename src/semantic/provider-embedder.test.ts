import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { type Call, type Handler, NO_TIER } from '../call.ts';
import type { Model } from '../config/config.ts';
import { anthropicDialect } from '../dialects/anthropic-messages.ts';
import { openaiDialect } from '../dialects/openai-chat.ts';
import { FarthingError } from '../errors.ts';
import { asArray } from '../json.ts';
import { Connections } from '../providers/connections.ts';
import { createProviderHandler } from '../providers/provider.ts';
import { type FakeUpstream, jsonAnswer, startFakeUpstream } from '../testing/fake-upstream.ts';
import { callOf, modelAt, nowhere, taskOf } from '../testing/stage-fixtures.ts';
import { ProviderEmbedder } from './provider-embedder.ts';

const connections = new Connections();
const upstreams: FakeUpstream[] = [];
after(async () => {
  await connections.close();
  await Promise.all(upstreams.map(async (upstream) => upstream.close()));
});

const ask: Handler = createProviderHandler({
  dialects: { openai: openaiDialect, anthropic: anthropicDialect },
  connections,
});

/** An upstream whose vectors are `[length of the text, 1]`, in the reverse order of the texts. */
async function lengths(): Promise<{ upstream: FakeUpstream; model: Model }> {
  const upstream = await startFakeUpstream(({ body }) => {
    const data = asArray(body['input'])
      .map((text, index) => ({ object: 'embedding', index, embedding: [String(text).length, 1] }))
      .toReversed();
    return jsonAnswer({ object: 'list', data, usage: { prompt_tokens: 3, total_tokens: 3 } });
  });
  upstreams.push(upstream);
  const model: Model = {
    ...modelAt('embedder', 0.02),
    providers: [{ ...nowhere, url: upstream.url, connectTimeoutMs: 5_000, idleTimeoutMs: 60_000 }],
  };
  return { upstream, model };
}

function callFrom(tenant = ''): Call {
  return { ...callOf(taskOf([])), tenant };
}

describe('embeddings from a provider', () => {
  test('texts that come together share one request, each gets its own vector, of length 1', async () => {
    const { upstream, model } = await lengths();
    const embedder = new ProviderEmbedder({ model, ask });
    const calls = [callFrom(), callFrom(), callFrom()];
    const vectors = await Promise.all(
      ['a', 'abc', 'a'].map(async (text, at) => embedder.embed(text, calls[at]!)),
    );
    assert.equal(upstream.requests.length, 1);
    assert.deepEqual(upstream.requests[0]?.body['input'], ['a', 'abc']);
    assert.deepEqual(vectors[0], vectors[2]);
    assert.deepEqual(vectors[0], Float32Array.of(Math.SQRT1_2, Math.SQRT1_2));
    assert.ok(Math.abs(vectors[1]![0]! - 3 / Math.sqrt(10)) < 1e-6);
    const [attempt, ...more] = calls.flatMap(({ trace }) => trace.attempts);
    assert.equal(more.length, 0);
    assert.equal(attempt?.model.name, 'embedder');
    assert.ok(attempt?.endedAt !== undefined);
    assert.ok(attempt?.usage !== undefined);
    assert.equal(calls[0]?.trace.attempts.length, 1);
  });

  test('a text is asked for once', async () => {
    const { upstream, model } = await lengths();
    const embedder = new ProviderEmbedder({ model, ask });
    await embedder.embed('abc', callFrom());
    await embedder.embed('abc', callFrom());
    assert.equal(upstream.requests.length, 1);
  });

  test('tenants share neither requests nor what is kept', async () => {
    const { upstream, model } = await lengths();
    const embedder = new ProviderEmbedder({ model, ask });
    const [a, b] = [callFrom('a'), callFrom('b')];
    await Promise.all([embedder.embed('abc', a), embedder.embed('abc', b)]);
    assert.equal(upstream.requests.length, 2);
    assert.equal(a.trace.attempts.length, 1);
    assert.equal(b.trace.attempts.length, 1);
  });

  test('an endpoint that hangs is left when the time is over, and then left alone for a while', async () => {
    const { upstream, model } = await lengths();
    upstream.respond({ pieces: [{ end: 'hang' }] });
    let now = 0;
    const embedder = new ProviderEmbedder({ model, ask, timeoutMs: 20, now: () => now });
    for (const text of ['a', 'b', 'c'])
      assert.equal(await embedder.embed(text, callFrom()), undefined);
    const asked = upstream.requests.length;
    assert.equal(await embedder.embed('d', callFrom()), undefined);
    assert.equal(upstream.requests.length, asked);
    now += 10_001;
    await embedder.embed('e', callFrom());
    assert.equal(upstream.requests.length, asked + 1);
  });

  test('an attempt for a vector is of no tier, and says that it embedded', async () => {
    const { model } = await lengths();
    const call = callFrom();
    await new ProviderEmbedder({ model, ask }).embed('a', call);
    const [attempt] = call.trace.attempts;
    assert.deepEqual([attempt?.tier, attempt?.operation], [NO_TIER, 'embeddings']);
  });

  test('a budget that is spent leaves the endpoint to those whose is not', async () => {
    const { upstream, model } = await lengths();
    const limited: Handler = async (call) => {
      if (call.tenant === 'spent') throw new FarthingError('budget_exceeded', 'none left');
      return ask(call);
    };
    const embedder = new ProviderEmbedder({ model, ask: limited });
    for (const text of ['a', 'b', 'c', 'd']) {
      assert.equal(await embedder.embed(text, callFrom('spent')), undefined);
    }
    assert.equal(upstream.requests.length, 0);
    assert.ok((await embedder.embed('a', callFrom('other'))) !== undefined);
  });

  test('an answer that makes no sense is none', async () => {
    const answers: readonly unknown[] = [
      [],
      [{ index: 0, embedding: [] }],
      [{ index: 0, embedding: [0, 0] }],
      [{ index: 0, embedding: ['x'] }],
      [{ index: 7, embedding: [1] }],
      [{ embedding: [1] }, { embedding: [1] }],
      'no',
    ];
    for (const data of answers) {
      const { upstream, model } = await lengths();
      upstream.respond(jsonAnswer({ object: 'list', data } as never));
      const embedder = new ProviderEmbedder({ model, ask });
      assert.equal(await embedder.embed('abc', callFrom()), undefined, JSON.stringify(data));
    }
  });

  test('a client that leaves does not take the others’ vectors along', async () => {
    const { model } = await lengths();
    const embedder = new ProviderEmbedder({ model, ask });
    const first = callFrom();
    const both = [embedder.embed('a', first), embedder.embed('b', callFrom())];
    first.departure.leave();
    assert.ok((await both[1]) !== undefined);
  });
});
