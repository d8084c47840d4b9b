/** The other client libraries people point at a gateway. */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, jsonSchema, streamText, tool } from 'ai';
import { ChatOpenAI } from '@langchain/openai';
import { answers, completion, jsonAnswer } from '../../src/testing/fake-upstream.ts';
import { type House, startHouse } from './harness.ts';

describe('other SDKs', () => {
  let house: House;
  before(async () => {
    house = await startHouse({
      tasks:
        '  ladder:\n    tiers:\n      - { model: small, accept: [not-refusal] }\n      - { model: large }',
      top: 'keep-alive: 50ms',
    });
  });
  after(async () => house.close());

  const provider = () =>
    createOpenAICompatible({ name: 'farthing', baseURL: house.url, includeUsage: true });

  test('ai: an answer with its usage', async () => {
    house.upstream.respond(answers('From the AI SDK.'));
    const { text, usage } = await generateText({
      model: provider()('small'),
      prompt: 'Hello',
      maxRetries: 0,
    });
    assert.equal(text, 'From the AI SDK.');
    assert.equal(usage.inputTokens, 10);
    assert.equal((await house.lastCall()).attempts[0]?.costNano, 20_000);
  });

  test('ai: a stream, plain and held back with keep-alives', async () => {
    house.upstream.respond(answers('one two three four', { pause: 30 }));
    for (const model of ['small', 'task/ladder']) {
      const { textStream, usage } = streamText({
        model: provider()(model),
        prompt: 'Hello',
        maxRetries: 0,
      });
      let text = '';
      for await (const part of textStream) text += part;
      assert.equal(text, 'one two three four');
      assert.equal((await usage).outputTokens, 5);
    }
  });

  test('ai: a tool call whose deltas lack index and id', async () => {
    house.upstream.respond(({ body }) => {
      const call = { function: { name: 'add', arguments: '{"a":1}' } };
      const chunk = (delta: object, reason: string | null = null) =>
        `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: body['model'], choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`;
      return {
        headers: { 'content-type': 'text/event-stream' },
        pieces: [
          chunk({ role: 'assistant', tool_calls: [call] }),
          chunk({}, 'tool_calls'),
          'data: [DONE]\n\n',
        ],
      };
    });
    const add = tool({
      inputSchema: jsonSchema({ type: 'object', properties: { a: { type: 'number' } } }),
    });
    const { toolCalls } = streamText({
      model: provider()('small'),
      prompt: 'Add',
      // The library's own types disagree with each other under exactOptionalPropertyTypes.
      tools: { add: add as never },
      maxRetries: 0,
    });
    const calls = await toolCalls;
    assert.equal(calls.length, 1);
    assert.equal(calls[0]?.toolName, 'add');
    assert.deepEqual(calls[0]?.input, { a: 1 });
  });

  const model = (name: string) =>
    new ChatOpenAI({
      model: name,
      apiKey: 'any',
      maxRetries: 0,
      useResponsesApi: false,
      configuration: { baseURL: house.url },
    });

  test('@langchain/openai: an answer', async () => {
    house.upstream.respond(answers('From LangChain.'));
    const message = await model('small').invoke('Hello');
    assert.equal(message.content, 'From LangChain.');
    assert.equal(
      (message.usage_metadata as { input_tokens: number } | undefined)?.input_tokens,
      10,
    );
  });

  test('@langchain/openai: a stream, which asks for usage by default', async () => {
    house.upstream.respond(answers('piece by piece'));
    let text = '';
    let output = 0;
    for await (const chunk of await model('task/ladder').stream('Hello')) {
      text += String(chunk.content);
      output += (chunk.usage_metadata as { output_tokens: number } | undefined)?.output_tokens ?? 0;
    }
    assert.equal(text, 'piece by piece');
    assert.equal(output, 5);
  });

  test('@langchain/openai: a structured answer that had to be taken out of a fence', async () => {
    const fenced = 'Sure!\n```json\n{"city": "Oslo",}\n```';
    house.upstream.respond(jsonAnswer(completion(fenced)));
    const other = await startHouse({
      tasks:
        '  extract:\n    tiers:\n      - { model: small, accept: [json-schema] }\n      - { model: large }',
    });
    other.upstream.respond(jsonAnswer(completion(fenced)));
    const schema = {
      title: 'place',
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
    };
    const chat = new ChatOpenAI({
      model: 'task/extract',
      apiKey: 'any',
      maxRetries: 0,
      useResponsesApi: false,
      configuration: { baseURL: other.url },
    });
    const structured = chat.withStructuredOutput<{ city: string }>(schema, {
      method: 'jsonSchema',
    });
    assert.deepEqual(await structured.invoke('Where?'), { city: 'Oslo' });
    const call = await other.lastCall();
    assert.equal(call.outcome, 'repaired');
    assert.equal(call.attempts.length, 1);
    await other.close();
  });
});
