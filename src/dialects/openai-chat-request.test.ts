import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { isFarthingError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import {
  contentText,
  lastUserText,
  maxOutputTokens,
  systemText,
  validateChatRequest,
  validateEmbeddingsRequest,
  wantsUsage,
} from './openai-chat-request.ts';

const messages = [{ role: 'user', content: 'Hi' }];
const good: JsonObject = { model: 'm', messages };

function refused(act: () => void): [code: string, param: string | undefined, message: string] {
  try {
    act();
  } catch (thrown) {
    assert.ok(isFarthingError(thrown));
    assert.equal(thrown.status, 400);
    return [thrown.code, thrown.param, thrown.message];
  }
  return assert.fail('an error was expected');
}

describe('validateChatRequest', () => {
  const passing: readonly JsonObject[] = [
    good,
    {
      ...good,
      stream: true,
      n: 2,
      max_tokens: 1,
      tools: [],
      stream_options: {},
      response_format: {},
    },
    { ...good, stream: null, n: null, max_tokens: null, tools: null, stream_options: null },
    { ...good, some_field_of_tomorrow: [{ x: 1 }], temperature: 'warm' },
    {
      ...good,
      messages: [{ role: 'assistant', content: null, tool_calls: [] }, { role: 'elder' }],
    },
    { ...good, input: 'both' },
  ];
  for (const body of passing) {
    test(`passes ${JSON.stringify(body)}`, () => validateChatRequest(body));
  }

  const wrong: readonly (readonly [body: JsonObject, code: string, param: string])[] = [
    [{ messages }, 'missing_required_parameter', 'model'],
    [{ ...good, model: '' }, 'missing_required_parameter', 'model'],
    [{ ...good, model: 7 }, 'invalid_type', 'model'],
    [{ model: 'm' }, 'missing_required_parameter', 'messages'],
    [{ model: 'm', messages: 'Hi' }, 'invalid_type', 'messages'],
    [{ model: 'm', messages: null }, 'invalid_type', 'messages'],
    [{ model: 'm', messages: [] }, 'invalid_value', 'messages'],
    [{ model: 'm', messages: [...messages, 'x'] }, 'invalid_type', 'messages[1]'],
    [{ model: 'm', messages: [null] }, 'invalid_type', 'messages[0]'],
    [{ model: 'm', messages: [{}] }, 'missing_required_parameter', 'messages[0].role'],
    [{ model: 'm', messages: [{ role: 1 }] }, 'invalid_type', 'messages[0].role'],
    [{ ...good, stream: 'yes' }, 'invalid_type', 'stream'],
    [{ ...good, n: 0 }, 'invalid_value', 'n'],
    [{ ...good, n: 1.5 }, 'invalid_value', 'n'],
    [{ ...good, n: '1' }, 'invalid_type', 'n'],
    [{ ...good, max_tokens: -1 }, 'invalid_value', 'max_tokens'],
    [{ ...good, max_completion_tokens: 1e300 }, 'invalid_value', 'max_completion_tokens'],
    [{ ...good, tools: {} }, 'invalid_type', 'tools'],
    [{ ...good, stream_options: [] }, 'invalid_type', 'stream_options'],
    [{ ...good, response_format: 'json' }, 'invalid_type', 'response_format'],
  ];
  for (const [body, code, param] of wrong) {
    test(`refuses ${JSON.stringify(body)}`, () => {
      const [told, where, message] = refused(() => validateChatRequest(body));
      assert.deepEqual([told, where], [code, param]);
      assert.ok(message.includes(`'${param}'`), message);
    });
  }

  test('the types are named in OpenAI’s style', () => {
    const [, , message] = refused(() => validateChatRequest({ ...good, stream: [] }));
    assert.equal(message, "Invalid type for 'stream': expected a boolean, but got an array.");
  });

  test('a body of the Responses API is told where it belongs', () => {
    const [code, param, message] = refused(() => validateChatRequest({ model: 'm', input: 'Hi' }));
    assert.deepEqual([code, param], ['missing_required_parameter', 'messages']);
    assert.match(message, /\/v1\/responses/);
  });
});

describe('validateEmbeddingsRequest', () => {
  test('passes texts and tokens', () => {
    for (const input of ['a', ['a', 'b'], [1, 2], [[1], [2]]]) {
      validateEmbeddingsRequest({ model: 'm', input, encoding_format: 'base64', dimensions: 256 });
    }
  });

  const wrong: readonly (readonly [body: JsonObject, param: string])[] = [
    [{ input: 'a' }, 'model'],
    [{ model: 'm' }, 'input'],
    [{ model: 'm', input: 7 }, 'input'],
    [{ model: 'm', input: 'a', dimensions: 0 }, 'dimensions'],
  ];
  for (const [body, param] of wrong) {
    test(`refuses ${JSON.stringify(body)}`, () => {
      assert.equal(refused(() => validateEmbeddingsRequest(body))[1], param);
    });
  }
});

describe('readers', () => {
  const request: JsonObject = {
    messages: [
      { role: 'system', content: 'A' },
      { role: 'user', content: 'first' },
      { role: 'developer', content: [{ type: 'text', text: 'B' }, { type: 'image_url' }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'x' },
          { type: 'text', text: 'y' },
        ],
      },
      { role: 'assistant', content: 'z' },
    ],
  };

  test('system and user text', () => {
    assert.equal(systemText(request), 'A\nB');
    assert.equal(lastUserText(request), 'x\ny');
    assert.equal(systemText({}), '');
    assert.equal(lastUserText({ messages: [7, null] }), '');
    assert.equal(contentText(null), '');
  });

  test('usage and limits', () => {
    assert.equal(wantsUsage({ stream_options: { include_usage: true } }), true);
    assert.equal(wantsUsage({ stream_options: { include_usage: 'true' } }), false);
    assert.equal(wantsUsage({}), false);
    assert.equal(maxOutputTokens({ max_tokens: 5, max_completion_tokens: 7 }), 7);
    assert.equal(maxOutputTokens({ max_tokens: 5, max_completion_tokens: null }), 5);
    assert.equal(maxOutputTokens({}), undefined);
  });
});
