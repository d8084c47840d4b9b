import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { NO_TOKENS, TOKEN_CLASSES } from './usage.ts';
import { convertResponsesUsage, readResponsesUsage, toResponsesUsage } from './usage-responses.ts';

const USAGE = {
  input_tokens: 1000,
  input_tokens_details: {
    cached_tokens: 200,
    cache_write_tokens: 700,
    cache_write_tokens_details: { ttl_30m_tokens: 100, ttl_12h_tokens: 600 },
  },
  output_tokens: 300,
  output_tokens_details: { reasoning_tokens: 250 },
  total_tokens: 1300,
};

const TOKENS = {
  ...NO_TOKENS,
  input: 100,
  cacheRead: 200,
  cacheWrite30m: 100,
  cacheWrite12h: 600,
  output: 50,
  reasoning: 250,
};

test('cache reads and writes are inside the input, reasoning is inside the output', () => {
  assert.deepEqual(convertResponsesUsage(USAGE), { tokens: TOKENS, source: 'provider' });
});

test('writes without a breakdown live 30 minutes', () => {
  const details = { cached_tokens: 0, cache_write_tokens: 700 };
  const usage = convertResponsesUsage({ ...USAGE, input_tokens_details: details });
  assert.equal(usage?.tokens.cacheWrite30m, 700);
});

describe('where the usage is told', () => {
  for (const state of ['completed', 'incomplete', 'failed', 'cancelled']) {
    test(`a response that is ${state}, as an event and whole`, () => {
      const response = { object: 'response', status: state, service_tier: 'flex', usage: USAGE };
      const expected = { tokens: TOKENS, source: 'provider', serviceTier: 'flex' };
      assert.deepEqual(readResponsesUsage({ type: `response.${state}`, response }), expected);
      assert.deepEqual(readResponsesUsage(response), expected);
    });
  }

  test('a response that names no status is over', () => {
    assert.equal(readResponsesUsage({ usage: USAGE })?.source, 'provider');
  });

  test('before the end it is partial', () => {
    const response = { status: 'in_progress', usage: USAGE };
    const event = { type: 'response.in_progress', response };
    assert.equal(readResponsesUsage(event)?.source, 'partial');
    assert.equal(readResponsesUsage(response)?.source, 'partial');
  });

  test('no usage is none, and a reported zero is zero', () => {
    assert.equal(
      readResponsesUsage({ type: 'response.created', response: { usage: null } }),
      undefined,
    );
    assert.equal(readResponsesUsage({ type: 'response.failed', response: {} }), undefined);
    assert.equal(readResponsesUsage({ type: 'response.output_text.delta', delta: 'a' }), undefined);
    assert.equal(readResponsesUsage({ type: 'error', message: 'no' }), undefined);
    for (const value of [undefined, null, {}, [], 'text', { input_tokens: 5 }]) {
      assert.equal(convertResponsesUsage(value), undefined);
    }
    const zero = { input_tokens: 0, output_tokens: 0, total_tokens: 0 };
    assert.deepEqual(convertResponsesUsage(zero), { tokens: NO_TOKENS, source: 'provider' });
  });
});

test('usage written as a response has it reads back the same', () => {
  const count = fc.integer({ min: 0, max: 2_000_000 });
  const tokens = fc.record(Object.fromEntries(TOKEN_CLASSES.map((name) => [name, count])));
  fc.assert(
    fc.property(tokens, (given) => {
      const usage = { tokens: { ...NO_TOKENS, ...given }, source: 'provider' as const };
      assert.deepEqual(convertResponsesUsage(toResponsesUsage(usage)), usage);
    }),
  );
});

test('never throws', () => {
  fc.assert(fc.property(fc.anything(), (value) => void convertResponsesUsage(value)));
  fc.assert(fc.property(fc.object(), (value) => void readResponsesUsage(value as never)));
});
