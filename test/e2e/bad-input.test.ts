/** What clients send wrong: each refused in OpenAI's error format, with what is wrong and what would be right. */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { type House, startHouse } from './harness.ts';

const CHAT = '/v1/chat/completions';
const messages = [{ role: 'user', content: 'Hello' }];

interface Case {
  readonly what: string;
  readonly body: unknown;
  readonly status: number;
  readonly code: string;
  readonly param: string | null;
  readonly says: RegExp;
}

const CASES: readonly Case[] = [
  {
    what: 'malformed JSON',
    body: '{"model": "small", ',
    status: 400,
    code: 'invalid_json',
    param: null,
    says: /not valid JSON at position \d+/,
  },
  {
    what: 'an empty body',
    body: '',
    status: 400,
    code: 'invalid_json',
    param: null,
    says: /empty/,
  },
  {
    what: 'an array',
    body: [],
    status: 400,
    code: 'invalid_type',
    param: null,
    says: /JSON object/,
  },
  {
    what: 'no model',
    body: { messages },
    status: 400,
    code: 'missing_required_parameter',
    param: 'model',
    says: /'model'/,
  },
  {
    what: 'a model of the wrong type',
    body: { model: 5, messages },
    status: 400,
    code: 'invalid_type',
    param: 'model',
    says: /a string/,
  },
  {
    what: 'an unknown model',
    body: { model: 'smal', messages },
    status: 404,
    code: 'model_not_found',
    param: 'model',
    says: /Did you mean "small"/,
  },
  {
    what: 'an unknown task',
    body: { model: 'task/drafts', messages },
    status: 404,
    code: 'task_not_found',
    param: 'model',
    says: /Did you mean "draft"/,
  },
  {
    what: 'no messages',
    body: { model: 'small' },
    status: 400,
    code: 'missing_required_parameter',
    param: 'messages',
    says: /messages/,
  },
  {
    what: 'a body of the Responses API',
    body: { model: 'small', input: 'hi' },
    status: 400,
    code: 'missing_required_parameter',
    param: 'messages',
    says: /\/v1\/responses/,
  },
  {
    what: 'empty messages',
    body: { model: 'small', messages: [] },
    status: 400,
    code: 'invalid_value',
    param: 'messages',
    says: /at least one/,
  },
  {
    what: 'a message without a role',
    body: { model: 'small', messages: [{ content: 'x' }] },
    status: 400,
    code: 'missing_required_parameter',
    param: 'messages[0].role',
    says: /role/,
  },
  {
    what: 'stream as text',
    body: { model: 'small', messages, stream: 'yes' },
    status: 400,
    code: 'invalid_type',
    param: 'stream',
    says: /a boolean/,
  },
  {
    what: 'max_tokens of zero',
    body: { model: 'small', messages, max_tokens: 0 },
    status: 400,
    code: 'invalid_value',
    param: 'max_tokens',
    says: /positive integer/,
  },
];

describe('bad input', () => {
  let house: House;
  before(async () => {
    house = await startHouse({ tasks: '  draft: { model: small }', top: 'max-body: 64kb' });
  });
  after(async () => house.close());

  for (const { what, body, status, code, param, says } of CASES) {
    test(what, async () => {
      const response = await house.post(CHAT, body);
      assert.equal(response.status, status);
      assert.equal(response.headers.get('content-type'), 'application/json');
      const { error } = (await response.json()) as { error: Record<string, unknown> };
      assert.equal(error['code'], code);
      assert.equal(error['param'], param);
      assert.equal(error['type'], 'invalid_request_error');
      assert.match(String(error['message']), says);
      assert.equal(response.headers.get('x-should-retry'), 'false');
      assert.doesNotMatch(JSON.stringify(error), /\bat .*\.[tj]s:\d/);
    });
  }

  test('a body over the limit', async () => {
    const response = await house.post(CHAT, {
      model: 'small',
      messages: [{ role: 'user', content: 'x'.repeat(70_000) }],
    });
    assert.equal(response.status, 413);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    assert.equal(error.code, 'request_too_large');
    assert.match(error.message, /65536 bytes/);
  });

  test('a wrong content type', async () => {
    const response = await house.post(CHAT, '{}', { 'content-type': 'text/plain' });
    assert.equal(response.status, 415);
    assert.match(await response.text(), /application\/json/);
  });

  test('a wrong method and a wrong path', async () => {
    const method = await fetch(`${house.url}/chat/completions`);
    assert.equal(method.status, 405);
    const path = await house.post('/chat/completions', {});
    assert.equal(path.status, 404);
    assert.match(await path.text(), /try \/v1\/chat\/completions/);
  });

  test('a cap that no tier fits is refused before any money is spent', async () => {
    const soFar = house.upstream.requests.length;
    const response = await house.post(
      CHAT,
      { model: 'small', messages },
      { 'x-farthing-max-cost': '0.0000001' },
    );
    assert.equal(response.status, 400);
    const { error } = (await response.json()) as { error: { code: string } };
    assert.equal(error.code, 'max_cost_exceeded');
    assert.equal(house.upstream.requests.length, soFar);
  });

  test('a cap that is no amount', async () => {
    const response = await house.post(
      CHAT,
      { model: 'small', messages },
      { 'x-farthing-max-cost': 'cheap' },
    );
    assert.equal(response.status, 400);
    assert.match(await response.text(), /0\.05/);
  });

  test('the official client raises its own error classes, and does not try again', async () => {
    const client = new OpenAI({ baseURL: house.url, apiKey: 'any' });
    await assert.rejects(
      client.chat.completions.create({ model: 'nope', messages: [{ role: 'user', content: 'x' }] }),
      (error: unknown) =>
        error instanceof OpenAI.NotFoundError &&
        error.code === 'model_not_found' &&
        error.param === 'model',
    );
  });

  test('a provider without a key says which variable is missing, and asks nobody', async () => {
    const { createGateway } = await import('../../src/gateway.ts');
    const { parseConfig } = await import('../../src/config/load.ts');
    const { startServer } = await import('../../src/server/server.ts');
    const yaml =
      'listen: 127.0.0.1:0\ndata: ":memory:"\nproviders:\n  groq: { key: "${NO_SUCH_KEY}" }\n';
    const gateway = createGateway(await parseConfig(yaml, { environment: {} }));
    const server = await startServer(gateway);
    try {
      const response = await fetch(`${server.url}${CHAT}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'groq/any', messages }),
      });
      assert.equal(response.status, 401);
      assert.match(await response.text(), /NO_SUCH_KEY/);
    } finally {
      await server.close();
      await gateway.close();
    }
  });
});
