/**
 * What the providers' own documentation shows as usage, read into classes and priced at their own prices.
 * Numbers are the page's, unless its comment says that only the fields are: pages that describe a field
 * without an example. Rates are in USD per 1M tokens and stand here, because this is about reading and
 * arithmetic, not about the price list.
 */
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { costNano } from './cost.ts';
import type { PriceRule, Rates } from './price-rule.ts';
import { NO_TOKENS, type TokenCounts, type Usage } from './usage.ts';
import { convertAnthropicUsage } from './usage-anthropic.ts';
import { convertOpenAIUsage } from './usage-openai.ts';
import { convertResponsesUsage, readResponsesUsage } from './usage-responses.ts';

const rule = (rates: Rates, more: Partial<PriceRule> = {}): PriceRule => ({
  id: 'test/golden',
  rates,
  source: 'test',
  asOf: '2026-11-24',
  ...more,
});

const GPT_4O = rule({ input: 2.5, cacheRead: 1.25, output: 10 });
const GPT_6_1_TERRA = rule({
  input: 1,
  cacheRead: 0.05,
  cacheWrite30m: 1.25,
  cacheWrite12h: 2.5,
  output: 5,
});
const SONNET_4_5 = rule(
  { input: 3, cacheRead: 0.3, cacheWrite5m: 3.75, cacheWrite1h: 6, output: 15 },
  { regions: { us: 1.1 }, tiers: { batch: { factor: 0.5 } }, fees: { search: 0.01 } },
);
const QWEN_PLUS = rule({ input: 0.4, cacheRead: 0.08, cacheWrite5m: 0.5, output: 1.2 });

interface Golden {
  readonly name: string;
  readonly usage: Usage | undefined;
  readonly tokens: Partial<TokenCounts>;
  readonly rule: PriceRule;
  /** At the documented price. */
  readonly nano: number;
  readonly more?: Partial<Usage>;
}

const GOLDEN: readonly Golden[] = [
  {
    // platform.openai.com/docs/api-reference/chat/create, "Default".
    name: 'OpenAI chat: an ordinary answer',
    usage: convertOpenAIUsage({
      prompt_tokens: 19,
      completion_tokens: 10,
      total_tokens: 29,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: 0,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    }),
    tokens: { input: 19, output: 10 },
    rule: GPT_4O,
    nano: 19 * 2500 + 10 * 10_000,
  },
  {
    // platform.openai.com/docs/guides/prompt-caching, "Requirements".
    name: 'OpenAI chat: cached tokens',
    usage: convertOpenAIUsage({
      prompt_tokens: 2006,
      completion_tokens: 300,
      total_tokens: 2306,
      prompt_tokens_details: { cached_tokens: 1920 },
      completion_tokens_details: {
        reasoning_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    }),
    tokens: { input: 86, cacheRead: 1920, output: 300 },
    rule: GPT_4O,
    nano: 86 * 2500 + 1920 * 1250 + 300 * 10_000,
  },
  {
    // platform.openai.com/docs/guides/predicted-outputs (fields): rejected tokens are billed, and inside the
    // completion.
    name: 'OpenAI chat: predicted output',
    usage: convertOpenAIUsage({
      prompt_tokens: 270,
      completion_tokens: 210,
      total_tokens: 480,
      completion_tokens_details: {
        reasoning_tokens: 0,
        audio_tokens: 0,
        accepted_prediction_tokens: 60,
        rejected_prediction_tokens: 120,
      },
    }),
    tokens: { input: 270, output: 210 },
    rule: GPT_4O,
    nano: 270 * 2500 + 210 * 10_000,
  },
  {
    // platform.openai.com/docs/guides/reasoning, "How reasoning works".
    name: 'OpenAI responses: reasoning',
    usage: readResponsesUsage({
      object: 'response',
      status: 'completed',
      service_tier: 'default',
      usage: {
        input_tokens: 75,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens: 1186,
        output_tokens_details: { reasoning_tokens: 1024 },
        total_tokens: 1261,
      },
    }),
    tokens: { input: 75, output: 162, reasoning: 1024 },
    rule: GPT_6_1_TERRA,
    nano: 75 * 1000 + 1186 * 5000,
    more: { serviceTier: 'default' },
  },
  {
    // platform.openai.com/docs/api-reference/responses/object (fields), as in the openai package 7.57.0.
    name: 'OpenAI responses: cache writes, in an answer that is incomplete',
    usage: readResponsesUsage({
      type: 'response.incomplete',
      response: {
        status: 'incomplete',
        usage: {
          input_tokens: 4096,
          input_tokens_details: {
            cached_tokens: 1024,
            cache_write_tokens: 2048,
            cache_write_tokens_details: { ttl_30m_tokens: 1536, ttl_12h_tokens: 512 },
          },
          output_tokens: 64,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: 4160,
        },
      },
    }),
    tokens: {
      input: 1024,
      cacheRead: 1024,
      cacheWrite30m: 1536,
      cacheWrite12h: 512,
      output: 64,
    },
    rule: GPT_6_1_TERRA,
    nano: 1024 * 1000 + 1024 * 50 + 1536 * 1250 + 512 * 2500 + 64 * 5000,
  },
  {
    // platform.claude.com/docs/en/build-with-claude/prompt-caching, "1-hour cache duration".
    name: 'Anthropic: writes for 5 minutes and for an hour',
    usage: convertAnthropicUsage({
      input_tokens: 2048,
      cache_read_input_tokens: 1800,
      cache_creation_input_tokens: 248,
      output_tokens: 503,
      cache_creation: { ephemeral_5m_input_tokens: 148, ephemeral_1h_input_tokens: 100 },
    }),
    tokens: { input: 2048, cacheRead: 1800, cacheWrite5m: 148, cacheWrite1h: 100, output: 503 },
    rule: SONNET_4_5,
    nano: 2048 * 3000 + 1800 * 300 + 148 * 3750 + 100 * 6000 + 503 * 15_000,
  },
  {
    // platform.claude.com/docs/en/build-with-claude/streaming, "Streaming request with web search tool use":
    // the last `message_delta`. Searches: USD 10 a thousand.
    name: 'Anthropic: server tool use',
    usage: convertAnthropicUsage({
      input_tokens: 10_682,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 510,
      server_tool_use: { web_search_requests: 1 },
    }),
    tokens: { input: 10_682, output: 510 },
    rule: SONNET_4_5,
    nano: 10_682 * 3000 + 510 * 15_000 + 10_000_000,
    more: { searches: 1 },
  },
  {
    // platform.claude.com/docs/en/api/messages, `Usage` (the tier, region and thinking: fields). Batch is half
    // the price, `inference_geo: us` 1.1 times.
    name: 'Anthropic: service tier, region and thinking',
    usage: convertAnthropicUsage({
      input_tokens: 2095,
      cache_creation_input_tokens: 2051,
      cache_read_input_tokens: 2051,
      cache_creation: { ephemeral_5m_input_tokens: 2051, ephemeral_1h_input_tokens: 0 },
      output_tokens: 503,
      output_tokens_details: { thinking_tokens: 400 },
      server_tool_use: null,
      service_tier: 'batch',
      inference_geo: 'us',
    }),
    tokens: { input: 2095, cacheRead: 2051, cacheWrite5m: 2051, output: 103, reasoning: 400 },
    rule: SONNET_4_5,
    // 0.5 x 1.1 of 6.285 + 0.6153 + 7.69125 + 7.545 million.
    nano: 12_175_102.5 + 0.5,
    more: { serviceTier: 'batch', region: 'us' },
  },
  {
    // api-docs.deepseek.com/api/create-chat-completion (fields): the prompt is hits and misses together.
    name: 'DeepSeek: hits, misses and reasoning',
    usage: convertOpenAIUsage({
      prompt_tokens: 156,
      completion_tokens: 48,
      total_tokens: 204,
      prompt_cache_hit_tokens: 128,
      prompt_cache_miss_tokens: 28,
      prompt_tokens_details: { cached_tokens: 128 },
      completion_tokens_details: { reasoning_tokens: 38 },
    }),
    tokens: { input: 28, cacheRead: 128, output: 10, reasoning: 38 },
    rule: rule({ input: 0.15, cacheRead: 0.003, output: 0.6 }),
    nano: 28 * 150 + 128 * 3 + 48 * 600,
  },
  {
    // discuss.ai.google.dev/t/question-with-usage-in-openai-compatibility/98760: thoughts only in the total.
    name: 'Gemini, OpenAI-compatible: thoughts',
    usage: convertOpenAIUsage({ completion_tokens: 102, prompt_tokens: 758, total_tokens: 1725 }),
    tokens: { input: 758, output: 102, reasoning: 865 },
    rule: rule({ input: 1.25, cacheRead: 0.125, output: 10 }),
    nano: 758 * 1250 + (102 + 865) * 10_000,
  },
  {
    // alibabacloud.com/help/en/model-studio/context-cache, "Implicit cache": hits at 20 %.
    name: 'Qwen: implicit cache',
    usage: convertOpenAIUsage({
      prompt_tokens: 3019,
      completion_tokens: 104,
      total_tokens: 3123,
      prompt_tokens_details: { cached_tokens: 2048 },
    }),
    tokens: { input: 971, cacheRead: 2048, output: 104 },
    rule: QWEN_PLUS,
    nano: 971 * 400 + 2048 * 80 + 104 * 1200,
  },
  {
    // The same page, "Explicit cache" (fields): creating one costs 125 %.
    name: 'Qwen: explicit cache',
    usage: convertOpenAIUsage({
      prompt_tokens: 1605,
      completion_tokens: 50,
      total_tokens: 1655,
      prompt_tokens_details: {
        cached_tokens: 0,
        cache_creation_input_tokens: 1598,
        cache_creation: { ephemeral_5m_input_tokens: 1598 },
        cache_type: 'ephemeral',
      },
    }),
    tokens: { input: 7, cacheWrite5m: 1598, output: 50 },
    rule: QWEN_PLUS,
    nano: 7 * 400 + 1598 * 500 + 50 * 1200,
  },
  {
    // docs.x.ai/developers/advanced-api-usage/prompt-caching/usage-and-pricing, chat completions.
    name: 'xAI: cached tokens',
    usage: convertOpenAIUsage({
      prompt_tokens: 125,
      completion_tokens: 48,
      total_tokens: 173,
      prompt_tokens_details: {
        text_tokens: 125,
        audio_tokens: 0,
        image_tokens: 0,
        cached_tokens: 98,
      },
      completion_tokens_details: {
        reasoning_tokens: 0,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    }),
    tokens: { input: 27, cacheRead: 98, output: 48 },
    rule: rule({ input: 2, cacheRead: 0.5, output: 6 }),
    nano: 27 * 2000 + 98 * 500 + 48 * 6000,
  },
  {
    // The same page, Responses API.
    name: 'xAI: cached tokens of a response',
    usage: convertResponsesUsage({
      input_tokens: 125,
      output_tokens: 48,
      total_tokens: 173,
      input_tokens_details: { cached_tokens: 98 },
      output_tokens_details: { reasoning_tokens: 0 },
    }),
    tokens: { input: 27, cacheRead: 98, output: 48 },
    rule: rule({ input: 2, cacheRead: 0.5, output: 6 }),
    nano: 27 * 2000 + 98 * 500 + 48 * 6000,
  },
  {
    // docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/grok/capabilities/reasoning: reasoning
    // beside the completion, and a cost of 0 from a host that bills by itself.
    name: 'xAI at Vertex AI: reasoning',
    usage: convertOpenAIUsage({
      prompt_tokens: 663,
      completion_tokens: 50,
      total_tokens: 837,
      prompt_tokens_details: {
        audio_tokens: 0,
        cached_tokens: 654,
        image_tokens: 0,
        text_tokens: 663,
      },
      completion_tokens_details: {
        accepted_prediction_tokens: 0,
        audio_tokens: 0,
        reasoning_tokens: 124,
        rejected_prediction_tokens: 0,
      },
      cost_in_usd_ticks: 0,
      num_sources_used: 0,
    }),
    tokens: { input: 9, cacheRead: 654, output: 50, reasoning: 124 },
    rule: rule({ input: 0.2, cacheRead: 0.05, output: 0.5 }),
    nano: 9 * 200 + 654 * 50 + 174 * 500,
  },
  {
    // openrouter.ai/docs/use-cases/usage-accounting, "Response format". The cost is the page's, not ours.
    name: 'OpenRouter: the cost it reports',
    usage: convertOpenAIUsage({
      completion_tokens: 2,
      completion_tokens_details: { reasoning_tokens: 0 },
      cost: 0.95,
      cost_details: { upstream_inference_cost: 19 },
      prompt_tokens: 194,
      prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 100, audio_tokens: 0 },
      total_tokens: 196,
    }),
    tokens: { input: 94, cacheWrite30m: 100, output: 2 },
    rule: GPT_4O,
    nano: 194 * 2500 + 2 * 10_000,
    more: { reportedCostNano: 950_000_000 },
  },
  {
    // docs.mistral.ai/studio-api/conversations/advanced/prompt-caching (fields): hits at 10 %, in blocks of 64.
    name: 'Mistral: cached tokens',
    usage: convertOpenAIUsage({
      prompt_tokens: 200,
      total_tokens: 300,
      completion_tokens: 100,
      prompt_tokens_details: { cached_tokens: 128 },
    }),
    tokens: { input: 72, cacheRead: 128, output: 100 },
    rule: rule({ input: 0.5, cacheRead: 0.05, output: 1.5 }),
    nano: 72 * 500 + 128 * 50 + 100 * 1500,
  },
  {
    // console.groq.com/docs/prompt-caching, "Response usage structure": times stand among the counts.
    name: 'Groq: cached tokens',
    usage: convertOpenAIUsage({
      queue_time: 0.026959759,
      prompt_tokens: 4641,
      prompt_time: 0.009995497,
      completion_tokens: 1817,
      completion_time: 5.57691751,
      total_tokens: 6458,
      total_time: 5.586913007,
      prompt_tokens_details: { cached_tokens: 4608 },
    }),
    tokens: { input: 33, cacheRead: 4608, output: 1817 },
    rule: rule({ input: 1, cacheRead: 0.5, output: 3 }),
    nano: 33 * 1000 + 4608 * 500 + 1817 * 3000,
  },
];

describe('usage as the documentation shows it', () => {
  for (const { name, usage, tokens, rule: price, nano, more } of GOLDEN) {
    test(name, () => {
      assert.deepEqual(usage, { tokens: { ...NO_TOKENS, ...tokens }, source: 'provider', ...more });
      assert.equal(costNano(usage.tokens, price, usage), nano);
    });
  }
});
