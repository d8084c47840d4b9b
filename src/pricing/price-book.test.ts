import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { costNano } from './cost.ts';
import { PriceBook } from './price-book.ts';
import type { PriceRow } from './price-list.ts';
import { NO_TOKENS } from './usage.ts';

function row(provider: string, model: string, input = 1): PriceRow {
  return { provider, model, rates: { input, output: 2 }, source: 'test', asOf: '2026-01-02' };
}

function bookOf(...rows: PriceRow[]): PriceBook {
  const _source = { list: 'test', license: 'none', asOf: '2025-01-01', overlay: 'none' };
  return new PriceBook({ _source, rows });
}

describe('bug 7: names that mean a listed model', () => {
  const book = bookOf(
    row('openai', 'ft:gpt-4o-mini'),
    row('openai', 'gpt-4o'),
    row('openai', 'gpt-4o-2024-05-13', 5),
    row('openai', 'gpt-5-chat-latest'),
    row('anthropic', 'claude-sonnet-4-5'),
    row('gemini', 'gemini-2.0-flash'),
    row('together', 'Qwen/Qwen3-8B'),
    row('openrouter', 'openai/gpt-4o', 3),
    row('openrouter', 'qwen/qwen3-coder:free', 0),
    row('mistral', 'mistral-small-latest'),
  );
  const found = (provider: string, model: string): string | undefined =>
    book.find(provider, model)?.id;

  test('the id itself, with its rule id', () => {
    assert.equal(found('openai', 'gpt-4o'), 'openai/gpt-4o@2026-01-02');
  });

  test('dated ids: their own price where there is one, else that of the model', () => {
    assert.equal(book.find('openai', 'gpt-4o-2024-05-13')?.rates.input, 5);
    assert.equal(found('openai', 'gpt-4o-2024-08-06'), 'openai/gpt-4o@2026-01-02');
    assert.equal(
      found('anthropic', 'claude-sonnet-4-5-20250929'),
      'anthropic/claude-sonnet-4-5@2026-01-02',
    );
  });

  test('-latest', () => {
    assert.equal(found('openai', 'gpt-4o-latest'), 'openai/gpt-4o@2026-01-02');
    assert.equal(found('openai', 'gpt-5-chat-latest'), 'openai/gpt-5-chat-latest@2026-01-02');
  });

  test('[1m]', () => {
    assert.equal(
      found('anthropic', 'claude-sonnet-4-5[1m]'),
      'anthropic/claude-sonnet-4-5@2026-01-02',
    );
    assert.ok(found('anthropic', 'claude-sonnet-4-5-20250929[1m]'));
  });

  test('the own name of the provider before the id', () => {
    assert.equal(found('openai', 'openai/gpt-4o'), 'openai/gpt-4o@2026-01-02');
    assert.ok(found('gemini', 'google/gemini-2.0-flash'));
    assert.ok(found('gemini', 'models/gemini-2.0-flash'));
    assert.equal(
      found('openrouter', 'openrouter/openai/gpt-4o'),
      'openrouter/openai/gpt-4o@2026-01-02',
    );
  });

  test('letter case', () => {
    assert.ok(found('together', 'qwen/qwen3-8b'));
    assert.ok(found('OpenAI', 'GPT-4o'));
  });

  test("Gemini's version numbers", () => {
    assert.ok(found('gemini', 'gemini-2.0-flash-001'));
    assert.equal(found('openai', 'gpt-4o-001'), undefined);
  });

  test('fine-tuned models at the price of fine-tuned models', () => {
    const tuned = 'ft:gpt-4o-mini-2024-07-18:acme:bot:9Xyz';
    assert.equal(found('openai', tuned), 'openai/ft:gpt-4o-mini@2026-01-02');
    assert.equal(found('openai', 'ft:gpt-4o:acme::1'), undefined);
  });

  test('further names of providers', () => {
    assert.ok(found('google', 'gemini-2.0-flash'));
    assert.ok(found('togetherai', 'Qwen/Qwen3-8B'));
    assert.equal(book.modelsOf('google').length, 1);
  });

  test('anything else is unpriced, never 0 and never a guess', () => {
    for (const [provider, model] of [
      ['openai', 'gpt-4'],
      ['openai', 'gpt-4o-mini'],
      ['openai', 'gpt-4o-0806'],
      ['openai', 'gpt-4o-turbo'],
      ['openai', 'anthropic/claude-sonnet-4-5'],
      ['openai', ''],
      ['openai', '__proto__'],
      ['constructor', 'gpt-4o'],
      ['ollama', 'gpt-4o'],
      ['mistral', 'mistral-small'],
    ] as const) {
      assert.equal(found(provider, model), undefined, `${provider} ${model}`);
    }
  });

  test('bug 13: only what is listed as free is free', () => {
    const free = book.find('openrouter', 'qwen/qwen3-coder:free');
    assert.ok(free);
    assert.equal(costNano({ ...NO_TOKENS, input: 1000 }, free), 0);
    assert.equal(found('openrouter', 'openai/gpt-4o:free'), undefined);
    assert.equal(found('openrouter', 'qwen/qwen3-coder'), undefined);
  });

  test('listings', () => {
    assert.deepEqual(book.providersOf('gpt-4o'), ['openai']);
    assert.deepEqual(book.providersOf('openai/gpt-4o'), ['openai', 'openrouter']);
    assert.deepEqual(book.providersOf('nobody'), []);
    assert.deepEqual(book.modelsOf('nobody'), []);
    assert.equal(book.asOf, '2026-01-02');
    assert.equal(book.prices.length, 10);
  });
});

describe('the book that comes along', () => {
  const book = PriceBook.load();
  const rates = (provider: string, model: string): unknown => book.find(provider, model)?.rates;

  test('is read once', () => {
    assert.equal(PriceBook.load(), book);
  });

  test('holds what everybody knows', () => {
    assert.deepEqual(rates('openai', 'gpt-4o'), { input: 2.5, cacheRead: 1.25, output: 10 });
    assert.deepEqual(rates('openai', 'gpt-4o-mini'), {
      input: 0.15,
      cacheRead: 0.075,
      output: 0.6,
    });
    assert.deepEqual(rates('openai', 'gpt-3.5-turbo'), { input: 0.5, output: 1.5 });
    assert.deepEqual(rates('anthropic', 'claude-3-haiku-20240307'), {
      input: 0.25,
      cacheRead: 0.03,
      cacheWrite5m: 0.3,
      cacheWrite1h: 0.5,
      output: 1.25,
    });
    assert.deepEqual(rates('groq', 'llama-3.1-8b-instant'), { input: 0.05, output: 0.08 });
  });

  test('holds every model of the benchmark that has a price of its own', () => {
    for (const [provider, model] of [
      ['openai', 'gpt-4o-2024-05-13'],
      ['openai', 'gpt-4o-mini-2024-07-18'],
      ['openai', 'gpt-3.5-turbo-0125'],
      ['anthropic', 'claude-3-5-sonnet-20241022'],
      ['gemini', 'gemini-1.5-flash-002'],
      ['gemini', 'gemini-1.5-pro'],
      ['together', 'meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo'],
      ['together', 'meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo'],
      ['openai', 'text-embedding-3-small'],
      ['anthropic', 'claude-haiku-5-5'],
      ['deepseek', 'deepseek-flash'],
    ] as const) {
      assert.ok(book.find(provider, model), `${provider} ${model}`);
    }
  });

  test('bug 2: every Claude has its own rate for hour-long writes', () => {
    for (const model of book.modelsOf('anthropic')) {
      const rule = book.find('anthropic', model);
      assert.equal(rule?.rates.cacheWrite1h, Number((rule!.rates.input * 2).toFixed(6)), model);
      assert.equal(rule?.rates.cacheWrite5m !== undefined, true, model);
    }
  });

  test('bug 4: contexts that cost more', () => {
    const haiku = book.find('anthropic', 'claude-haiku-5-5');
    assert.ok(haiku);
    assert.equal(costNano({ ...NO_TOKENS, input: 100_000 }, haiku), 10_000_000);
    assert.equal(costNano({ ...NO_TOKENS, cacheRead: 100_001 }, haiku), 5_000_050);
    assert.equal(book.find('openai', 'gpt-6-luna')?.bands?.[0]?.abovePromptTokens, 272_000);
    // Its surcharge ended on 2026-03-13.
    assert.equal(book.find('anthropic', 'claude-sonnet-4-6')?.bands, undefined);
  });

  test('DeepSeek costs twice as much at peak', () => {
    const flash = book.find('deepseek', 'deepseek-flash');
    assert.ok(flash);
    const tokens = { ...NO_TOKENS, output: 1_000_000 };
    assert.equal(
      costNano(tokens, flash, { at: Date.parse('2026-11-24T07:00:00Z') }),
      1_200_000_000,
    );
    assert.equal(costNano(tokens, flash, { at: Date.parse('2026-11-24T12:00:00Z') }), 600_000_000);
  });

  test('bug 13: embeddings have no output rate to be charged', () => {
    for (const model of [
      'text-embedding-3-small',
      'text-embedding-3-large',
      'text-embedding-ada-002',
    ]) {
      const rule = book.find('openai', model);
      assert.equal(rule?.rates.output, 0);
      assert.equal(rule?.maxOutputTokens, undefined);
    }
  });

  test('every price has a source, a date, and arithmetic that works', () => {
    for (const { rule } of book.prices) {
      assert.match(rule.asOf, /^\d{4}-\d\d-\d\d$/);
      assert.ok(rule.source.length > 0);
      const cost = costNano({ ...NO_TOKENS, input: 1000, output: 1000, cacheWrite12h: 9 }, rule);
      assert.ok(cost !== undefined && cost >= 0);
    }
    const ids = new Set(book.prices.map(({ rule }) => rule.id));
    assert.equal(ids.size, book.prices.length);
  });
});
