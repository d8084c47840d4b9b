/** The official client, a listening gateway, a real upstream. */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { answers, completion, jsonAnswer } from '../../src/testing/fake-upstream.ts';
import { type House, startHouse } from './harness.ts';

const messages = [{ role: 'user', content: 'Hello' }] as const;

describe('the openai client', () => {
  let house: House;
  let client: OpenAI;
  before(async () => {
    house = await startHouse({
      tasks: `
  ladder:
    tiers:
      - { model: small, accept: [complete, not-empty, not-refusal] }
      - { model: large }
  plain: { model: small, match: { system: "You classify*" } }`,
    });
    client = new OpenAI({ baseURL: house.url, apiKey: 'any', maxRetries: 0 });
  });
  after(async () => house.close());

  test('gets an answer, and the ledger has its cost to the nano-dollar', async () => {
    house.upstream.respond(answers('Hi there.'));
    const { data, response } = await client.chat.completions
      .create({ model: 'small', messages: [...messages] })
      .withResponse();
    assert.equal(data.choices[0]?.message.content, 'Hi there.');
    assert.equal(response.headers.get('x-farthing-cost-usd'), '0.00002');
    const call = await house.lastCall();
    assert.equal(response.headers.get('x-farthing-id'), call.id);
    assert.equal(call.attempts.length, 1);
    assert.equal(call.attempts[0]?.costNano, 10 * 1000 + 5 * 2000);
    assert.equal(call.attempts[0]?.usageSource, 'provider');
    assert.equal(call.status, 200);
  });

  test('the body goes upstream byte for byte, with the model renamed and nothing of ours', async () => {
    house.upstream.respond(answers('ok'));
    const body =
      '{ "messages":[{"role":"user","content":"h\\u00e9llo"}],  "model" : "small", "x_new_field": [1, 2.50] }';
    const response = await house.post('/v1/chat/completions', body, {
      authorization: 'Bearer client-key',
      'x-farthing-tags': 'feature=a',
      'helicone-user-id': 'u',
    });
    assert.equal(response.status, 200);
    const sent = house.upstream.requests.at(-1);
    assert.equal(sent?.text, body.replace('"small"', '"small-v1"'));
    assert.equal(sent?.headers.authorization, 'Bearer sk-upstream-secret');
    assert.equal(sent?.headers['x-farthing-tags'], undefined);
    assert.equal(sent?.headers['helicone-user-id'], undefined);
    assert.deepEqual((await house.lastCall()).tags, { feature: 'a', user: 'u' });
  });

  test('streams, without the usage chunk nobody asked for', async () => {
    house.upstream.respond(answers('one two three'));
    const stream = await client.chat.completions.create({
      model: 'small',
      messages: [...messages],
      stream: true,
    });
    let text = '';
    for await (const chunk of stream) {
      assert.equal(chunk.choices.length, 1);
      text += chunk.choices[0]?.delta.content ?? '';
    }
    assert.equal(text, 'one two three');
    const call = await house.lastCall();
    assert.equal(call.attempts[0]?.costNano, 20_000);
    assert.equal(call.attempts[0]?.usageSource, 'provider');
    assert.match(
      house.upstream.requests.at(-1)?.text ?? '',
      /"stream_options":\{"include_usage":true\}/,
    );
  });

  test('a stream that asks for usage gets it with the cost', async () => {
    house.upstream.respond(answers('one two'));
    const stream = await client.chat.completions.create({
      model: 'small',
      messages: [...messages],
      stream: true,
      stream_options: { include_usage: true },
    });
    let last: unknown;
    for await (const chunk of stream) last = chunk;
    const { choices, usage } = last as { choices: unknown[]; usage: Record<string, unknown> };
    assert.deepEqual(choices, []);
    assert.equal(usage['prompt_tokens'], 10);
    assert.equal(usage['cost'], 0.00002);
  });

  test('tools pass both ways', async () => {
    const call = {
      id: 'call_1',
      type: 'function',
      function: { name: 'weather', arguments: '{"city":"Oslo"}' },
    };
    house.upstream.respond(
      jsonAnswer(completion(null, { finishReason: 'tool_calls', message: { tool_calls: [call] } })),
    );
    const tools = [
      { type: 'function' as const, function: { name: 'weather', parameters: { type: 'object' } } },
    ];
    const data = await client.chat.completions.create({
      model: 'small',
      messages: [...messages],
      tools,
    });
    assert.deepEqual(data.choices[0]?.message.tool_calls, [call]);
    assert.deepEqual(house.upstream.requests.at(-1)?.body['tools'], tools);
  });

  test('a rejected answer escalates; both attempts are paid for and in the ledger', async () => {
    house.upstream.respond(({ body }) =>
      jsonAnswer(
        completion(
          body['model'] === 'small-v1' ? "I'm sorry, but I can't help with that." : 'Done.',
        ),
      ),
    );
    const { data, response } = await client.chat.completions
      .create({ model: 'task/ladder', messages: [...messages] })
      .withResponse();
    assert.equal(data.choices[0]?.message.content, 'Done.');
    assert.equal(response.headers.get('x-farthing-tier'), '2');
    assert.equal(response.headers.get('x-farthing-model'), 'large');
    const call = await house.lastCall();
    assert.deepEqual(
      call.attempts.map(({ model, costNano, outcome }) => [model, costNano, outcome]),
      [
        ['small', 20_000, 'rejected'],
        ['large', 200_000, undefined],
      ],
    );
  });

  test('a streamed refusal is never shown: the client sees the next tier only', async () => {
    house.upstream.respond((request) =>
      (request.body['model'] === 'small-v1'
        ? answers(
            "I'm sorry, but I can't help with that request, since it is not something that I can do for you today.",
          )
        : answers('Here you are.'))(request),
    );
    const stream = await client.chat.completions.create({
      model: 'task/ladder',
      messages: [...messages],
      stream: true,
    });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    assert.equal(text, 'Here you are.');
    const call = await house.lastCall();
    assert.equal(call.attempts.length, 2);
    assert.match(String(call.attempts[0]?.reasons), /refusal/);
    assert.equal(call.model, 'large');
  });

  test('the task is found by a match rule, and the model the client named is overruled', async () => {
    house.upstream.respond(answers('spam'));
    const { response } = await client.chat.completions
      .create({
        model: 'large',
        messages: [{ role: 'system', content: 'You classify mail.' }, ...messages],
      })
      .withResponse();
    assert.equal(response.headers.get('x-farthing-task'), 'plain');
    assert.equal(response.headers.get('x-farthing-model'), 'small');
    const call = await house.lastCall();
    assert.equal(call.referenceModel, 'large');
    assert.equal(call.referenceNano, 200_000);
  });

  test('embeddings come as the client decodes them', async () => {
    const floats = Float32Array.from([0.5, -0.25, 1]);
    house.upstream.respond(({ body }) => {
      assert.equal(body['encoding_format'], 'base64');
      const embedding = Buffer.from(floats.buffer).toString('base64');
      return jsonAnswer({
        object: 'list',
        model: 'small-v1',
        data: [{ object: 'embedding', index: 0, embedding }],
        usage: { prompt_tokens: 4, total_tokens: 4 },
      });
    });
    const data = await client.embeddings.create({ model: 'small', input: 'text' });
    assert.deepEqual([...(data.data[0]?.embedding ?? [])], [0.5, -0.25, 1]);
    assert.equal((await house.lastCall()).attempts[0]?.costNano, 4000);
  });

  test('models and tasks are listed', async () => {
    const ids: string[] = [];
    for await (const { id } of client.models.list()) ids.push(id);
    for (const id of ['task/ladder', 'task/plain', 'small', 'large'])
      assert.ok(ids.includes(id), id);
  });

  test('an unpriced model is counted as such, never as free', async () => {
    house.upstream.respond(answers('ok'));
    const { response } = await client.chat.completions
      .create({ model: 'unpriced', messages: [...messages] })
      .withResponse();
    assert.equal(response.headers.get('x-farthing-cost-usd'), null);
    assert.equal((await house.lastCall()).attempts[0]?.costNano, undefined);
    assert.ok(house.gateway.stores.ledger.report({}).totals.unpriced > 0);
  });

  test('health, readiness and metrics answer', async () => {
    for (const path of ['/healthz', '/readyz']) {
      assert.equal((await fetch(`${house.server.url}${path}`)).status, 200);
    }
    const text = await (await fetch(`${house.server.url}/metrics`)).text();
    assert.match(text, /farthing_calls_total\{task="plain",status="200",outcome="unchecked"\} 1/);
    assert.match(text, /farthing_attempts_total\{provider="fake",model="small",status="200"\} \d+/);
    assert.match(text, /farthing_cost_usd_total\{task="ladder"\} 0\.000\d+/);
    assert.match(text, /farthing_tokens_total\{model="small",class="output"\} \d+/);
    assert.doesNotMatch(text, /sk-upstream-secret|Hello/);
  });

  test('a slow reader holds the upstream back, and gets everything', async () => {
    const words = Array.from({ length: 3000 }, (_, n) => `word-${n}-${'x'.repeat(400)} `);
    house.upstream.respond(answers('', { parts: words }));
    const response = await house.post('/v1/chat/completions', {
      model: 'small',
      messages,
      stream: true,
    });
    assert.ok(response.body);
    let text = '';
    let reads = 0;
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (reads++ % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    assert.match(text, /word-2999-/);
    assert.match(text, /\[DONE\]/);
    assert.equal(text.match(/word-\d+-/g)?.length, 3000);
  });
});
