import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { asObject, type JsonObject } from '../json.ts';
import { toChunks } from './openai-chat-chunks.ts';
import { CompletionGatherer } from './openai-chat-gathered.ts';

function gathered(chunks: readonly JsonObject[]): JsonObject | undefined {
  const gatherer = new CompletionGatherer();
  for (const chunk of chunks) gatherer.push(chunk);
  const body = gatherer.body();
  return body === undefined ? undefined : (JSON.parse(JSON.stringify(body)) as JsonObject);
}

const delta = (fields: JsonObject, more: JsonObject = {}): JsonObject => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta: fields, finish_reason: null, ...more }],
});

const messageOf = (body: JsonObject | undefined): JsonObject | undefined => {
  const [choice] = (body?.['choices'] ?? []) as readonly JsonObject[];
  return asObject(choice?.['message']);
};

describe('the chunks of a stream, put together', () => {
  test('are the answer that was cut into them', () => {
    const text = fc.string({ unit: 'grapheme' });
    const call = fc.record({
      id: text,
      type: fc.constant('function'),
      function: fc.record({ name: fc.string({ minLength: 1 }), arguments: text }),
    });
    const message = fc.record(
      {
        role: fc.constant('assistant'),
        content: fc.option(text),
        refusal: fc.option(text),
        reasoning_content: text,
        tool_calls: fc.array(call, { minLength: 1, maxLength: 3 }),
      },
      { requiredKeys: ['role', 'content', 'refusal'] },
    );
    const choices = fc.array(message, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(choices, (messages) => {
        const body = {
          id: 'c',
          object: 'chat.completion',
          created: 1,
          model: 'm',
          system_fingerprint: 'fp',
          choices: messages.map((one, index) => ({
            finish_reason: 'stop',
            index,
            message: one,
            logprobs: { content: [{ token: 'a', logprob: -0.1 }] },
          })),
          usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
        };
        const wire = JSON.parse(JSON.stringify(body)) as JsonObject;
        assert.deepEqual(gathered(toChunks(wire).map(({ value }) => value)), wire);
      }),
    );
  });

  test('texts, arguments and log-probabilities that come in pieces', () => {
    const named = {
      index: 1,
      id: 'call_1',
      type: 'function',
      function: { name: 'f', arguments: '' },
    };
    const custom = { index: 0, id: 'call_0', type: 'custom', custom: { name: 'g', input: 'a' } };
    const body = gathered([
      delta({ role: 'assistant', content: '' }, { logprobs: null }),
      delta({ reasoning: 'h' }),
      delta({ reasoning: 'm' }),
      delta({ content: 'Hel' }, { logprobs: { content: [1], refusal: null } }),
      delta({ content: 'lo' }, { logprobs: { content: [2], refusal: null } }),
      delta({ tool_calls: [named] }),
      delta({ tool_calls: [custom] }),
      delta({ tool_calls: [{ index: 1, function: { arguments: '{"a"' } }] }),
      delta({ tool_calls: [{ index: 0, custom: { input: 'b' } }] }),
      delta({ tool_calls: [{ index: 1, function: { arguments: ':1}' } }] }),
      delta({}, { finish_reason: 'tool_calls', stop_reason: 7 }),
    ]);
    const [choice] = (body?.['choices'] ?? []) as readonly JsonObject[];
    assert.deepEqual(choice, {
      finish_reason: 'tool_calls',
      stop_reason: 7,
      index: 0,
      message: {
        refusal: null,
        role: 'assistant',
        content: 'Hello',
        reasoning: 'hm',
        tool_calls: [
          { id: 'call_0', type: 'custom', custom: { name: 'g', input: 'ab' } },
          { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
        ],
      },
      logprobs: { content: [1, 2], refusal: null },
    });
  });

  test("thinking blocks, OpenRouter's details and the old function call", () => {
    const body = gathered([
      delta({ thinking_blocks: [{ index: 0, type: 'thinking', thinking: 'a', signature: 's' }] }),
      delta({ reasoning_details: [{ type: 'reasoning.text', index: 0, text: 'a', format: 'x' }] }),
      delta({
        reasoning_details: [{ type: 'reasoning.text', index: 0, text: 'b', signature: 's' }],
      }),
      delta({ function_call: { name: 'f', arguments: '{' } }),
      delta({ function_call: { arguments: '}' } }),
      delta({ annotations: [{ url: 'a' }] }),
      delta({ annotations: [{ url: 'b' }] }),
    ]);
    assert.deepEqual(messageOf(body), {
      refusal: null,
      role: 'assistant',
      content: null,
      thinking_blocks: [{ type: 'thinking', thinking: 'a', signature: 's' }],
      function_call: { name: 'f', arguments: '{}' },
      annotations: [{ url: 'a' }, { url: 'b' }],
      reasoning_details: [
        { type: 'reasoning.text', index: 0, text: 'ab', format: 'x', signature: 's' },
      ],
    });
  });

  test('what nobody knows how to put together is no answer; what is empty does no harm', () => {
    assert.equal(gathered([delta({ content: 'a' }), delta({ audio: { data: 'x' } })]), undefined);
    assert.equal(gathered([delta({ a_field_of_next_year: 'x' })]), undefined);
    assert.equal(gathered([delta({ content: [{ type: 'text', text: 'a' }] })]), undefined);
    assert.ok(gathered([delta({ content: 'a', new_field: null, other: [], third: '' })]));
  });

  test('never throws, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.constantFrom('choices', 'usage', 'id'), fc.jsonValue())),
        (chunks) => {
          gathered(chunks);
        },
      ),
    );
  });
});
