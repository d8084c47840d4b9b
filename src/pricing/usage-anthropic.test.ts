import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { costNano } from './cost.ts';
import type { PriceRule } from './price-rule.ts';
import { NO_TOKENS, TOKEN_CLASSES, asPartial, inputTokens, outputTokens } from './usage.ts';
import { convertAnthropicUsage } from './usage-anthropic.ts';
import { toOpenAIUsage } from './usage-openai.ts';

const haiku: PriceRule = {
  id: 'anthropic/claude-haiku-4-5@2026-01-01',
  rates: { input: 1, cacheRead: 0.1, cacheWrite5m: 1.25, cacheWrite1h: 2, output: 5 },
  source: 'test',
  asOf: '2026-01-01',
};

test('bug 1: input tokens are what was not cached, so nothing is subtracted or charged twice', () => {
  const usage = convertAnthropicUsage({
    input_tokens: 86,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 1920,
    output_tokens: 300,
  });
  assert.ok(usage);
  assert.deepEqual(usage.tokens, { ...NO_TOKENS, input: 86, cacheRead: 1920, output: 300 });
  assert.equal(costNano(usage.tokens, haiku), 86_000 + 192_000 + 1_500_000);
  assert.equal(usage.source, 'provider');
});

describe('bug 2: writes by time to live', () => {
  test('each at its own rate', () => {
    const usage = convertAnthropicUsage({
      input_tokens: 0,
      cache_creation_input_tokens: 3000,
      cache_creation: { ephemeral_5m_input_tokens: 1000, ephemeral_1h_input_tokens: 2000 },
      output_tokens: 0,
    });
    assert.ok(usage);
    assert.deepEqual(usage.tokens, { ...NO_TOKENS, cacheWrite5m: 1000, cacheWrite1h: 2000 });
    assert.equal(costNano(usage.tokens, haiku), 1_250_000 + 4_000_000);
  });

  test('all for 5 minutes where there is no breakdown', () => {
    for (const split of [{}, { cache_creation: null }]) {
      const usage = convertAnthropicUsage({
        input_tokens: 1,
        cache_creation_input_tokens: 3000,
        output_tokens: 1,
        ...split,
      });
      assert.deepEqual(usage?.tokens, { ...NO_TOKENS, input: 1, cacheWrite5m: 3000, output: 1 });
    }
  });

  test('the breakdown where there is no total', () => {
    const usage = convertAnthropicUsage({
      input_tokens: 1,
      cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
      output_tokens: 1,
    });
    assert.equal(usage?.tokens.cacheWrite5m, 10);
    assert.equal(usage?.tokens.cacheWrite1h, 20);
  });

  test('the total holds where the breakdown exceeds it', () => {
    const usage = convertAnthropicUsage({
      input_tokens: 1,
      cache_creation_input_tokens: 15,
      cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
      output_tokens: 1,
    });
    assert.equal(usage?.tokens.cacheWrite5m, 0);
    assert.equal(usage?.tokens.cacheWrite1h, 15);
  });
});

test('bug 3: thinking is part of the output and not added to it', () => {
  const usage = convertAnthropicUsage({
    input_tokens: 1,
    output_tokens: 500,
    output_tokens_details: { thinking_tokens: 450 },
  });
  assert.deepEqual(usage?.tokens, { ...NO_TOKENS, input: 1, output: 50, reasoning: 450 });
});

test('service tier and fast mode', () => {
  const usage = { input_tokens: 1, output_tokens: 1 };
  const tier = (more: object): string | undefined =>
    convertAnthropicUsage({ ...usage, ...more })?.serviceTier;
  assert.equal(tier({}), undefined);
  assert.equal(tier({ service_tier: null }), undefined);
  assert.equal(tier({ service_tier: 'batch', speed: 'standard' }), 'batch');
  assert.equal(tier({ service_tier: 'standard', speed: 'fast' }), 'fast');
});

test('missing or senseless usage is undefined, a reported zero is zero', () => {
  assert.equal(convertAnthropicUsage(undefined), undefined);
  assert.equal(convertAnthropicUsage(null), undefined);
  assert.equal(convertAnthropicUsage({}), undefined);
  assert.equal(convertAnthropicUsage({ output_tokens: 5 }), undefined);
  assert.equal(convertAnthropicUsage({ input_tokens: 5 }), undefined);
  for (const bad of ['1', -1, NaN, 0.5]) {
    assert.equal(convertAnthropicUsage({ input_tokens: bad, output_tokens: 1 }), undefined);
    assert.equal(convertAnthropicUsage({ input_tokens: 1, output_tokens: bad }), undefined);
  }
  const zero = convertAnthropicUsage({ input_tokens: 0, output_tokens: 0 });
  assert.deepEqual(zero, { tokens: NO_TOKENS, source: 'provider' });
});

test('an answer that broke off has partial usage', () => {
  const usage = convertAnthropicUsage({ input_tokens: 9, output_tokens: 1 });
  assert.ok(usage);
  assert.deepEqual(asPartial(usage), { ...usage, source: 'partial' });
});

test('converted for OpenAI clients, the prompt includes what was cached', () => {
  const usage = convertAnthropicUsage({
    input_tokens: 10,
    cache_read_input_tokens: 100,
    cache_creation_input_tokens: 30,
    cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
    output_tokens: 7,
  });
  assert.ok(usage);
  assert.deepEqual(toOpenAIUsage(usage), {
    prompt_tokens: 140,
    completion_tokens: 7,
    total_tokens: 147,
    prompt_tokens_details: {
      cached_tokens: 100,
      audio_tokens: 0,
      cache_write_tokens: 30,
      cache_write_tokens_details: {
        ttl_5m_tokens: 10,
        ttl_30m_tokens: 0,
        ttl_1h_tokens: 20,
        ttl_12h_tokens: 0,
      },
    },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  });
});

test('property: classes sum to the reported numbers and are never negative', () => {
  const count = fc.integer({ min: 0, max: 2_000_000 });
  fc.assert(
    fc.property(fc.tuple(count, count, count), fc.tuple(count, count, count), (input, output) => {
      const [uncached, read, written] = input;
      const [total, thinking, hour] = output;
      const tokens = convertAnthropicUsage({
        input_tokens: uncached,
        cache_read_input_tokens: read,
        cache_creation_input_tokens: written,
        cache_creation: { ephemeral_1h_input_tokens: hour },
        output_tokens: total,
        output_tokens_details: { thinking_tokens: thinking },
      })?.tokens;
      assert.ok(tokens);
      assert.equal(inputTokens(tokens), uncached + read + written);
      assert.equal(outputTokens(tokens), total);
      for (const name of TOKEN_CLASSES) assert.ok(tokens[name] >= 0);
    }),
  );
});

test('property: never throws', () => {
  fc.assert(fc.property(fc.anything(), (value) => void convertAnthropicUsage(value)));
});
