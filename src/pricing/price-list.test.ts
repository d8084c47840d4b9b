import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { mergePrices } from '../../scripts/build-prices.ts';
import { type JsonObject, asString } from '../json.ts';
import { absurdities } from './lists/absurd.ts';
import { missingProviders, PROVIDERS, readModelsDev } from './lists/models-dev.ts';
import { parseList } from './lists/read-list.ts';
import {
  formatPriceList,
  type PriceList,
  type PriceRow,
  readPriceList,
  ruleId,
} from './price-list.ts';
import type { Rates } from './price-rule.ts';

const TEXT = { input: ['text'], output: ['text'] };

/** A list with these models at one provider and none at the others. */
function listOf(provider: string, ...models: JsonObject[]): JsonObject {
  const empty = Object.keys(PROVIDERS).map((name) => [name, { models: {} }] as const);
  const filled = models.map((model) => [
    asString(model['id']) ?? '',
    { last_updated: '2026-06-30', modalities: TEXT, ...model },
  ]);
  return { ...Object.fromEntries(empty), [provider]: { models: Object.fromEntries(filled) } };
}

const only = (list: JsonObject): PriceRow | undefined => readModelsDev(list).rows[0];
const row = (model: string, rates: Rates, more: Partial<PriceRow> = {}): PriceRow => ({
  provider: 'openai',
  model,
  rates,
  source: 'test',
  asOf: '2026-01-01',
  ...more,
});

describe('reading the public list', () => {
  test('rates, limits, bands', () => {
    const model = {
      id: 'grok-4.3',
      cost: {
        input: 1.25,
        output: 2.5,
        cache_read: 0.2,
        tiers: [
          { input: 5, output: 10, tier: { size: 400_000 } },
          { input: 2.5, output: 5, cache_read: 0.4, tier: { size: 200_000, type: 'context' } },
        ],
      },
      limit: { context: 1_000_000, output: 30_000 },
    };
    assert.deepEqual(only(listOf('xai', model)), {
      provider: 'xai',
      model: 'grok-4.3',
      rates: { input: 1.25, output: 2.5, cacheRead: 0.2 },
      bands: [
        { abovePromptTokens: 200_000, rates: { input: 2.5, output: 5, cacheRead: 0.4 } },
        { abovePromptTokens: 400_000, rates: { input: 5, output: 10 } },
      ],
      source: 'models.dev',
      asOf: '2026-06-30',
      maxOutputTokens: 30_000,
      contextTokens: 1_000_000,
    });
  });

  test("bug 2: the one write rate is Anthropic's for 5 minutes, OpenAI's for 30", () => {
    const cost = { input: 3, output: 15, cache_read: 0.3, cache_write: 3.75 };
    const claude = { cacheRead: 0.3, cacheWrite5m: 3.75, cacheWrite1h: 6 };
    assert.deepEqual(only(listOf('anthropic', { id: 'claude', cost }))?.rates, {
      input: 3,
      output: 15,
      ...claude,
    });
    assert.equal(only(listOf('openrouter', { id: 'anthropic/c', cost }))?.rates.cacheWrite1h, 6);
    assert.equal(only(listOf('openrouter', { id: 'qwen/q', cost }))?.rates.cacheWrite1h, undefined);
    assert.deepEqual(only(listOf('openai', { id: 'gpt', cost }))?.rates, {
      input: 3,
      output: 15,
      cacheRead: 0.3,
      cacheWrite30m: 3.75,
    });
  });

  test('a cache that reads for nothing or writes below the input rate is of unknown price', () => {
    const cost = { input: 2, output: 4, cache_read: 0, cache_write: 0.083_333 };
    assert.deepEqual(only(listOf('openrouter', { id: 'm', cost }))?.rates, { input: 2, output: 4 });
  });

  test('bug 13: a free model is free because the list says so, one without a price is left out', () => {
    const free = only(listOf('openrouter', { id: 'm:free', cost: { input: 0, output: 0 } }));
    assert.deepEqual(free?.rates, { input: 0, output: 0 });
    const { rows, skipped } = readModelsDev(listOf('openrouter', { id: 'm:free' }));
    assert.deepEqual(rows, []);
    assert.deepEqual(skipped, [{ name: 'openrouter/m:free', reason: 'no price' }]);
  });

  test('what one output rate cannot price is left out', () => {
    const cost = { input: 1, output: 30 };
    for (const output of [
      ['image'],
      ['text', 'image'],
      ['text', 'video'],
      ['text', 'audio'],
      ['audio'],
    ]) {
      const model = { id: 'm', cost, modalities: { input: ['text'], output } };
      assert.deepEqual(readModelsDev(listOf('openai', model)).rows, [], output.join());
    }
    const spoken = {
      id: 'm',
      cost: { ...cost, output_audio: 60 },
      modalities: { output: ['text', 'audio'] },
    };
    assert.equal(only(listOf('openai', spoken))?.rates.outputAudio, 60);
  });

  test("an embedding model's vector length is no limit on output", () => {
    const model = {
      id: 'e',
      cost: { input: 0.02, output: 0 },
      limit: { context: 8191, output: 1536 },
    };
    const read = only(listOf('openai', model));
    assert.equal(read?.maxOutputTokens, undefined);
    assert.equal(read?.contextTokens, 8191);
  });

  test('ids as the API has them', () => {
    const model = { id: 'qwen2-5-7b-instruct', cost: { input: 1, output: 1 } };
    assert.equal(only(listOf('alibaba', model))?.model, 'qwen2.5-7b-instruct');
  });

  test('a list without a provider that is expected is told, one without any is refused', () => {
    const { xai: _, ...rest } = listOf('openai');
    assert.deepEqual(missingProviders(rest), ['xai']);
    assert.deepEqual(missingProviders(listOf('openai')), []);
    assert.throws(() => readModelsDev({ models: {} }), /no list of models\.dev/);
  });

  test('gzipped or plain', () => {
    const text = Buffer.from('{"a":1}');
    assert.deepEqual(parseList(text), { a: 1 });
    assert.deepEqual(parseList(gzipSync(text)), { a: 1 });
    assert.throws(() => parseList(Buffer.from('[]')), /no JSON object/);
    assert.throws(() => parseList(Buffer.from('<html>')), SyntaxError);
  });
});

describe('absurd prices', () => {
  const problems = (rates: Rates, more: Partial<PriceRow> = {}): string =>
    absurdities([row('m', rates, more)]).join('\n');

  test('are named', () => {
    assert.equal(problems({ input: 2.5, output: 10 }), '');
    assert.equal(problems({ input: 0, output: 0 }), '');
    assert.equal(problems({ input: 150, output: 600 }), '');
    assert.match(problems({ input: -1, output: 10 }), /openai\/m: input is negative: -1/);
    assert.match(problems({ input: 1, output: NaN }), /output is no number/);
    assert.match(problems({ input: 1, output: 2500 }), /output is above \$2000/);
    assert.match(problems({ input: 1, output: 1 }, { asOf: 'today' }), /no date: "today"/);
    assert.match(problems({ input: 1, output: 1 }, { source: '' }), /no source/);
  });

  test('bug 12: a price per token, not per 1M', () => {
    assert.match(problems({ input: 2.5e-6, output: 1e-5 }), /looks like a price per token/);
    assert.match(problems({ input: 1.5e-4, output: 6e-4 }), /looks like a price per token/);
    assert.match(problems({ input: 1, output: 1, cacheRead: 1e-7 }), /cacheRead is 1e-7/);
  });

  test('in bands and windows too, but not both at once', () => {
    const rates = { input: 1, output: 1 };
    const bands = [{ abovePromptTokens: 1, rates: { input: -1, output: 1 } }];
    const windows = [
      { utcDays: [1], fromMinute: 0, toMinute: 60, rates: { input: 1, output: 9999 } },
    ];
    assert.match(problems(rates, { bands }), /negative/);
    assert.match(problems(rates, { windows }), /above/);
    assert.match(problems(rates, { bands, windows }), /bands and windows/);
  });

  test('names that differ only in letter case', () => {
    const rates = { input: 1, output: 1 };
    assert.deepEqual(absurdities([row('A', rates), row('a', rates)]), [
      'openai/a is listed twice.',
    ]);
  });

  test('refuse the whole list', () => {
    const list = readModelsDev(listOf('openai', { id: 'm', cost: { input: 1e-6, output: 1e-6 } }));
    assert.throws(() => mergePrices(list, [], '2026-01-01'), /refused:\n {2}openai\/m: input/);
    const good = readModelsDev(listOf('openai'));
    assert.throws(() => mergePrices(good, [row('m', { input: -1, output: 1 })], ''), /refused/);
  });
});

describe('the merged list', () => {
  const list = readModelsDev(
    listOf(
      'openai',
      { id: 'b', cost: { input: 9, output: 9 }, limit: { context: 100, output: 10 } },
      { id: 'C', cost: { input: 1, output: 1 } },
    ),
  );
  const merged = mergePrices(
    list,
    [row('b', { input: 2, output: 3 }), row('a', { input: 1, output: 1 })],
    '2026-07-02',
  );

  test('the overlay wins and keeps the limits that it does not name', () => {
    assert.deepEqual(merged.rows, [
      row('a', { input: 1, output: 1 }),
      row('b', { input: 2, output: 3 }, { maxOutputTokens: 10, contextTokens: 100 }),
      { ...row('C', { input: 1, output: 1 }), source: 'models.dev', asOf: '2026-06-30' },
    ]);
    assert.equal(merged._source.asOf, '2026-07-02');
  });

  test('one row a line, the same whoever wrote it', () => {
    const text = formatPriceList(merged);
    assert.deepEqual(JSON.parse(text), merged);
    const lines = text.trimEnd().split('\n');
    assert.equal(lines.length, 3 + merged.rows.length + 2);
    const shuffled = merged.rows.map((of) => Object.fromEntries(Object.entries(of).toReversed()));
    assert.equal(formatPriceList({ ...merged, rows: shuffled as unknown as PriceRow[] }), text);
  });
});

describe('the list that comes along', () => {
  const text = readFileSync(new URL('./price-list.json', import.meta.url), 'utf8');
  const list: PriceList = readPriceList();

  test('is as the script writes it', () => {
    assert.equal(formatPriceList(list), text);
    assert.deepEqual(absurdities(list.rows), []);
  });

  test('names its source and its licence', () => {
    assert.match(list._source.list, /models\.dev/);
    assert.match(list._source.license, /^MIT License\. Copyright .* Permission is hereby granted/);
  });

  test('has every row of the overlay, unchanged', () => {
    const overlay = JSON.parse(
      readFileSync(new URL('./overlay.json', import.meta.url), 'utf8'),
    ) as { readonly rows: readonly PriceRow[] };
    assert.ok(overlay.rows.length >= 60);
    for (const of of overlay.rows) {
      const listed = list.rows.find((at) => ruleId(at) === ruleId(of));
      assert.deepEqual({ ...listed, ...of }, listed, of.model);
    }
  });
});
