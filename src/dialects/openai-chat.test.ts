import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Ask } from '../call.ts';
import { isFarthingError } from '../errors.ts';
import { asArray, asObject, asString, type JsonObject } from '../json.ts';
import { NO_TOKENS } from '../pricing/usage.ts';
import { upstreamDialectContract } from '../testing/contracts/upstream-dialect.ts';
import { callOf, modelAt, taskOf } from '../testing/stage-fixtures.ts';
import type { WireTarget } from './dialect.ts';
import { openaiDialect } from './openai-chat.ts';

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`./__fixtures__/${name}`, import.meta.url));

upstreamDialectContract({
  dialect: openaiDialect,
  answer: fixture('openai-text.json').toString(),
  stream: fixture('openai-text.sse'),
  text: 'Der Preis beträgt 5 €, sagt "Zoë". 🙂',
  tokens: { ...NO_TOKENS, input: 22, cacheRead: 1024, output: 11 },
  model: 'gpt-5.6-luna-2026-09-02',
  embeddings: true,
});

const host: WireTarget = { url: 'https://llm.example/v1', key: 'k', headers: {} };
const openai: WireTarget = { ...host, url: 'https://api.openai.com/v1' };

function sent(request: JsonObject, more: Partial<Ask> = {}, target = host): JsonObject {
  const ask = { model: { ...modelAt('small'), id: 'vendor/s' }, tier: 0, ...more };
  return JSON.parse(openaiDialect.encode(callOf(taskOf([]), request), ask, target).body);
}

describe('encode', () => {
  test('paths and authentication', () => {
    const call = callOf(taskOf([]));
    const ask = { model: modelAt('small'), tier: 0 };
    const { path, headers } = openaiDialect.encode(call, ask, host);
    assert.equal(path, '/chat/completions');
    assert.equal(headers['authorization'], 'Bearer k');
    assert.equal(headers['accept-encoding'], 'identity');
    assert.equal(
      openaiDialect.encode({ ...call, operation: 'embeddings' }, ask, host).path,
      '/embeddings',
    );
  });

  test('a provider may authenticate in its own way', () => {
    const headers = { authorization: 'Token z', 'api-key': 'y' };
    const call = callOf(taskOf([]));
    const made = openaiDialect.encode(call, { model: modelAt('s'), tier: 0 }, { ...host, headers });
    assert.equal(made.headers['authorization'], 'Token z');
    assert.equal(made.headers['api-key'], 'y');
  });

  test('streams always ask for their usage, others never', () => {
    assert.deepEqual(sent({ stream: true })['stream_options'], { include_usage: true });
    assert.equal(sent({ stream: false })['stream_options'], undefined);
    const kept = sent({ stream: true, stream_options: { include_usage: false, x: 1 } });
    assert.deepEqual(kept['stream_options'], { include_usage: true, x: 1 });
  });

  test('fields that nobody knows pass through', () => {
    const request = { prompt_cache_options: { ttl: '30m' }, enable_thinking: false, provider: {} };
    const { model: _m, messages: _, ...rest } = sent(request);
    assert.deepEqual(rest, request);
  });

  const limits: readonly (readonly [request: JsonObject, target: WireTarget, field: string])[] = [
    [{}, host, 'max_tokens'],
    [{}, openai, 'max_completion_tokens'],
    [{ max_tokens: 90 }, openai, 'max_tokens'],
    [{ max_completion_tokens: 90 }, host, 'max_completion_tokens'],
    [{ max_tokens: 50, max_completion_tokens: 90 }, host, 'max_completion_tokens'],
  ];
  for (const [request, target, field] of limits) {
    test(`a limit for ${JSON.stringify(request)} at ${target.url} is ${field}`, () => {
      const { model: _m, messages: _, ...rest } = sent(request, { maxOutputTokens: 7 }, target);
      assert.deepEqual(rest, { [field]: 7 });
    });
  }

  test('a limit that is the client’s own changes no byte', () => {
    const call = callOf(taskOf([]), { model: 'small', max_tokens: 7 });
    const ask = { model: modelAt('small'), tier: 0, maxOutputTokens: 7 };
    assert.equal(openaiDialect.encode(call, ask, host).body, call.body.raw);
  });
});

describe('decode', () => {
  test('an answer with nothing wrong goes on byte for byte', () => {
    const text = fixture('openai-text.json').toString();
    assert.equal(openaiDialect.decode(text).event.data, text);
  });

  test('the tier it was served at decides the price', () => {
    const text = fixture('openai-text.json').toString().replace('"default"', '"flex"');
    assert.equal(openaiDialect.decode(text).usage?.serviceTier, 'flex');
  });

  test('embeddings have usage without output', () => {
    const text = fixture('openai-embeddings.json').toString();
    const { event, usage, model } = openaiDialect.decode(text);
    assert.equal(event.data, text);
    assert.deepEqual(usage?.tokens, { ...NO_TOKENS, input: 8 });
    assert.equal(model, 'text-embedding-3-small');
  });

  test('missing usage is undefined', () => {
    assert.equal(openaiDialect.decode('{"choices":[{"message":{}}]}').usage, undefined);
  });

  test('tool calls get what they lack', () => {
    const message = {
      role: 'assistant',
      tool_calls: [
        { function: { name: 'f', arguments: { a: 1 } } },
        { id: 7, type: 'function', function: { name: 'g', arguments: '{}' } },
        { id: 'ok', type: 'function', function: { name: 'h', arguments: '{}' } },
      ],
    };
    const { event } = openaiDialect.decode(JSON.stringify({ choices: [{ index: 0, message }] }));
    const choice = asObject(asArray(event.value['choices'])[0]);
    const calls = asArray(asObject(choice?.['message'])?.['tool_calls']).map((c) => asObject(c));
    assert.match(asString(calls[0]?.['id']) ?? '', /^call_/);
    assert.equal(calls[0]?.['type'], 'function');
    assert.deepEqual(calls[0]['function'], { name: 'f', arguments: '{"a":1}' });
    assert.equal(calls[1]?.['id'], '7');
    assert.deepEqual(calls[2], message.tool_calls[2]);
    assert.deepEqual(JSON.parse(event.data), event.value);
  });

  const failures: readonly (readonly [body: JsonObject, status: number, message: string])[] = [
    [{ error: { message: 'a', code: 429 } }, 429, 'a'],
    [{ error: { message: 'a', code: 'context_length_exceeded' } }, 400, 'a'],
    [{ error: { message: 'a', type: 'server_error' } }, 500, 'a'],
    [{ error: 'a' }, 502, 'a'],
    [{ message: 'a', code: 503 }, 503, 'a'],
    [{ detail: 'a' }, 502, 'a'],
    [{ choices: [], error: { message: 'a' } }, 502, 'a'],
    [{ choices: [{ index: 0, error: { message: 'a', code: 504 } }] }, 504, 'a'],
  ];
  for (const [body, status, message] of failures) {
    test(`an error in a 200: ${JSON.stringify(body)}`, () => {
      assert.throws(
        () => openaiDialect.decode(JSON.stringify(body)),
        (error: unknown) => {
          assert.ok(isFarthingError(error));
          assert.equal(error.code, 'upstream_rejected');
          assert.equal(error.status, status);
          assert.equal(error.message, message);
          return true;
        },
      );
    });
  }
});
