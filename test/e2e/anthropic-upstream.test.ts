/** The official OpenAI client, answered by an Anthropic upstream. */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import type { Behaviour, Piece } from '../../src/testing/fake-upstream.ts';
import { type House, startHouse } from './harness.ts';

const USAGE = {
  input_tokens: 10,
  cache_read_input_tokens: 100,
  cache_creation_input_tokens: 0,
  output_tokens: 5,
};

const message = (content: object[], stop = 'end_turn'): Behaviour => ({
  headers: { 'content-type': 'application/json' },
  pieces: [
    JSON.stringify({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'small-v1',
      content,
      stop_reason: stop,
      usage: USAGE,
    }),
  ],
});

const events = (...list: readonly object[]): Behaviour => ({
  headers: { 'content-type': 'text/event-stream' },
  pieces: list.map(
    (event): Piece =>
      `event: ${(event as { type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`,
  ),
});

const START = {
  type: 'message_start',
  message: { id: 'msg_1', model: 'small-v1', usage: { ...USAGE, output_tokens: 1 } },
};
const STOP = [
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } },
  { type: 'message_stop' },
];
const text = (words: string) => ({
  type: 'content_block_delta',
  index: 0,
  delta: { type: 'text_delta', text: words },
});

describe('an Anthropic upstream', () => {
  let house: House;
  let client: OpenAI;
  before(async () => {
    house = await startHouse({ dialect: 'anthropic' });
    client = new OpenAI({ baseURL: house.url, apiKey: 'any', maxRetries: 0 });
  });
  after(async () => house.close());

  test('answers; cached tokens are on top of the input and priced once', async () => {
    house.upstream.respond(message([{ type: 'text', text: 'Hello from Claude.' }]));
    const data = await client.chat.completions.create({
      model: 'small',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
      max_tokens: 100,
    });
    assert.equal(data.choices[0]?.message.content, 'Hello from Claude.');
    assert.equal(data.choices[0]?.finish_reason, 'stop');
    assert.equal(data.usage?.prompt_tokens, 110);
    assert.equal(data.usage?.prompt_tokens_details?.cached_tokens, 100);
    const sent = house.upstream.requests.at(-1);
    assert.equal(sent?.path, '/v1/messages');
    assert.equal(sent?.headers['x-api-key'], 'sk-upstream-secret');
    assert.equal(sent?.headers['anthropic-version'], '2023-06-01');
    assert.deepEqual(sent?.body, {
      model: 'small-v1',
      max_tokens: 100,
      system: 'Be brief.',
      messages: [{ role: 'user', content: 'Hi' }],
    });
    const [attempt] = (await house.lastCall()).attempts;
    assert.equal(attempt?.tokens.cacheRead, 100);
    assert.equal(attempt?.costNano, (10 + 100) * 1000 + 5 * 2000);
  });

  test('a tool loop, there and back', async () => {
    house.upstream.respond(
      message(
        [{ type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Oslo' } }],
        'tool_use',
      ),
    );
    const tools = [
      { type: 'function' as const, function: { name: 'weather', parameters: { type: 'object' } } },
    ];
    const first = await client.chat.completions.create({
      model: 'small',
      messages: [{ role: 'user', content: 'Weather?' }],
      tools,
    });
    const turn = first.choices[0]?.message;
    assert.equal(first.choices[0]?.finish_reason, 'tool_calls');
    assert.ok(turn);
    house.upstream.respond(message([{ type: 'text', text: 'Sunny.' }]));
    await client.chat.completions.create({
      model: 'small',
      messages: [
        { role: 'user', content: 'Weather?' },
        turn,
        { role: 'tool', tool_call_id: 'toolu_1', content: '21 degrees' },
      ],
      tools,
    });
    const { body } = house.upstream.requests.at(-1) ?? {};
    assert.deepEqual(body?.['messages'], [
      { role: 'user', content: 'Weather?' },
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Oslo' } }],
      },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: '21 degrees' }],
      },
    ]);
    assert.deepEqual(body?.['tools'], [{ name: 'weather', input_schema: { type: 'object' } }]);
  });

  test('streams, with cumulative usage counted once', async () => {
    house.upstream.respond(
      events(
        START,
        { type: 'ping' },
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
        text('Hello '),
        text('you.'),
        { type: 'content_block_stop', index: 0 },
        ...STOP,
      ),
    );
    const stream = await client.chat.completions.create({
      model: 'small',
      messages: [{ role: 'user', content: 'Hi' }],
      stream: true,
      stream_options: { include_usage: true },
    });
    let said = '';
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      said += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    assert.equal(said, 'Hello you.');
    assert.equal(usage?.completion_tokens, 5);
    assert.equal((await house.lastCall()).attempts[0]?.costNano, 120_000);
  });

  test('a stream that is cut has partial usage: the prompt is known, the output counted', async () => {
    house.upstream.respond(events(START, text('Hello my dear friend, how are you today?')));
    const stream = await client.chat.completions.create({
      model: 'small',
      messages: [{ role: 'user', content: 'Hi' }],
      stream: true,
    });
    await assert.rejects(async () => {
      for await (const _ of stream);
    }, /middle of its answer/);
    const [attempt] = (await house.lastCall()).attempts;
    assert.equal(attempt?.usageSource, 'partial');
    assert.equal(attempt?.tokens.cacheRead, 100);
    assert.ok((attempt?.tokens.output ?? 0) > 5);
  });

  test('its errors look like OpenAI’s', async () => {
    const body = {
      type: 'error',
      error: { type: 'overloaded_error', message: 'Overloaded' },
      request_id: 'r',
    };
    house.upstream.respond({
      status: 529,
      headers: { 'content-type': 'application/json' },
      pieces: [JSON.stringify(body)],
    });
    await assert.rejects(
      client.chat.completions.create({
        model: 'small',
        messages: [{ role: 'user', content: 'Hi' }],
      }),
      (error: unknown) =>
        error instanceof OpenAI.APIError &&
        error.status === 529 &&
        error.type === 'overloaded_error',
    );
  });

  test('what it cannot do is said before it is asked', async () => {
    const soFar = house.upstream.requests.length;
    await assert.rejects(
      client.chat.completions.create({
        model: 'small',
        n: 2,
        messages: [{ role: 'user', content: 'Hi' }],
      }),
      (error: unknown) => error instanceof OpenAI.BadRequestError && error.param === 'n',
    );
    assert.equal(house.upstream.requests.length, soFar);
  });
});
