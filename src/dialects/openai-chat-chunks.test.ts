import { test } from 'node:test';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { choicesOf } from '../checks/answer.ts';
import { asArray, asObject, type JsonObject } from '../json.ts';
import { gatherChoices } from '../testing/wire-stream.ts';
import { toChunks } from './openai-chat-chunks.ts';

const body: JsonObject = {
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'Hi', refusal: null, reasoning_content: 'hm' },
      logprobs: { content: [] },
      finish_reason: 'length',
    },
  ],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
  service_tier: 'flex',
};

test('role, message, finish reason, usage: each in a chunk of its own', () => {
  const values = toChunks(body).map(({ data }) => JSON.parse(data) as JsonObject);
  assert.deepEqual(
    values.map(({ choices }) => choices),
    [
      [{ index: 0, delta: { role: 'assistant' }, finish_reason: null }],
      [
        {
          index: 0,
          delta: { content: 'Hi', refusal: null, reasoning_content: 'hm' },
          finish_reason: null,
          logprobs: { content: [] },
        },
      ],
      [{ index: 0, delta: {}, finish_reason: 'length' }],
      [],
    ],
  );
  assert.deepEqual(values.at(-1)?.['usage'], body['usage']);
  for (const value of values) {
    assert.equal(value['object'], 'chat.completion.chunk');
    assert.deepEqual([value['id'], value['model'], value['service_tier']], ['c', 'm', 'flex']);
  }
});

test('without usage there is no usage chunk', () => {
  const { usage: _, ...rest } = body;
  assert.equal(toChunks(rest).length, 3);
});

test('tool calls get their index', () => {
  const call = { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } };
  const message = { role: 'assistant', content: null, tool_calls: [call, { ...call, id: 'b' }] };
  const [, chunk] = toChunks({
    ...body,
    choices: [{ index: 0, message, finish_reason: 'tool_calls' }],
  });
  const delta = asObject(asObject(asArray(chunk?.value['choices'])[0])?.['delta']);
  assert.deepEqual(delta?.['tool_calls'], [
    { index: 0, ...call },
    { index: 1, ...call, id: 'b' },
  ]);
});

test('property: the chunks add up to the body', () => {
  const call = fc.record({
    id: fc.string({ minLength: 1 }),
    type: fc.constant('function'),
    function: fc.record({ name: fc.string(), arguments: fc.string() }),
  });
  const message = fc.record({
    role: fc.constant('assistant'),
    content: fc.string(),
    refusal: fc.option(fc.string()),
    tool_calls: fc.array(call, { maxLength: 3 }),
  });
  const choices = fc
    .array(fc.record({ message, finish_reason: fc.constantFrom('stop', 'length') }), {
      maxLength: 3,
    })
    .map((list) => list.map((choice, index) => ({ index, ...choice })));
  fc.assert(
    fc.property(choices, (list) => {
      const completion = { ...body, choices: list };
      assert.deepEqual(gatherChoices(toChunks(completion)), choicesOf(completion));
    }),
  );
});
