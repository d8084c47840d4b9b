/**
 * Prices in all their dimensions, from what a provider answers to the nano-dollar: usage as it stands on
 * the wire, the price book as it comes along, the cost worked out by hand.
 */
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { JsonObject } from '../json.ts';
import { costNano } from './cost.ts';
import { PriceBook } from './price-book.ts';
import type { PriceRow } from './price-list.ts';
import { convertAnthropicUsage } from './usage-anthropic.ts';
import { convertOpenAIUsage, openaiTier } from './usage-openai.ts';
import { type Usage, withServiceTier } from './usage.ts';

const book = PriceBook.load();
/** A Wednesday, between DeepSeek's peaks. */
const NOON = Date.parse('2026-11-25T12:00:00Z');

interface Billed {
  readonly provider: string;
  readonly model: string;
  readonly at?: number;
  readonly from?: PriceBook;
}

function bill(
  usage: Usage | undefined,
  { provider, model, at = NOON, from = book }: Billed,
): number | undefined {
  const rule = from.find(provider, model, at);
  assert.ok(usage);
  assert.ok(rule, `${provider}/${model} is unpriced`);
  const { serviceTier, region, searches } = usage;
  return costNano(usage.tokens, rule, { at, serviceTier, region, searches });
}

/** A chat completion of an OpenAI-compatible provider. */
function openai(
  billed: Billed & { readonly usage: JsonObject; readonly tier?: string },
): number | undefined {
  const { usage, tier } = billed;
  const converted = convertOpenAIUsage(usage);
  assert.ok(converted);
  const served = openaiTier(tier === undefined ? {} : { service_tier: tier });
  return bill(withServiceTier(converted, served), billed);
}

const claude = (model: string, usage: JsonObject): number | undefined =>
  bill(convertAnthropicUsage(usage), { provider: 'anthropic', model });

const chat = (prompt: number, completion: number, more: JsonObject = {}): JsonObject => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
  ...more,
});

const row = (more: Partial<PriceRow>): PriceRow => ({
  provider: 'openai',
  model: 'm',
  rates: { input: 2, output: 10 },
  source: 'test',
  asOf: '2026-01-01',
  ...more,
});

const bookOf = (...rows: PriceRow[]): PriceBook =>
  new PriceBook({ _source: { list: '', license: '', asOf: '' }, rows });

describe('bug 4: bands reprice the whole request', () => {
  const luna = (usage: JsonObject, tier?: string): number | undefined =>
    openai({
      provider: 'openai',
      model: 'gpt-6-luna',
      usage,
      ...(tier === undefined ? {} : { tier }),
    });

  test('the boundary is below the band, one token more is above, output too', () => {
    assert.equal(luna(chat(272_000, 1000)), 27_200_000 + 500_000);
    assert.equal(luna(chat(272_001, 1000)), 54_400_200 + 750_000);
  });

  test('cached tokens count for the size, at the rate of the band', () => {
    const usage = chat(272_001, 0, { prompt_tokens_details: { cached_tokens: 272_000 } });
    assert.equal(luna(usage), 200 + 5_440_000);
  });

  test("Anthropic's cache reads and writes, which stand beside the input, count too", () => {
    const usage = { input_tokens: 1, cache_read_input_tokens: 60_000, output_tokens: 10 };
    const written = (tokens: number): JsonObject => ({
      ...usage,
      cache_creation_input_tokens: tokens,
    });
    assert.equal(claude('claude-haiku-5-5', written(39_999)), 100 + 600_000 + 4_999_875 + 5_000);
    assert.equal(
      claude('claude-haiku-5-5', written(40_000)),
      500 + 3_000_000 + 25_000_000 + 25_000,
    );
  });

  test('batch and flex halve the band that is reached', () => {
    assert.equal(luna(chat(272_001, 1000), 'flex'), (54_400_200 + 750_000) / 2);
    assert.equal(luna(chat(272_000, 1000), 'batch'), (27_200_000 + 500_000) / 2);
  });

  test('a tier with rates of its own has bands of its own', () => {
    const rates = { input: 3, output: 11 };
    const above = { input: 7, output: 13 };
    const from = bookOf(
      row({
        bands: [{ abovePromptTokens: 1000, rates: { input: 4, output: 12 } }],
        tiers: { priority: { rates, bands: [{ abovePromptTokens: 1000, rates: above }] } },
      }),
    );
    const cost = (prompt: number): number | undefined =>
      openai({ provider: 'openai', model: 'm', from, usage: chat(prompt, 10), tier: 'priority' });
    assert.equal(cost(1000), 3_000_000 + 110_000);
    assert.equal(cost(1001), 7_007_000 + 130_000);
  });
});

describe('bug 2: cache writes by time to live', () => {
  test('Anthropic: 5 minutes 1.25 times, an hour 2 times the input', () => {
    const usage = {
      input_tokens: 1000,
      output_tokens: 0,
      cache_creation_input_tokens: 3000,
      cache_creation: { ephemeral_5m_input_tokens: 1000, ephemeral_1h_input_tokens: 2000 },
    };
    assert.equal(claude('claude-haiku-4-5', usage), 1_000_000 + 1_250_000 + 4_000_000);
  });

  test('OpenAI: 30 minutes, 12 hours where the answer tells them apart', () => {
    const details = {
      cache_write_tokens: 3000,
      cache_write_tokens_details: { ttl_30m_tokens: 1000, ttl_12h_tokens: 2000 },
    };
    const usage = chat(4000, 0, { prompt_tokens_details: details });
    assert.equal(
      openai({ provider: 'openai', model: 'gpt-6.1-terra', usage }),
      1_000_000 + 1_250_000 + 5_000_000,
    );
  });
});

describe('classes with rates of their own', () => {
  test('bug 3: reasoning is taken out of the completion and charged once', () => {
    const from = bookOf(row({ rates: { input: 2, output: 10, reasoning: 40 } }));
    const usage = chat(0, 100, { completion_tokens_details: { reasoning_tokens: 60 } });
    assert.equal(openai({ provider: 'openai', model: 'm', from, usage }), 400_000 + 2_400_000);
    assert.equal(openai({ provider: 'openai', model: 'o3', usage }), 800_000);
  });

  test('sound in and out', () => {
    const usage = chat(1000, 200, {
      prompt_tokens_details: { audio_tokens: 900 },
      completion_tokens_details: { audio_tokens: 150 },
    });
    assert.equal(
      openai({ provider: 'openai', model: 'gpt-4o-audio-preview', usage }),
      250_000 + 36_000_000 + 500_000 + 12_000_000,
    );
  });

  test('a fee for each request, beside the tokens and beyond any factor', () => {
    const from = bookOf(row({ fees: { request: 0.005 }, regions: { eu: 1.1 } }));
    const usage = chat(1000, 100);
    assert.equal(openai({ provider: 'openai', model: 'm', from, usage }), 3_000_000 + 5_000_000);
    assert.equal(
      openai({ provider: 'openai', model: 'm', from, usage, tier: 'flex' }),
      1_500_000 + 5_000_000,
    );
  });

  test('bug 13: an embedding has no output to be charged, whatever its total says', () => {
    const usage = { prompt_tokens: 1000, total_tokens: 1000 };
    assert.equal(openai({ provider: 'openai', model: 'text-embedding-3-small', usage }), 20_000);
  });
});

describe('bug 5: the service tier that the answer names', () => {
  const usage = chat(1_000_000, 100_000, { prompt_tokens_details: { cached_tokens: 500_000 } });
  const cost = (model: string, tier?: string, provider = 'openai'): number | undefined =>
    openai({ provider, model, usage, ...(tier === undefined ? {} : { tier }) });

  test('gpt-4o at each of them', () => {
    const standard = 1_250_000_000 + 625_000_000 + 1_000_000_000;
    assert.equal(cost('gpt-4o'), standard);
    assert.equal(cost('gpt-4o', 'default'), standard);
    assert.equal(cost('gpt-4o', 'flex'), standard / 2);
    assert.equal(cost('gpt-4o', 'batch'), standard / 2);
    assert.equal(cost('gpt-4o', 'priority'), 2_125_000_000 + 1_062_500_000 + 1_700_000_000);
  });

  test('"fast" is billed as priority', () => {
    assert.equal(cost('gpt-6.1-terra', 'fast'), cost('gpt-6.1-terra', 'priority'));
    assert.equal(cost('gpt-4o-mini', 'fast'), 125_000_000 + 62_500_000 + 100_000_000);
  });

  test("Groq's flex costs what its ordinary service does", () => {
    const ordinary = cost('llama-3.1-8b-instant', 'on_demand', 'groq');
    assert.equal(cost('llama-3.1-8b-instant', 'flex', 'groq'), ordinary);
  });

  test('a tier that nobody has a price for is unpriced, not ordinary', () => {
    assert.equal(cost('gpt-4o', 'scale'), undefined);
    assert.equal(cost('gpt-6-luna', 'priority'), undefined);
    assert.equal(cost('gpt-4o', 'constructor'), undefined);
  });

  test("Anthropic's order: fast mode, then the region, then searches as they are", () => {
    const used = {
      input_tokens: 1000,
      cache_read_input_tokens: 10_000,
      output_tokens: 100,
      speed: 'fast',
      inference_geo: 'us',
      server_tool_use: { web_search_requests: 3 },
    };
    const tokens = 1000 * 4_000 + 10_000 * 200 + 100 * 20_000;
    assert.equal(claude('claude-opus-5-5', used), Math.round(tokens * 2 * 1.1) + 30_000_000);
    const batch = { ...used, speed: 'standard', service_tier: 'batch' };
    assert.equal(claude('claude-opus-5-5', batch), Math.round(tokens * 0.5 * 1.1) + 30_000_000);
    const global = { ...used, speed: 'standard', inference_geo: 'global' };
    assert.equal(claude('claude-opus-5-5', global), tokens + 30_000_000);
    // Priority Tier is paid by commitment, not by the token.
    assert.equal(
      claude('claude-opus-5-5', { ...used, speed: 'standard', service_tier: 'priority' }),
      undefined,
    );
  });
});

describe("DeepSeek's peak", () => {
  const cost = (at: string): number | undefined =>
    openai({
      provider: 'deepseek',
      model: 'deepseek-flash',
      at: Date.parse(at),
      usage: chat(1_000_000, 0, { prompt_cache_hit_tokens: 1_000_000 }),
    });
  const PEAK = 6_000_000;
  const OTHER = 3_000_000;

  test('from Monday, 01:00 UTC, to Friday, 10:00 UTC, and never at a weekend', () => {
    assert.equal(cost('2026-11-23T00:59:59.999Z'), OTHER);
    assert.equal(cost('2026-11-23T01:00:00Z'), PEAK);
    assert.equal(cost('2026-11-27T09:59:59.999Z'), PEAK);
    assert.equal(cost('2026-11-27T10:00:00Z'), OTHER);
    for (const day of ['2026-11-28', '2026-11-29']) {
      for (const hour of ['01:00', '03:59', '06:00', '09:59']) {
        assert.equal(cost(`${day}T${hour}:00Z`), OTHER);
      }
    }
  });

  test('with a pause from 04:00 to 06:00', () => {
    assert.equal(cost('2026-11-25T03:59:59Z'), PEAK);
    assert.equal(cost('2026-11-25T04:00:00Z'), OTHER);
    assert.equal(cost('2026-11-25T05:59:59Z'), OTHER);
    assert.equal(cost('2026-11-25T06:00:00Z'), PEAK);
  });
});

describe('bug 8: the price in force when the call started', () => {
  const used = chat(1_000_000, 1_000_000);
  const priced = (provider: string, model: string, at: string): readonly unknown[] => {
    const time = Date.parse(at);
    return [
      openai({ provider, model, at: time, usage: used }),
      book.find(provider, model, time)?.id,
    ];
  };

  test('a change at an instant, and the rule that the row names', () => {
    assert.deepEqual(priced('deepseek', 'deepseek-v4-flash', '2026-08-16T15:59:59.999Z'), [
      420_000_000,
      'deepseek/deepseek-v4-flash@2026-11-24',
    ]);
    assert.deepEqual(priced('deepseek', 'deepseek-v4-flash', '2026-08-16T16:00:00Z'), [
      880_000_000,
      'deepseek/deepseek-v4-flash@2026-08-16',
    ]);
    assert.deepEqual(priced('deepseek', 'deepseek-v4-flash', '2026-09-10T12:00:00Z'), [
      750_000_000,
      'deepseek/deepseek-v4-flash@2026-09-10',
    ]);
  });

  test('a change at midnight UTC', () => {
    assert.deepEqual(
      priced('openai', 'gpt-5.6-luna', '2026-07-29T23:59:59.999Z')[0],
      7_000_000_000,
    );
    const [after] = priced('openai', 'gpt-5.6-luna', '2026-07-30T00:00:00Z');
    assert.equal(after, 400_000_000 + 1_800_000_000);
  });

  test('a dated id changes with its model', () => {
    const rule = (at: string): unknown =>
      book.find('openai', 'gpt-5.6-luna-2026-07-09', Date.parse(at))?.rates.input;
    assert.deepEqual([rule('2026-07-20'), rule('2026-08-20')], [1, 0.2]);
  });

  test('no model of the book has two prices at a time, or none in between', () => {
    const names = new Set(book.prices.map(({ provider, model }) => `${provider}\n${model}`));
    for (const name of names) {
      const [provider = '', model = ''] = name.split('\n');
      const rules = book.rules(provider, model);
      for (const [index, { until }] of rules.entries()) {
        assert.equal(until, rules[index + 1]?.from, name);
      }
      assert.equal(rules[0]?.from, undefined, name);
    }
  });
});

describe('bug 7: names, and what is free', () => {
  test('an alias, a dated id or a mark of a long context is priced as its model or not at all', () => {
    const usage = { input_tokens: 1000, output_tokens: 100 };
    const cost = claude('claude-haiku-4-5', usage);
    assert.equal(cost, 1_500_000);
    for (const name of [
      'claude-haiku-4-5-20251001',
      'claude-haiku-4-5-latest',
      'claude-haiku-4-5[1m]',
      'anthropic/claude-haiku-4-5',
      'CLAUDE-HAIKU-4-5',
    ]) {
      assert.equal(claude(name, usage), cost, name);
    }
    for (const name of ['claude-haiku-9', 'haiku', 'claude-haiku-4-5-turbo', '']) {
      assert.equal(book.find('anthropic', name), undefined, name);
    }
  });

  test('bug 13: no price of the book is 0 but where its list says so', () => {
    const free = book.prices.filter(
      ({ rule }) => rule.rates.input === 0 && rule.rates.output === 0,
    );
    assert.ok(free.length > 0);
    for (const { rule } of free) assert.equal(rule.source, 'models.dev');
    const [first] = free.filter(({ model }) => model.endsWith(':free'));
    assert.ok(first);
    assert.equal(openai({ ...first, usage: chat(1000, 1000) }), 0);
    assert.equal(book.find(first.provider, `${first.model}r`), undefined);
    assert.equal(book.find('openrouter', 'openai/gpt-4o:free'), undefined);
  });
});
