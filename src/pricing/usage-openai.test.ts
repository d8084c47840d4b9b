import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { costNano } from './cost.ts';
import type { PriceRule } from './price-rule.ts';
import { NO_TOKENS, TOKEN_CLASSES, type TokenCounts, inputTokens, outputTokens } from './usage.ts';
import { convertOpenAIUsage, toOpenAIUsage } from './usage-openai.ts';

const tokensOf = (usage: unknown): TokenCounts | undefined => convertOpenAIUsage(usage)?.tokens;

const rule: PriceRule = {
  id: 'test/m@2026-01-01',
  rates: { input: 2.5, cacheRead: 1.25, cacheWrite30m: 3.125, output: 10 },
  source: 'test',
  asOf: '2026-01-01',
};

describe('OpenAI', () => {
  test('bug 1: cached tokens are part of the prompt and charged once', () => {
    const usage = convertOpenAIUsage({
      prompt_tokens: 2006,
      completion_tokens: 300,
      total_tokens: 2306,
      prompt_tokens_details: { cached_tokens: 1920, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
    });
    assert.ok(usage);
    assert.deepEqual(usage.tokens, { ...NO_TOKENS, input: 86, cacheRead: 1920, output: 300 });
    // 86 x 2.5 + 1920 x 1.25 + 300 x 10, in nano-dollars.
    assert.equal(costNano(usage.tokens, rule), 215_000 + 2_400_000 + 3_000_000);
    assert.equal(usage.source, 'provider');
    assert.equal(usage.reportedCostNano, undefined);
  });

  test('bug 2: cache writes are part of the prompt and charged as writes', () => {
    const usage = { prompt_tokens: 1000, completion_tokens: 1, total_tokens: 1001 };
    const details = { cached_tokens: 200, cache_write_tokens: 700 };
    const tokens = tokensOf({ ...usage, prompt_tokens_details: details });
    assert.deepEqual(tokens, {
      ...NO_TOKENS,
      input: 100,
      cacheRead: 200,
      cacheWrite30m: 700,
      output: 1,
    });
  });

  test('bug 2: a breakdown tells 30-minute and 12-hour writes apart', () => {
    const tokens = tokensOf({
      prompt_tokens: 1000,
      completion_tokens: 1,
      total_tokens: 1001,
      prompt_tokens_details: {
        cache_write_tokens: 700,
        cache_write_tokens_details: { ttl_30m_tokens: 100, ttl_12h_tokens: 600 },
      },
    });
    assert.deepEqual(tokens, {
      ...NO_TOKENS,
      input: 300,
      cacheWrite30m: 100,
      cacheWrite12h: 600,
      output: 1,
    });
  });

  test('bug 3: reasoning inside the completion is not added again', () => {
    const tokens = tokensOf({
      prompt_tokens: 75,
      completion_tokens: 1186,
      total_tokens: 1261,
      completion_tokens_details: { reasoning_tokens: 1024, rejected_prediction_tokens: 10 },
    });
    assert.deepEqual(tokens, { ...NO_TOKENS, input: 75, output: 162, reasoning: 1024 });
  });

  test('bug 6: a breakdown by kind is never added to its total', () => {
    const tokens = tokensOf({
      prompt_tokens: 100,
      completion_tokens: 50,
      total_tokens: 150,
      prompt_tokens_details: {
        text_tokens: 60,
        audio_tokens: 30,
        image_tokens: 10,
        cached_tokens: 0,
      },
      completion_tokens_details: { text_tokens: 20, audio_tokens: 30 },
    });
    assert.deepEqual(tokens, {
      ...NO_TOKENS,
      input: 60,
      inputAudio: 30,
      inputImage: 10,
      output: 20,
      outputAudio: 30,
    });
  });

  test('bug 13: embeddings have no output', () => {
    const tokens = tokensOf({ prompt_tokens: 8, total_tokens: 8 });
    assert.deepEqual(tokens, { ...NO_TOKENS, input: 8 });
    assert.equal(costNano(tokens, { ...rule, rates: { input: 0.02, output: 99 } }), 160);
  });

  test('null details are none', () => {
    const tokens = tokensOf({
      prompt_tokens: 5,
      completion_tokens: 6,
      total_tokens: 11,
      prompt_tokens_details: null,
      completion_tokens_details: { reasoning_tokens: null },
    });
    assert.deepEqual(tokens, { ...NO_TOKENS, input: 5, output: 6 });
  });
});

describe('its kin', () => {
  test('DeepSeek: hits and misses', () => {
    const tokens = tokensOf({
      prompt_tokens: 1000,
      completion_tokens: 20,
      total_tokens: 1020,
      prompt_cache_hit_tokens: 960,
      prompt_cache_miss_tokens: 40,
      prompt_tokens_details: { cached_tokens: 960 },
    });
    assert.deepEqual(tokens, { ...NO_TOKENS, input: 40, cacheRead: 960, output: 20 });
  });

  test('Moonshot, Together: cached tokens without details', () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 2,
      total_tokens: 102,
      cached_tokens: 64,
    };
    assert.deepEqual(tokensOf(usage), { ...NO_TOKENS, input: 36, cacheRead: 64, output: 2 });
  });

  test('bug 3: xAI counts reasoning beside the completion', () => {
    const usage = convertOpenAIUsage({
      prompt_tokens: 32,
      completion_tokens: 9,
      total_tokens: 135,
      prompt_tokens_details: {
        text_tokens: 32,
        cached_tokens: 6,
        audio_tokens: 0,
        image_tokens: 0,
      },
      completion_tokens_details: { reasoning_tokens: 94, audio_tokens: 0 },
      cost_in_usd_ticks: 37_756_000,
    });
    assert.deepEqual(usage?.tokens, {
      ...NO_TOKENS,
      input: 26,
      cacheRead: 6,
      output: 9,
      reasoning: 94,
    });
    assert.equal(usage?.reportedCostNano, 3_775_600);
  });

  test('bug 3: Gemini counts thoughts only in the total', () => {
    const tokens = tokensOf({ prompt_tokens: 10, completion_tokens: 20, total_tokens: 530 });
    assert.deepEqual(tokens, { ...NO_TOKENS, input: 10, output: 20, reasoning: 500 });
  });

  test('a total that is too small changes nothing', () => {
    const tokens = tokensOf({ prompt_tokens: 10, completion_tokens: 20, total_tokens: 0 });
    assert.deepEqual(tokens, { ...NO_TOKENS, input: 10, output: 20 });
  });

  test('Qwen: 5-minute writes under the names of Anthropic', () => {
    const tokens = tokensOf({
      prompt_tokens: 3019,
      completion_tokens: 104,
      total_tokens: 3123,
      prompt_tokens_details: {
        cached_tokens: 2048,
        cache_creation_input_tokens: 900,
        cache_creation: { ephemeral_5m_input_tokens: 900 },
        cache_type: 'ephemeral',
      },
    });
    assert.deepEqual(tokens, {
      ...NO_TOKENS,
      input: 71,
      cacheRead: 2048,
      cacheWrite5m: 900,
      output: 104,
    });
  });
});

describe('what the provider charged', () => {
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };

  test('bug 12: OpenRouter tells dollars', () => {
    assert.equal(convertOpenAIUsage({ ...usage, cost: 0.000_095_1 })?.reportedCostNano, 95_100);
    assert.equal(convertOpenAIUsage({ ...usage, cost: 0 })?.reportedCostNano, 0);
  });

  test("with the user's own key, the upstream's charge is added to the fee", () => {
    const cost = { cost: 0.0005, is_byok: true, cost_details: { upstream_inference_cost: 0.01 } };
    assert.equal(convertOpenAIUsage({ ...usage, ...cost })?.reportedCostNano, 10_500_000);
    const ours = { cost: 0.01, is_byok: false, cost_details: { upstream_inference_cost: 0.009 } };
    assert.equal(convertOpenAIUsage({ ...usage, ...ours })?.reportedCostNano, 10_000_000);
  });

  test('a cost of no ticks says nothing: hosts that bill by themselves leave it so', () => {
    assert.equal(
      convertOpenAIUsage({ ...usage, cost_in_usd_ticks: 0 })?.reportedCostNano,
      undefined,
    );
  });

  test('searches are counted where there were any', () => {
    const searches = (count: number): number | undefined =>
      convertOpenAIUsage({ ...usage, server_tool_use: { web_search_requests: count } })?.searches;
    assert.equal(searches(2), 2);
    assert.equal(searches(0), undefined);
  });

  test('what is no amount is not told', () => {
    for (const cost of [null, 'free', -1, NaN, Infinity, 1e300, { total: 1 }]) {
      const read = convertOpenAIUsage({ ...usage, cost });
      assert.ok(read);
      assert.equal('reportedCostNano' in read, false, JSON.stringify(cost));
    }
  });
});

describe('usage that is missing or senseless', () => {
  test('is undefined, and a reported zero is zero', () => {
    assert.equal(convertOpenAIUsage(undefined), undefined);
    assert.equal(convertOpenAIUsage(null), undefined);
    assert.equal(convertOpenAIUsage({}), undefined);
    assert.equal(convertOpenAIUsage([]), undefined);
    assert.equal(convertOpenAIUsage('100'), undefined);
    assert.equal(convertOpenAIUsage({ prompt_tokens: 5 }), undefined);
    assert.equal(convertOpenAIUsage({ completion_tokens: 5, total_tokens: 5 }), undefined);
    const zero = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
    assert.deepEqual(convertOpenAIUsage(zero), { tokens: NO_TOKENS, source: 'provider' });
  });

  test('totals that are no counts', () => {
    for (const bad of ['12', -1, NaN, Infinity, 1.5, 2 ** 60, {}, true]) {
      assert.equal(convertOpenAIUsage({ prompt_tokens: bad, completion_tokens: 1 }), undefined);
      assert.equal(convertOpenAIUsage({ prompt_tokens: 1, completion_tokens: bad }), undefined);
      assert.equal(convertOpenAIUsage({ prompt_tokens: 1, total_tokens: bad }), undefined);
    }
  });

  test('details that are no counts leave the tokens where they are', () => {
    for (const bad of ['12', -1, NaN, 1.5]) {
      const tokens = tokensOf({
        prompt_tokens: 10,
        completion_tokens: 10,
        total_tokens: 20,
        prompt_tokens_details: { cached_tokens: bad, audio_tokens: bad },
        completion_tokens_details: { reasoning_tokens: bad },
      });
      assert.deepEqual(tokens, { ...NO_TOKENS, input: 10, output: 10 });
    }
  });
});

describe('properties', () => {
  const count = fc.integer({ min: 0, max: 2_000_000 });

  test('classes are never negative and sum to the totals, whatever the details say', () => {
    const details = fc.record({
      cached_tokens: count,
      cache_write_tokens: count,
      cache_creation_input_tokens: count,
      audio_tokens: count,
      image_tokens: count,
    });
    fc.assert(
      fc.property(fc.tuple(count, count, count), details, ([prompt, completion, reasoning], of) => {
        const tokens = tokensOf({
          prompt_tokens: prompt,
          completion_tokens: completion,
          total_tokens: prompt + completion,
          prompt_tokens_details: of,
          completion_tokens_details: { reasoning_tokens: reasoning, audio_tokens: of.audio_tokens },
        });
        assert.ok(tokens);
        assert.equal(inputTokens(tokens), prompt);
        assert.equal(outputTokens(tokens), completion);
        for (const name of TOKEN_CLASSES) assert.ok(tokens[name] >= 0);
      }),
    );
  });

  test('usage written in OpenAI format reads back the same', () => {
    const tokens = fc.record(Object.fromEntries(TOKEN_CLASSES.map((name) => [name, count])));
    fc.assert(
      fc.property(tokens, (given) => {
        const usage = { tokens: { ...NO_TOKENS, ...given }, source: 'provider' as const };
        const written = toOpenAIUsage(usage);
        assert.deepEqual(convertOpenAIUsage(written), usage);
        assert.deepEqual(convertOpenAIUsage(JSON.parse(JSON.stringify(written))), usage);
      }),
    );
  });

  test('never throws', () => {
    fc.assert(fc.property(fc.anything(), (value) => void convertOpenAIUsage(value)));
  });
});

test('written usage has what OpenAI clients expect', () => {
  const tokens = { ...NO_TOKENS, input: 10, cacheRead: 5, output: 3, reasoning: 4 };
  assert.deepEqual(toOpenAIUsage({ tokens, source: 'provider' }), {
    prompt_tokens: 15,
    completion_tokens: 7,
    total_tokens: 22,
    prompt_tokens_details: { cached_tokens: 5, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 4, audio_tokens: 0 },
  });
});
