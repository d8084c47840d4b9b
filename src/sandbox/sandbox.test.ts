import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { parseConfig } from '../config/load.ts';
import { sandboxConfigYaml } from './config.ts';
import { type Sandbox, startSandbox } from './sandbox.ts';

const messages = [{ role: 'user' as const, content: 'Write to Northwind about 12 logos.' }];

describe('the sandbox', () => {
  let sandbox: Sandbox;
  let client: OpenAI;
  before(async () => {
    sandbox = await startSandbox();
    client = new OpenAI({ baseURL: sandbox.url, apiKey: 'none', maxRetries: 0 });
  });
  after(async () => sandbox.close());

  test('lists its models', async () => {
    const listed = (await client.models.list()).data.map(({ id }) => id);
    assert.deepEqual(listed, [
      'sandbox-small',
      'sandbox-medium',
      'sandbox-large',
      'sandbox-embedding',
    ]);
    assert.deepEqual(listed, sandbox.models);
  });

  test('answers as JSON and as a stream with the same words and usage', async () => {
    const body = { model: 'sandbox-large', messages };
    const { choices, usage } = await client.chat.completions.create(body);
    const stream = await client.chat.completions.create({
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let streamed: OpenAI.CompletionUsage | undefined;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      streamed = chunk.usage ?? streamed;
    }
    assert.equal(text, choices[0]?.message.content);
    assert.deepEqual(streamed, usage);
    assert.equal(usage?.prompt_tokens, Math.ceil(messages[0]!.content.length / 4));
  });

  test('several choices, tools in a stream', async () => {
    const { choices } = await client.chat.completions.create({
      model: 'sandbox-large',
      messages,
      n: 3,
    });
    assert.deepEqual(
      choices.map(({ index }) => index),
      [0, 1, 2],
    );
    const final = await client.chat.completions
      .stream({
        model: 'sandbox-large',
        messages,
        tool_choice: 'required',
        tools: [
          {
            type: 'function',
            function: {
              name: 'order',
              parameters: { type: 'object', properties: { count: { type: 'integer' } } },
            },
          },
        ],
      })
      .finalChatCompletion();
    const [call] = final.choices[0]?.message.tool_calls ?? [];
    assert.equal(call?.type === 'function' && call.function.arguments, '{"count":12}');
  });

  test('embeds: 256 numbers, the same for the same text, nearer for nearer texts', async () => {
    const input = ['red apples are sweet', 'sweet red apples', 'invoice of the railway', ''];
    const embed = async (encoding_format: 'float' | 'base64') =>
      client.embeddings.create({ model: 'sandbox-embedding', input, encoding_format });
    const { data, usage } = await embed('float');
    const vectors = data.map(({ embedding }) => embedding);
    const dot = (left: number[], right: number[]): number =>
      left.reduce((sum, value, index) => sum + value * (right[index] ?? 0), 0);
    for (const vector of vectors) {
      assert.equal(vector.length, 256);
      assert.ok(Math.abs(dot(vector, vector) - 1) < 1e-5);
    }
    assert.ok(dot(vectors[0]!, vectors[1]!) > dot(vectors[0]!, vectors[2]!) + 0.3);
    assert.equal(usage.prompt_tokens, 5 + 4 + 6);
    const [packed] = (await embed('base64')).data;
    const bytes = Buffer.from(packed?.embedding as unknown as string, 'base64');
    const first = Array.from({ length: 256 }, (_, index) => bytes.readFloatLE(index * 4));
    assert.deepEqual(first, vectors[0]);
    const short = await client.embeddings.create({
      model: 'sandbox-embedding',
      input: [[1, 2, 3]],
      dimensions: 64,
    });
    assert.equal(short.data[0]?.embedding.length, 64);
  });

  test('refuses what it cannot do', async () => {
    const refused = async (promise: Promise<unknown>, code: string): Promise<void> =>
      assert.rejects(promise, (error: unknown) => {
        assert.ok(error instanceof OpenAI.APIError, String(error));
        assert.equal(error.code, code);
        return true;
      });
    const { chat, embeddings } = client;
    await refused(chat.completions.create({ model: 'gpt-4o', messages }), 'model_not_found');
    const large = { model: 'sandbox-large', messages };
    await refused(chat.completions.create({ ...large, n: 1000 }), 'invalid_value');
    await refused(embeddings.create({ model: 'sandbox-large', input: 'x' }), 'model_not_found');
    const wide = { model: 'sandbox-embedding', input: 'x', dimensions: 512 };
    await refused(embeddings.create(wide), 'invalid_value');
  });

  test('has a configuration that loads, every model at an explicit price', async () => {
    const config = await parseConfig(sandboxConfigYaml(sandbox.url));
    assert.equal(config.reference?.name, 'sandbox-large');
    assert.deepEqual(
      [...config.models.values()].map(({ name, price }) => [
        name,
        price?.[0]?.rates.input,
        price?.[0]?.rates.output,
      ]),
      [
        ['sandbox-small', 0.1, 0.4],
        ['sandbox-medium', 0.6, 2.4],
        ['sandbox-large', 2.5, 10],
        ['sandbox-embedding', 0.02, 0],
      ],
    );
    assert.deepEqual([...config.tasks.keys()], ['draft', 'classify', 'extract']);
  });
});
