import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { JsonObject } from '../../json.ts';
import type { PriceRow } from '../price-list.ts';
import { absurdities } from './absurd.ts';
import { readLiteLlm } from './litellm.ts';
import { perMillion } from './litellm-fields.ts';

const DAY = '2026-08-01';
const plain = { input_cost_per_token: 2.5e-6, output_cost_per_token: 1e-5 };
const chat = (more: JsonObject): JsonObject => ({
  litellm_provider: 'openai',
  mode: 'chat',
  ...more,
});
const only = (key: string, model: JsonObject): PriceRow | undefined =>
  readLiteLlm({ [key]: model }, DAY).rows[0];
const reason = (key: string, model: JsonObject): string | undefined =>
  readLiteLlm({ [key]: model }, DAY).skipped[0]?.reason;

describe('dollars a token', () => {
  test('are the printed price, not a product of floating-point numbers', () => {
    assert.notEqual(1.3e-8 * 1e6, 0.013);
    assert.equal(perMillion(1.3e-8), 0.013);
    assert.equal(perMillion(1.4e-7), 0.14);
    assert.equal(perMillion(2.125e-6), 2.125);
    assert.equal(perMillion('1e-06'), 1);
    assert.equal(perMillion(0), 0);
    assert.equal(perMillion(0.0006), 600);
    assert.equal(perMillion(-1e-6), -1);
    assert.equal(perMillion(6.000000000000001e-7), 0.6);
  });

  test('property: every price of six decimals survives', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_000_000_000 }), (pico) => {
        assert.equal(perMillion(Number(`${pico}e-12`)), pico / 1e6);
      }),
    );
  });

  test('what is no number is none', () => {
    for (const bad of [undefined, null, '', 'free', true, {}, NaN, Infinity]) {
      assert.equal(perMillion(bad), undefined);
    }
  });
});

describe('the dimensions of a row', () => {
  test('tiers: a factor where it is one, else rates', () => {
    const gpt4o = chat({
      ...plain,
      cache_read_input_token_cost: 1.25e-6,
      input_cost_per_token_batches: 1.25e-6,
      output_cost_per_token_batches: 5e-6,
      input_cost_per_token_priority: 4.25e-6,
      output_cost_per_token_priority: 1.7e-5,
      cache_read_input_token_cost_priority: 2.125e-6,
      max_output_tokens: 16_384,
      max_input_tokens: '128000',
    });
    assert.deepEqual(only('gpt-4o', gpt4o), {
      provider: 'openai',
      model: 'gpt-4o',
      rates: { input: 2.5, output: 10, cacheRead: 1.25 },
      tiers: { batch: { factor: 0.5 }, priority: { factor: 1.7 } },
      source: 'litellm',
      asOf: DAY,
      maxOutputTokens: 16_384,
      contextTokens: 128_000,
    });
    const mini = chat({
      input_cost_per_token: 1.5e-7,
      output_cost_per_token: 6e-7,
      input_cost_per_token_priority: 2.5e-7,
      output_cost_per_token_priority: 1e-6,
    });
    assert.deepEqual(only('gpt-4o-mini', mini)?.tiers, {
      priority: { rates: { input: 0.25, output: 1 } },
    });
  });

  test('bands, and bands of tiers', () => {
    const model = chat({
      ...plain,
      cache_read_input_token_cost: 2.5e-7,
      input_cost_per_token_above_272k_tokens: 5e-6,
      output_cost_per_token_above_272k_tokens: 1.5e-5,
      input_cost_per_token_flex: 1.3e-6,
      output_cost_per_token_flex: 5e-6,
      input_cost_per_token_above_272k_tokens_flex: 2.6e-6,
    });
    const row = only('gpt-x', model);
    assert.deepEqual(row?.bands, [
      { abovePromptTokens: 272_000, rates: { input: 5, output: 15, cacheRead: 0.25 } },
    ]);
    assert.deepEqual(row?.tiers?.flex, {
      rates: { input: 1.3, output: 5, cacheRead: 0.13 },
      bands: [{ abovePromptTokens: 272_000, rates: { input: 2.6, output: 7.5, cacheRead: 0.13 } }],
    });
  });

  test('ranges of prompt sizes', () => {
    const qwen = chat({
      litellm_provider: 'dashscope',
      tiered_pricing: [
        { input_cost_per_token: 3e-6, output_cost_per_token: 1.5e-5, range: [128_000, 256_000] },
        {
          input_cost_per_token: 4e-7,
          output_cost_per_token: 1.2e-6,
          output_cost_per_reasoning_token: 4e-6,
          range: [0, 128_000],
        },
      ],
    });
    const row = only('dashscope/qwen-plus-latest', qwen);
    assert.equal(row?.provider, 'alibaba');
    assert.equal(row?.model, 'qwen-plus-latest');
    assert.deepEqual(row?.rates, { input: 0.4, output: 1.2, reasoning: 4 });
    assert.deepEqual(row?.bands, [
      { abovePromptTokens: 128_000, rates: { input: 3, output: 15, reasoning: 4 } },
    ]);
  });

  test("bug 2: writes by time to live; the hour of a Claude's band that is missing", () => {
    const claude = chat({
      litellm_provider: 'anthropic',
      input_cost_per_token: 3e-6,
      output_cost_per_token: 1.5e-5,
      cache_creation_input_token_cost: 3.75e-6,
      cache_creation_input_token_cost_above_1hr: 6e-6,
      input_cost_per_token_above_200k_tokens: 6e-6,
      output_cost_per_token_above_200k_tokens: 2.25e-5,
      cache_creation_input_token_cost_above_200k_tokens: 7.5e-6,
      cache_creation_input_token_cost_above_1hr_above_200k_tokens: 1.2e-5,
      provider_specific_entry: { us: 1.1, fast: 6 },
      search_context_cost_per_query: { search_context_size_medium: 0.01 },
    });
    const row = only('claude', claude);
    assert.deepEqual(row?.rates, { input: 3, output: 15, cacheWrite5m: 3.75, cacheWrite1h: 6 });
    assert.equal(row?.bands?.[0]?.rates.cacheWrite1h, 12);
    const { cache_creation_input_token_cost_above_1hr_above_200k_tokens: _, ...less } = claude;
    assert.equal(only('claude', less)?.bands?.[0]?.rates.cacheWrite1h, 12);
    assert.deepEqual(row?.tiers, { fast: { factor: 6 } });
    assert.deepEqual(row?.regions, { us: 1.1 });
    assert.deepEqual(row?.fees, { search: 0.01 });
    const gpt = only('gpt', chat({ ...plain, cache_creation_input_token_cost: 3.125e-6 }));
    assert.equal(gpt?.rates.cacheWrite30m, 3.125);
  });

  test('sound, fees, regions, the day it goes', () => {
    const row = only(
      'gpt-audio',
      chat({
        ...plain,
        input_cost_per_audio_token: 4e-5,
        output_cost_per_audio_token: 8e-5,
        input_cost_per_request: 0.005,
        regional_processing_uplift_multiplier_eu: 1.1,
        deprecation_date: '2027-01-15',
        supported_output_modalities: ['text', 'audio'],
      }),
    );
    assert.deepEqual(row?.rates, { input: 2.5, output: 10, inputAudio: 40, outputAudio: 80 });
    assert.deepEqual(row?.fees, { request: 0.005 });
    assert.deepEqual(row?.regions, { eu: 1.1 });
    assert.equal(row?.retiresOn, '2027-01-15');
    assert.equal(only('m', chat({ ...plain, deprecation_date: 'soon' }))?.retiresOn, undefined);
  });

  test('a cache of price 0 and a write below the input rate are of unknown price', () => {
    const model = chat({
      ...plain,
      cache_read_input_token_cost: 0,
      cache_creation_input_token_cost: 1e-6,
    });
    assert.deepEqual(only('m', model)?.rates, { input: 2.5, output: 10 });
  });
});

describe('what is left out is counted', () => {
  test('with its reason', () => {
    assert.equal(
      reason('dall-e-3', chat({ mode: 'image_generation' })),
      'a model for image generation',
    );
    assert.equal(reason('m', chat({ input_cost_per_token: 1e-6 })), 'no price');
    assert.equal(reason('together-ai-4.1b-8b', chat(plain)), 'a size class, no model');
    assert.equal(reason('m', { litellm_provider: 'openai', ...plain }), 'of no known kind');
    const pictures = chat({ ...plain, supported_output_modalities: ['text', 'image'] });
    assert.equal(reason('m', pictures), 'answers with pictures');
    const sound = chat({ ...plain, supported_output_modalities: ['audio'] });
    assert.equal(reason('m', sound), 'answers with sound of unknown price');
  });

  test('bug 13: a price of 0 is believed of free variants only', () => {
    const free = chat({
      litellm_provider: 'openrouter',
      input_cost_per_token: 0,
      output_cost_per_token: 0,
    });
    assert.equal(reason('openrouter/m', free), 'a price of 0 without ":free"');
    assert.deepEqual(only('openrouter/q/m:free', free)?.rates, { input: 0, output: 0 });
  });

  test('an embedding has no output to be charged', () => {
    const model = chat({ mode: 'embedding', input_cost_per_token: 2e-8, max_output_tokens: 1536 });
    const row = only('e', model);
    assert.deepEqual(row?.rates, { input: 0.02, output: 0 });
    assert.equal(row?.maxOutputTokens, undefined);
  });

  test('prices that no rule can hold, by field', () => {
    const model = chat({ ...plain, input_cost_per_image: 0.0048, input_cost_per_second: 0 });
    assert.deepEqual(readLiteLlm({ m: model }, DAY).unread, { input_cost_per_image: 1 });
  });

  test('of a model that stands there twice, the one with its provider counts', () => {
    const old = chat({ litellm_provider: 'deepseek', ...plain });
    const exact = { ...old, input_cost_per_token: 1e-6 };
    const { rows, skipped } = readLiteLlm(
      { 'deepseek-chat': old, 'deepseek/deepseek-chat': exact },
      DAY,
    );
    assert.deepEqual(
      rows.map(({ rates }) => rates.input),
      [1],
    );
    assert.deepEqual(skipped, [{ name: 'deepseek/deepseek-chat', reason: 'listed twice' }]);
  });

  test('other providers are passed over; a list of nothing known is refused', () => {
    const list = { a: { litellm_provider: 'bedrock', ...plain }, b: chat(plain) };
    assert.equal(readLiteLlm(list, DAY).rows.length, 1);
    assert.throws(() => readLiteLlm({ openai: { models: {} } }, DAY), /not LiteLLM's list/);
  });

  test('a price per 1M tokens in this list is found absurd', () => {
    const row = only('m', chat({ input_cost_per_token: 2.5, output_cost_per_token: 10 }));
    assert.ok(row);
    assert.match(absurdities([row]).join('\n'), /input is above \$2000/);
  });
});
