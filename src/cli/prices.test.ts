import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isFarthingError } from '../errors.ts';
import { PriceBook } from '../pricing/price-book.ts';
import { findPrices } from './prices.ts';
import { pricesAsJson, renderPrices } from './prices-table.ts';

const book = PriceBook.load();
const WHEN = { now: Date.parse('2026-12-04T12:00:00Z'), maxAgeMs: 90 * 86_400_000 };
const ids = (query: Parameters<typeof findPrices>[1]): string[] =>
  findPrices(book, query).map(({ provider, model }) => `${provider}:${model}`);

function failure(query: Parameters<typeof findPrices>[1]): { code: string; message: string } {
  try {
    findPrices(book, query);
  } catch (error) {
    if (isFarthingError(error)) return error;
    throw error;
  }
  return assert.fail('nothing was thrown');
}

describe('which prices', () => {
  test('all of them, or a provider', () => {
    assert.equal(findPrices(book, {}).length, book.prices.length);
    assert.deepEqual(
      [...new Set(findPrices(book, { provider: 'DeepSeek' }).map(({ model }) => model))],
      book.modelsOf('deepseek'),
    );
    assert.equal(ids({ provider: 'google' }).length, book.modelsOf('gemini').length);
  });

  test('a model at every provider that has it', () => {
    assert.deepEqual(ids({ model: 'gpt-4o' }), ['openai:gpt-4o', 'openrouter:openai/gpt-4o']);
    assert.deepEqual(ids({ model: 'gpt-4o', provider: 'openai' }), ['openai:gpt-4o']);
    assert.deepEqual(ids({ model: 'gpt-4o-mini-2024-07-18', provider: 'openai' }), [
      'openai:gpt-4o-mini',
    ]);
  });

  test('an unknown model fails with what is near', () => {
    const { code, message } = failure({ model: 'gpt4-o-mni' });
    assert.equal(code, 'model_not_found');
    assert.match(message, /"gpt4-o-mni" has no known price\. Near it are gpt-4o-mini/);
    assert.match(failure({ model: 'haiku', provider: 'anthropic' }).message, /claude-haiku-4-5/);
    assert.match(
      failure({ model: 'zzzzzzzz' }).message,
      /no known price\. Set one in farthing\.yaml/,
    );
  });

  test('an unknown provider fails with the known ones', () => {
    const { code, message } = failure({ provider: 'opnai' });
    assert.equal(code, 'invalid_value');
    assert.match(message, /Did you mean "openai"\? Known are alibaba, anthropic/);
  });
});

describe('the table', () => {
  test('tells rates, bands, source and age', () => {
    const table = renderPrices(findPrices(book, { model: 'claude-haiku-5-5' }), WHEN);
    const [head, , line] = table.split('\n');
    assert.match(
      head ?? '',
      /^model +provider +input +cache read +cache write +output +other rates/,
    );
    assert.match(
      line ?? '',
      /^claude-haiku-5-5 +anthropic +0\.10 +0\.01 +0\.125 5m, 0\.20 1h +0\.50/,
    );
    assert.match(line ?? '', /over 100K: 0\.50 \/ 2\.50; .* 10 d$/);
  });

  test('tells rates that are not published from those that are', () => {
    const table = renderPrices(
      findPrices(book, { model: 'gpt-3.5-turbo', provider: 'openai' }),
      WHEN,
    );
    assert.match(table, /0\.50 +\(0\.50\) +\(0\.50\) +1\.50/);
  });

  test('tells hours', () => {
    const table = renderPrices(findPrices(book, { model: 'deepseek-flash' }), WHEN);
    assert.match(table, /Mon-Fri 01:00-04:00 UTC: 0\.30 \/ 1\.20; Mon-Fri 06:00-10:00 UTC/);
  });
});

describe('the dimensions of a price', () => {
  const table = (query: Parameters<typeof findPrices>[1]): string =>
    renderPrices(findPrices(book, query), WHEN);

  test('tiers, regions and fees', () => {
    assert.match(
      table({ model: 'gpt-4o', provider: 'openai' }),
      /batch ×0\.5; flex ×0\.5; priority ×1\.7/,
    );
    assert.match(table({ model: 'gpt-4o-mini', provider: 'openai' }), /priority 0\.25 \/ 1\.00/);
    assert.match(
      table({ model: 'claude-opus-5', provider: 'anthropic' }),
      /batch ×0\.5; fast ×2; region us ×1\.1; \$0\.01 a search/,
    );
  });

  test('dates, of which only the one in force can be old', () => {
    const all = table({ model: 'deepseek-v4-flash', provider: 'deepseek' });
    assert.match(all, /0\.14 .* until 2026-08-16T16:00Z/);
    assert.match(all, /0\.22 .* from 2026-08-16T16:00Z; until 2026-09-10; Mon-Fri/);
    assert.match(all, /0\.15 .* from 2026-09-10; Mon-Fri/);
    const year = { now: Date.parse('2027-12-04'), maxAgeMs: WHEN.maxAgeMs };
    const flagged = pricesAsJson(
      findPrices(book, { model: 'deepseek-v4-flash', provider: 'deepseek' }),
      year,
    ) as { stale: boolean }[];
    assert.deepEqual(
      flagged.map(({ stale }) => stale),
      [false, false, true],
    );
  });

  test('age, with a mark above the limit', () => {
    const prices = findPrices(book, { model: 'gpt-4o' });
    assert.match(renderPrices(prices, WHEN), / 155 d !\n/);
    assert.match(renderPrices(prices, WHEN), /\n1 of 2 are older than 90 days \(!\)/);
    const patient = renderPrices(prices, { ...WHEN, maxAgeMs: 155.5 * 86_400_000 });
    assert.doesNotMatch(patient, /!/);
  });

  test('as JSON', () => {
    const [opus] = pricesAsJson(
      findPrices(book, { model: 'claude-opus-5', provider: 'anthropic' }),
      WHEN,
    );
    const { tiers, regions, usd_per_search: search, from, stale } = opus as Record<string, unknown>;
    assert.deepEqual(tiers, { batch: { factor: 0.5 }, fast: { factor: 2 } });
    assert.deepEqual(
      { regions, search, from, stale },
      {
        regions: { us: 1.1 },
        search: 0.01,
        from: null,
        stale: false,
      },
    );
  });
});

describe('the command', () => {
  const run = promisify(execFile);
  const farthing = (...words: string[]): ReturnType<typeof run> =>
    run(process.execPath, [new URL('./bin.ts', import.meta.url).pathname, 'prices', ...words]);

  test('--json is one document and nothing else', async () => {
    const { stdout, stderr } = await farthing('gpt-4o', '--provider', 'openai', '--json');
    const { as_of: asOf, prices } = JSON.parse(String(stdout)) as {
      as_of: string;
      prices: { usd_per_1m_tokens: Record<string, number>; age_days: number; rule: string }[];
    };
    assert.equal(asOf, book.asOf);
    assert.equal(prices.length, 1);
    assert.equal(prices[0]?.usd_per_1m_tokens['cache_read'], 1.25);
    assert.equal(prices[0]?.usd_per_1m_tokens['cache_write_1h'], 2.5);
    assert.match(prices[0]?.rule ?? '', /^openai\/gpt-4o@\d{4}-\d\d-\d\d$/);
    assert.ok((prices[0]?.age_days ?? -1) >= 0);
    assert.equal(stderr, '');
  });

  test('an unknown model exits with 1, tells it on standard error only', async () => {
    await assert.rejects(farthing('gpt4oo', '--json'), (error: unknown) => {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      assert.equal(code, 1);
      assert.equal(stdout, '');
      assert.match(stderr, /^"gpt4oo" has no known price\. Near it are gpt-4o\./);
      return true;
    });
  });
});
