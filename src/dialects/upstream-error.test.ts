import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { type FarthingError, FarthingError as MadeError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { renderOpenAIError } from './openai-error.ts';
import { decodeUpstreamError } from './upstream-error.ts';

const decode = (status: number, body: unknown): FarthingError =>
  decodeUpstreamError(status, JSON.stringify(body));

describe('shapes of refusals', () => {
  test('OpenAI’s: type, code, param and message are kept', () => {
    const error = decode(400, {
      error: {
        message: 'Too long.',
        type: 'invalid_request_error',
        param: 'messages',
        code: 'context_length_exceeded',
      },
    });
    assert.equal(error.message, 'Too long.');
    assert.equal(error.param, 'messages');
    assert.deepEqual(error.upstream, {
      type: 'invalid_request_error',
      code: 'context_length_exceeded',
    });
  });

  const messages: readonly (readonly [what: string, body: unknown, message: string])[] = [
    ['a text', { error: 'no' }, 'no'],
    ['a message', { message: 'no' }, 'no'],
    ['vLLM’s', { object: 'error', message: 'no', type: 'BadRequestError', code: 400 }, 'no'],
    ['a detail', { detail: 'no' }, 'no'],
    ['Google’s array', [{ error: { code: 400, message: 'no', status: 'INVALID_ARGUMENT' } }], 'no'],
    ['Anthropic’s', { type: 'error', error: { type: 'x', message: 'no' } }, 'no'],
    ['a message in a message', { error: { message: { message: 'no' } } }, 'no'],
    [
      'an empty message',
      { error: { message: ' ' } },
      'The provider answered with status 400 and JSON of an unknown shape.',
    ],
  ];
  for (const [what, body, message] of messages) {
    test(what, () => assert.equal(decode(400, body).message, message));
  }

  test('FastAPI’s list says where and why, and nothing of the input', () => {
    const detail = [
      { type: 'missing', loc: ['body', 'messages', 0], msg: 'Field required', input: 'secret' },
      { msg: 'Wrong', input: { secret: 1 } },
    ];
    assert.equal(decode(422, { detail }).message, 'body.messages.0: Field required; Wrong');
    const unknown = decode(422, { detail: [{ secret: 1 }, 'secret'] });
    assert.doesNotMatch(unknown.message, /secret/);
  });

  test('Anthropic’s inner code', () => {
    const error = { type: 'rate_limit_error', message: 'no', details: { error_code: 'slow' } };
    assert.equal(decode(429, { type: 'error', error }).upstream?.code, 'slow');
  });

  test('numeric codes become text', () => {
    assert.equal(decode(400, { error: { code: 1214, message: 'no' } }).upstream?.code, '1214');
  });

  test('a quota that is spent is not tried again', () => {
    for (const error of [
      { code: 'insufficient_quota' },
      { code: 'credit_balance_exhausted' },
      { type: 'insufficient_quota' },
    ]) {
      assert.equal(decode(429, { error }).retryable, false);
    }
    assert.equal(decode(429, { error: { code: 'rate_limit_exceeded' } }).retryable, true);
    assert.equal(decode(429, { error: { code: 'slow_down' } }).retryable, true);
  });

  test('the gateway’s own key or account is named as such', () => {
    assert.match(decode(401, {}).message, /^The provider refused the gateway's key: /);
    assert.match(decode(403, {}).message, /^The provider refused the gateway's key: /);
    assert.match(decode(402, {}).message, /^The provider refused the gateway's account: /);
  });

  test('keys of all makers are masked, words are not', () => {
    for (const key of [
      'sk-proj-a1b2c3d4',
      'sk-ant-api03-xyz9',
      'gsk_abcd1234',
      'xai-abcd1234',
      'AIzaSyA1234567890abc',
      'sk-a1b2****wxyz',
      'hf_abcdEFGH',
      'key-0123456789abcdef01',
    ]) {
      assert.equal(
        decode(400, { message: `Wrong: ${key}.` }).message.replace(/\.$/, ''),
        'Wrong: ***',
      );
    }
    const plain = 'key-value pairs of task-specific risk-free models';
    assert.equal(decode(400, { message: plain }).message, plain);
  });
});

describe('renderOpenAIError', () => {
  const rendered = (
    error: FarthingError,
  ): { body: JsonObject; headers: unknown; status: number } => {
    const { body, headers, status } = renderOpenAIError(error);
    return { body: JSON.parse(body) as JsonObject, headers, status };
  };

  test('an error of ours', () => {
    const error = new MadeError('invalid_value', 'No.', { param: 'n' });
    assert.deepEqual(rendered(error), {
      status: 400,
      body: {
        error: { message: 'No.', type: 'invalid_request_error', param: 'n', code: 'invalid_value' },
      },
      headers: { 'x-should-retry': 'false' },
    });
  });

  test('an upstream’s type and code, and when to come back', () => {
    const error = new MadeError('upstream_rejected', 'Slow down.', {
      status: 429,
      retryable: true,
      retryAfterMs: 1500.2,
      upstream: { type: 'rate_limit_error', code: null },
    });
    assert.deepEqual(rendered(error), {
      status: 429,
      body: { error: { message: 'Slow down.', type: 'rate_limit_error', param: null, code: null } },
      headers: { 'retry-after': '2', 'retry-after-ms': '1501' },
    });
  });

  test('a call that must not be repeated may still be told when it would succeed', () => {
    const error = new MadeError('max_cost_exceeded', 'No.', { retryAfterMs: 60_000 });
    assert.deepEqual(rendered(error).headers, {
      'x-should-retry': 'false',
      'retry-after': '60',
      'retry-after-ms': '60000',
    });
  });

  test('senseless times are not sent', () => {
    for (const retryAfterMs of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const error = new MadeError('upstream_timeout', 'x', { retryAfterMs });
      assert.deepEqual(rendered(error).headers, {});
    }
    const past = new MadeError('upstream_timeout', 'x', { retryAfterMs: -5 });
    assert.deepEqual(rendered(past).headers, { 'retry-after': '0', 'retry-after-ms': '0' });
  });

  test('causes and stacks stay inside', () => {
    const cause = new Error('secret');
    const error = new MadeError('internal_error', 'Something went wrong.', { cause });
    const { body } = renderOpenAIError(error);
    assert.doesNotMatch(body, /secret|at .*:\d+|stack/);
  });
});
