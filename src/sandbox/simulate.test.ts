import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { isRefusal } from '../checks/not-refusal.ts';
import { parseJson, type JsonObject } from '../json.ts';
import { SANDBOX_MODELS } from './models.ts';
import { type Failure, failureOf, promptTokens, simulate } from './simulate.ts';

const [small, medium, large] = SANDBOX_MODELS as [
  (typeof SANDBOX_MODELS)[number],
  (typeof SANDBOX_MODELS)[number],
  (typeof SANDBOX_MODELS)[number],
];

const request = (number: number, more: JsonObject = {}): JsonObject => ({
  messages: [{ role: 'user', content: `Client: Northwind. Write about order ${number}.` }],
  ...more,
});

/** The first request on which the small model fails so. */
function failing(failure: Failure | undefined, more: JsonObject = {}): JsonObject {
  for (let number = 0; number < 1000; number++) {
    const candidate = request(number, more);
    if (failureOf(small, candidate) === failure) return candidate;
  }
  throw new Error(`never ${failure}`);
}

const jsonObject = { response_format: { type: 'json_object' } };
const tools = [
  {
    type: 'function',
    function: {
      name: 'find_order',
      parameters: { type: 'object', properties: { order: { type: 'integer' } } },
    },
  },
  { type: 'function', function: { name: 'other' } },
];

describe('a simulated model', () => {
  test('fails as often as it says', () => {
    const count = 3000;
    for (const model of [small, medium, large]) {
      const failures = Array.from({ length: count }, (_, n) => failureOf(model, request(n))).filter(
        (failure) => failure !== undefined,
      );
      assert.ok(Math.abs(failures.length / count - model.failureRate) < 0.03, model.name);
      for (const [kind, share] of [
        ['refuses', 1 / 3],
        ['breaks', 1 / 3],
        ['is cut off', 1 / 6],
        ['says nothing', 1 / 6],
      ] as const) {
        const found = failures.filter((failure) => failure === kind).length;
        assert.ok(Math.abs(found - failures.length * share) <= count * 0.03, kind);
      }
    }
  });

  test('says the same to the same, another thing at another place among several', () => {
    assert.deepEqual(simulate(small, request(1)), simulate(small, request(1)));
    const tales = new Set(Array.from({ length: 9 }, (_, n) => simulate(large, request(1), n).text));
    assert.ok(tales.size > 1);
  });

  test('is labelled, and takes up names and numbers', () => {
    for (let number = 10; number < 30; number++) {
      const { text, finishReason, completionTokens } = simulate(large, request(number));
      assert.ok(text !== null && text.startsWith('[simulated by sandbox-large] '));
      assert.ok(text.includes('Northwind') && text.includes(String(number)));
      assert.deepEqual([finishReason, completionTokens], ['stop', Math.ceil(text.length / 4)]);
    }
  });

  test('fails visibly', () => {
    const refusal = simulate(small, failing('refuses')).text ?? '';
    assert.ok(isRefusal(refusal) && refusal.includes('[simulated by sandbox-small]'));
    const vague = simulate(small, failing('breaks')).text ?? '';
    assert.ok(!vague.includes('Northwind') && vague.startsWith('[simulated'));
    assert.equal(simulate(small, failing('says nothing')).text, '');
    const cut = simulate(small, failing('is cut off'));
    assert.equal(cut.finishReason, 'length');
    assert.ok(cut.text?.startsWith('[simulated by sandbox-small] '));
  });

  test('gives JSON where it is asked for, and breaks it so that it can be mended', () => {
    const good = simulate(small, failing(undefined, jsonObject)).text ?? '';
    assert.match(String((parseJson(good) as JsonObject)['answer']), /^\[simulated.*Northwind/);
    const broken = simulate(small, failing('breaks', jsonObject)).text ?? '';
    assert.match(broken, /```json\n\{[\s\S]*,\}\n```/);
    assert.equal(parseJson(broken), undefined);
    const cut = simulate(small, failing('is cut off', jsonObject)).text ?? '';
    assert.ok(cut.startsWith('{') && parseJson(cut) === undefined);
  });

  test('fills the fields that the prompt writes out, and those of a schema', () => {
    const messages = [{ role: 'user', content: 'Answer as {"reasoning": "___", "answer": "___"}' }];
    const { text } = simulate(large, { messages, ...jsonObject });
    assert.deepEqual(Object.keys(JSON.parse(text ?? '') as object), ['reasoning', 'answer']);
    const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
    const format = { response_format: { type: 'json_schema', json_schema: { name: 'n', schema } } };
    assert.deepEqual(JSON.parse(simulate(large, request(42, format)).text ?? ''), { n: 42 });
  });

  test('classifies into the classes of the prompt', () => {
    for (const system of [
      'You classify tickets as one of: billing, bug, or praise.',
      'Classify into billing/bug/praise',
      'You classify mail. Categories: "billing" | "bug" | "praise".',
    ]) {
      const messages = [{ role: 'system', content: system }];
      assert.match(
        simulate(large, { messages }).text ?? '',
        /^\[simulated by sandbox-large\] (?:billing|bug|praise)$/,
      );
    }
  });

  test('calls a tool that is named, demanded or chosen; never after its result', () => {
    const called = (more: JsonObject): unknown => {
      const { toolCalls, text, finishReason } = simulate(large, request(7, { tools, ...more }));
      const [call] = toolCalls as { function: { name: string; arguments: string } }[];
      assert.equal(finishReason, call === undefined ? 'stop' : 'tool_calls');
      assert.equal(text === null, call !== undefined);
      return call === undefined
        ? undefined
        : [call.function.name, JSON.parse(call.function.arguments)];
    };
    assert.equal(called({}), undefined);
    assert.deepEqual(called({ tool_choice: 'required' }), ['find_order', { order: 7 }]);
    assert.deepEqual(called({ tool_choice: { type: 'function', function: { name: 'other' } } }), [
      'other',
      {},
    ]);
    const messages = [{ role: 'user', content: 'Use find_order for 9.' }];
    assert.deepEqual(called({ messages }), ['find_order', { order: 9 }]);
    assert.equal(called({ messages, tool_choice: 'none' }), undefined);
    const answered = [...messages, { role: 'tool', tool_call_id: 'x', content: '{}' }];
    assert.equal(called({ messages: answered, tool_choice: 'required' }), undefined);
  });

  test('breaks the arguments of its tools, too', () => {
    const more = { tools, tool_choice: 'required' };
    const argumentsOf = (failure: Failure): string => {
      const [call] = simulate(small, failing(failure, more)).toolCalls as {
        function: { arguments: string };
      }[];
      return call?.function.arguments ?? '';
    };
    assert.match(argumentsOf('breaks'), /^\{"order":\d+,\}$/);
    assert.equal(parseJson(argumentsOf('is cut off')), undefined);
    assert.deepEqual(simulate(small, failing('refuses', more)).toolCalls, []);
  });

  test('keeps to the limit of the request', () => {
    const { text, finishReason, completionTokens } = simulate(large, request(1, { max_tokens: 3 }));
    assert.deepEqual([text, finishReason, completionTokens], ['[simulated b', 'length', 3]);
  });

  test('survives any messages', () => {
    for (const messages of [
      [{ role: 'user', content: null }],
      [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }],
      [{ role: 'assistant', content: '👩‍👩‍👧'.repeat(300) }],
      [{ role: 'user', content: '👩‍👩‍👧'.repeat(300) }],
    ]) {
      const { text } = simulate(large, { messages });
      assert.ok(text?.startsWith('[simulated') && text.isWellFormed());
      assert.ok(promptTokens({ messages }) >= 1);
    }
  });

  test('counts a prompt’s texts, tools and schema', () => {
    assert.equal(promptTokens({ messages: [{ role: 'user', content: '12345678' }] }), 2);
    assert.ok(promptTokens(request(1, { tools })) > promptTokens(request(1)) + 20);
  });
});
