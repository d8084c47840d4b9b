import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PriceBook } from '../pricing/price-book.ts';
import { PriceLookup } from '../pricing/price-lookup.ts';
import type { PriceRow } from '../pricing/price-list.ts';
import { loadConfig, loadPriceSettings, parseConfig } from './load.ts';
import { priceWarnings } from './price-warnings.ts';

const DAY_MS = 86_400_000;
const row: PriceRow = {
  provider: 'openai',
  model: 'gpt-next',
  rates: { input: 1, output: 2 },
  source: 'test',
  asOf: '2026-11-01',
  maxOutputTokens: 777,
};
const list = (...rows: PriceRow[]): string => JSON.stringify({ rows });

async function inFolder(run: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'farthing-config-'));
  try {
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function write(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return join(folder, 'farthing.yaml');
}

describe('prices and price-max-age', () => {
  test('the price file stands beside the configuration, 90 days are the greatest age', async () => {
    await inFolder((folder) => {
      const path = write(folder, { 'farthing.yaml': 'providers: { openai: {} }' });
      assert.deepEqual(loadPriceSettings({ path, environment: {} }), {
        priceFile: join(folder, 'farthing-prices.json'),
        priceMaxAgeMs: 90 * DAY_MS,
      });
      assert.deepEqual(
        loadPriceSettings({ directory: folder, environment: {} }).priceFile,
        join(folder, 'farthing-prices.json'),
      );
    });
  });

  test('both may be set', async () => {
    const text = 'prices: lists/${NAME}.json\nprice-max-age: 2d';
    await inFolder(async (folder) => {
      const path = write(folder, { 'farthing.yaml': text });
      const environment = { NAME: 'ours' };
      const settings = { priceFile: join(folder, 'lists/ours.json'), priceMaxAgeMs: 2 * DAY_MS };
      assert.deepEqual(loadPriceSettings({ path, environment }), settings);
      const { config, warnings } = await loadConfig({ path, environment });
      assert.deepEqual(
        { priceFile: config?.priceFile, priceMaxAgeMs: config?.priceMaxAgeMs },
        settings,
      );
      assert.match(warnings.join(), /farthing\.yaml:1: prices: .*ours\.json is not there/);
    });
    await assert.rejects(parseConfig('price-max-age: often'), /price-max-age: must be a duration/);
  });

  test('are read whatever else is wrong, and are told where they are wrong themselves', async () => {
    await inFolder((folder) => {
      const path = write(folder, { 'farthing.yaml': 'reference: nobody\nprices: ./p.json' });
      assert.equal(loadPriceSettings({ path, environment: {} }).priceFile, join(folder, 'p.json'));
      write(folder, { 'farthing.yaml': 'prices: 3' });
      assert.throws(() => loadPriceSettings({ path, environment: {} }), /:1: prices: /);
      write(folder, { 'farthing.yaml': 'prices: [' });
      assert.throws(() => loadPriceSettings({ path, environment: {} }), /farthing\.yaml:1/);
    });
  });
});

describe('the configuration with a price file', () => {
  const yaml = 'providers: { openai: {} }\nmodels: { gpt-next: { provider: openai } }';

  test('knows the models that the file lists', async () => {
    await inFolder(async (folder) => {
      const path = write(folder, {
        'farthing.yaml': `${yaml}\nreference: gpt-next`,
        'farthing-prices.json': list(row),
      });
      const { config } = await loadConfig({ path, environment: {} });
      assert.equal(config?.models.get('gpt-next')?.maxOutputTokens, 777);
    });
  });

  test("a user's own price wins over the file", async () => {
    await inFolder(async (folder) => {
      const path = write(folder, {
        'farthing.yaml':
          'providers: { openai: {} }\nmodels: { gpt-next: { provider: openai, price: { input: 3, output: 4 } } }',
        'farthing-prices.json': list(row),
      });
      const { config } = await loadConfig({ path, environment: {} });
      const model = config?.models.get('gpt-next');
      assert.ok(config && model);
      const prices = new PriceLookup(PriceBook.load(config.priceFile));
      assert.equal(prices.usual(model, Date.now())?.rates.input, 3);
    });
  });

  test('refuses a file that is wrong', async () => {
    await inFolder(async (folder) => {
      const path = write(folder, {
        'farthing.yaml': `${yaml}\nprices: ./mine.json`,
        'mine.json': list({ ...row, rates: { input: 1e-6, output: 2e-6 } }),
      });
      await assert.rejects(loadConfig({ path, environment: {} }), {
        code: 'invalid_config',
        message: /farthing\.yaml:3: prices: The price file .*mine\.json is wrong: .*per token/,
      });
    });
  });
});

test('doubts about prices: unpriced, stale, to be taken down; never about an own price', async () => {
  await inFolder(async (folder) => {
    const path = write(folder, {
      'farthing.yaml': `
providers: { openai: {}, ollama: {} }
models:
  gpt-next: { provider: openai }
  gone: { provider: openai }
  llama: { provider: [ollama, openai] }
  own: { provider: ollama, price: { input: 1, output: 1 } }
`,
      'farthing-prices.json': list(row, { ...row, model: 'gone', retiresOn: '2026-11-10' }),
    });
    const { config } = await loadConfig({ path, environment: {} });
    assert.ok(config);
    const prices = new PriceLookup(PriceBook.load(config.priceFile));
    const told = (at: string): readonly string[] => priceWarnings(config, prices, Date.parse(at));
    const unpriced = ['ollama', 'openai'].map(
      (at) => `models.llama at ${at} is unpriced: what it costs is in no sum; give it a price`,
    );
    assert.deepEqual(told('2026-11-09'), unpriced);
    assert.deepEqual(told('2026-11-10'), [
      'models.gone at openai was to be taken down on 2026-11-10',
      ...unpriced,
    ]);
    const late = told('2027-11-01');
    assert.equal(
      late.filter((line) => line.includes('read 365 days ago (test, 2026-11-01)')).length,
      2,
    );
    assert.doesNotMatch(late.join(), /models\.own/);
  });
});
