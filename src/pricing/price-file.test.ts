import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFarthingError } from '../errors.ts';
import { PriceBook } from './price-book.ts';
import { readPriceFile, writePriceFile } from './price-file.ts';
import type { PriceRow } from './price-list.ts';

const row: PriceRow = {
  provider: 'openai',
  model: 'gpt-4o',
  from: '2099-01-01',
  rates: { input: 2, output: 8 },
  tiers: { priority: { rates: { input: 4, output: 16 } } },
  fees: { request: 0.01 },
  source: 'test',
  asOf: '2099-01-01',
};

function inFolder(run: (path: string, folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'farthing-prices-'));
  try {
    run(join(folder, 'prices.json'), folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function failure(run: () => unknown): { readonly code: string; readonly message: string } {
  try {
    run();
  } catch (error) {
    if (isFarthingError(error)) return error;
    throw error;
  }
  return assert.fail('nothing was thrown');
}

describe('the price file', () => {
  test('reads back as it was written, and leaves no draft', () => {
    inFolder((path, folder) => {
      writePriceFile(path, [row]);
      assert.deepEqual(readPriceFile(path)?.rows, [row]);
      writePriceFile(path, [{ ...row, rates: { input: 3, output: 8 } }]);
      assert.equal(readPriceFile(path)?.rows[0]?.rates.input, 3);
      assert.deepEqual(readdirSync(folder), ['prices.json']);
    });
  });

  test('that cannot be written leaves the old one', () => {
    inFolder((path, folder) => {
      writePriceFile(path, [row]);
      const before = readFileSync(path, 'utf8');
      const missing = join(folder, 'nowhere', 'prices.json');
      assert.equal(failure(() => writePriceFile(missing, [])).code, 'invalid_value');
      assert.equal(readFileSync(path, 'utf8'), before);
    });
  });

  test('that is not there is none', () => {
    inFolder((path) => {
      assert.equal(readPriceFile(path), undefined);
      assert.equal(PriceBook.load(path), PriceBook.load());
    });
  });

  test('wins in the book where it is younger', () => {
    inFolder((path) => {
      const { from: _, ...always } = row;
      writePriceFile(path, [always, { ...always, model: 'gpt-4o-mini', asOf: '2020-01-01' }]);
      const book = PriceBook.load(path);
      assert.equal(book.find('openai', 'gpt-4o')?.rates.input, 2);
      assert.equal(book.find('openai', 'gpt-4o-mini')?.rates.input, 0.15);
      assert.equal(PriceBook.load().find('openai', 'gpt-4o')?.rates.input, 2.5);
    });
  });

  test('that is wrong is an error that names the place', () => {
    const cases: [unknown, RegExp][] = [
      ['{', /is wrong: .*JSON/],
      [{ rows: 1 }, /rows: /],
      [{ rows: [{ ...row, rates: { input: 'x', output: 1 } }] }, /rows\[0\]\.rates\.input/],
      [{ rows: [{ ...row, rates: { input: -1, output: 1 } }] }, /rows\[0\]\.rates\.input/],
      [{ rows: [{ ...row, rates: { input: 2.5e-6, output: 1e-5 } }] }, /price per token/],
      [{ rows: [{ ...row, tier: {} }] }, /rows\[0\]: Unrecognized key: "tier"/],
      [{ rows: [{ ...row, tiers: { flex: {} } }] }, /a factor or rates/],
      [{ rows: [{ ...row, from: 'soon' }] }, /rows\[0\]\.from: must be a date/],
      [{ rows: [{ ...row, asOf: undefined }] }, /has no date/],
      [{ rows: [row, row] }, /listed twice/],
      [
        {
          rows: [
            { ...row, from: '2026-01-01', until: '2026-03-01' },
            { ...row, from: '2026-02-01' },
          ],
        },
        /two prices at 2026-02-01/,
      ],
      [{ rows: [{ ...row, until: '2098-01-01' }] }, /ends \(2098-01-01\) before it begins/],
      [{ rows: [{ ...row, tiers: { flex: { factor: 200 } } }] }, /no factor between/],
      [{ rows: [{ ...row, fees: { request: 50 } }] }, /no fee in USD/],
    ];
    inFolder((path) => {
      for (const [content, message] of cases) {
        writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
        const error = failure(() => PriceBook.load(path));
        assert.equal(error.code, 'invalid_config');
        assert.match(error.message, message);
        assert.ok(error.message.includes(path));
      }
    });
  });
});
