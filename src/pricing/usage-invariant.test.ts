/** Usage of every shape with whatever numbers in it: classes add up, and nothing is ever dearer for being cached. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { costNano } from './cost.ts';
import type { PriceRule, Rates } from './price-rule.ts';
import {
  INPUT_CLASSES,
  OUTPUT_CLASSES,
  TOKEN_CLASSES,
  type TokenClass,
  type TokenCounts,
  type Usage,
  inputTokens,
  outputTokens,
} from './usage.ts';
import { convertAnthropicUsage } from './usage-anthropic.ts';
import { convertOpenAIUsage } from './usage-openai.ts';
import { convertResponsesUsage } from './usage-responses.ts';

/** Numbers of one usage; a detail that is undefined is not told. */
interface Told {
  readonly prompt: number;
  readonly completion: number;
  /** Cached or produced beside the two, in the shapes that count it there. */
  readonly beside: number;
  readonly details: Readonly<Record<string, number>>;
}

/** What a shape makes of the numbers, and the totals that the provider bills. */
interface Made {
  readonly usage: Usage | undefined;
  readonly input: number;
  readonly output: number;
}

const count = fc.integer({ min: 0, max: 1_000_000 });

const told: fc.Arbitrary<Told> = fc.record({
  prompt: count,
  completion: count,
  beside: count,
  details: fc.record(
    {
      cached_tokens: count,
      cache_write_tokens: count,
      cache_creation_input_tokens: count,
      audio_tokens: count,
      image_tokens: count,
      reasoning_tokens: count,
      thinking_tokens: count,
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Readonly<Record<string, number>>>,
});

/** Prices at which reading from a cache is never dearer than reading anew, as at every provider. */
const price: fc.Arbitrary<PriceRule> = fc
  .record({ input: fc.nat(100_000), share: fc.nat(100), output: fc.nat(500_000) })
  .map(({ input, share, output }) => {
    const rates: Rates = {
      input: input / 1000,
      cacheRead: Math.floor((input * share) / 100) / 1000,
      cacheWrite5m: (input * 1.25) / 1000,
      cacheWrite1h: (input * 2) / 1000,
      output: output / 1000,
    };
    return { id: 'test/any', rates, source: 'test', asOf: '2026-11-24' };
  });

/** A shape whose details are inside the prompt and the completion. */
const chat =
  (more: (numbers: Told) => object) =>
  (numbers: Told): Made => {
    const { prompt, completion } = numbers;
    const usage = convertOpenAIUsage({
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
      ...more(numbers),
    });
    return { usage, input: prompt, output: completion };
  };

const SHAPES: Readonly<Record<string, (numbers: Told) => Made>> = {
  'OpenAI chat, Groq, Mistral': chat(({ details }) => ({
    prompt_tokens_details: details,
    completion_tokens_details: details,
  })),
  DeepSeek: chat(({ prompt, details }) => ({
    prompt_cache_hit_tokens: details['cached_tokens'],
    prompt_cache_miss_tokens: prompt - (details['cached_tokens'] ?? 0),
    completion_tokens_details: details,
  })),
  Qwen: chat(({ details }) => ({
    prompt_tokens_details: {
      ...details,
      cache_creation: { ephemeral_1h_input_tokens: details['cache_creation_input_tokens'] },
    },
  })),
  OpenRouter: chat(({ details }) => ({ prompt_tokens_details: details, cost: 0.01 })),
  'xAI, Gemini': (numbers) => {
    const { prompt, completion, beside, details } = numbers;
    const made = chat(() => ({
      total_tokens: prompt + completion + beside,
      prompt_tokens_details: details,
      completion_tokens_details: { reasoning_tokens: beside },
    }))(numbers);
    return { ...made, output: completion + beside };
  },
  'OpenAI responses': ({ prompt, completion, details }) => ({
    usage: convertResponsesUsage({
      input_tokens: prompt,
      input_tokens_details: details,
      output_tokens: completion,
      output_tokens_details: details,
      total_tokens: prompt + completion,
    }),
    input: prompt,
    output: completion,
  }),
  Anthropic: ({ prompt, completion, beside, details }) => ({
    usage: convertAnthropicUsage({
      input_tokens: prompt,
      cache_read_input_tokens: beside,
      cache_creation_input_tokens: details['cache_creation_input_tokens'],
      cache_creation: { ephemeral_1h_input_tokens: details['cache_creation_input_tokens'] },
      output_tokens: completion,
      output_tokens_details: details,
    }),
    input: prompt + beside + (details['cache_creation_input_tokens'] ?? 0),
    output: completion,
  }),
};

for (const [name, make] of Object.entries(SHAPES)) {
  test(`${name}: classes add up to what is billed, and a cached token is never dearer`, () => {
    fc.assert(
      fc.property(told, price, (numbers, rule) => {
        const { usage, input, output } = make(numbers);
        assert.ok(usage);
        const { tokens } = usage;
        for (const of of TOKEN_CLASSES) {
          assert.ok(Number.isSafeInteger(tokens[of]) && tokens[of] >= 0, of);
        }
        assert.equal(inputTokens(tokens), input);
        assert.equal(outputTokens(tokens), output);
        const cost = costNano(tokens, rule);
        const uncached = { ...tokens, input: tokens.input + tokens.cacheRead, cacheRead: 0 };
        assert.ok(cost !== undefined && Number.isSafeInteger(cost) && cost >= 0);
        assert.ok(cost <= (costNano(uncached, rule) ?? -1));
      }),
    );
  });
}

test('the sums of prompt and answer are those of their classes, whatever classes there are', () => {
  const counts = fc.record(
    Object.fromEntries(TOKEN_CLASSES.map((name) => [name, fc.nat(1e9)])),
  ) as fc.Arbitrary<TokenCounts>;
  fc.assert(
    fc.property(counts, (tokens) => {
      const sum = (names: readonly TokenClass[]): number =>
        names.reduce((total, name) => total + tokens[name], 0);
      assert.equal(inputTokens(tokens), sum(INPUT_CLASSES));
      assert.equal(outputTokens(tokens), sum(OUTPUT_CLASSES));
      assert.equal(INPUT_CLASSES.length + OUTPUT_CLASSES.length, TOKEN_CLASSES.length);
    }),
  );
});
