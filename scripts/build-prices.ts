/**
 * Builds `src/pricing/price-list.json` from the public list of models.dev and our own overlay.
 *
 *     node scripts/build-prices.ts                       fetches https://models.dev/api.json
 *     node scripts/build-prices.ts api.json.gz --as-of 2026-07-02
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { absurdities } from '../src/pricing/lists/absurd.ts';
import { missingProviders, readModelsDev } from '../src/pricing/lists/models-dev.ts';
import { parseList, type ReadList } from '../src/pricing/lists/read-list.ts';
import {
  formatPriceList,
  type PriceList,
  type PriceRow,
  rowKey,
  sortRows,
} from '../src/pricing/price-list.ts';

const ADDRESS = 'https://models.dev/api.json';
const FETCH_TIMEOUT_MS = 60_000;
/** The list's licence asks that it goes with every copy. */
const LICENSE = [
  'MIT License. Copyright (c) 2025 spin.dev.',
  'Permission is hereby granted, free of charge, to any person obtaining a copy of this software and',
  'associated documentation files (the "Software"), to deal in the Software without restriction, including',
  'without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell',
  'copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the',
  'following conditions: The above copyright notice and this permission notice shall be included in all',
  'copies or substantial portions of the Software. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY',
  'KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A',
  'PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR',
  'ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,',
  'OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.',
].join(' ');
const PRICING = join(import.meta.dirname, '../src/pricing');

/**
 * Public rows and overlay as one sorted list. The overlay wins; limits that it leaves out are taken from
 * the public row. Throws an Error that names every price that cannot be right.
 */
export function mergePrices(list: ReadList, overlay: readonly PriceRow[], asOf: string): PriceList {
  const problems = absurdities(list.rows).concat(absurdities(overlay));
  if (problems.length > 0) {
    throw new Error(`The prices were refused:\n${problems.map((line) => `  ${line}`).join('\n')}`);
  }
  const listed = new Map(list.rows.map((row) => [rowKey(row), row]));
  const ours = new Set(overlay.map(rowKey));
  const rows = [
    ...list.rows.filter((row) => !ours.has(rowKey(row))),
    ...overlay.map((row) => ({ ...limitsOf(listed.get(rowKey(row))), ...row })),
  ];
  return {
    _source: {
      list: 'models.dev (https://models.dev, https://github.com/anomalyco/models.dev)',
      license: LICENSE,
      asOf,
      overlay: 'rows with another source than models.dev come from overlay.json',
    },
    rows: sortRows(rows),
  };
}

function limitsOf(row: PriceRow | undefined): Partial<PriceRow> {
  const { maxOutputTokens, contextTokens } = row ?? {};
  return {
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(contextTokens === undefined ? {} : { contextTokens }),
  };
}

async function fetchList(): Promise<Buffer> {
  const response = await fetch(ADDRESS, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${ADDRESS} answered with status ${response.status}.`);
  return Buffer.from(await response.arrayBuffer());
}

async function build(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'as-of': { type: 'string' } },
  });
  const [file] = positionals;
  const today = new Date().toISOString().slice(0, 10);
  // A file may be of any age; its youngest entry is the latest day of which it is evidence.
  const asOf = values['as-of'] ?? (file === undefined ? today : undefined);
  const parsed = parseList(file === undefined ? await fetchList() : readFileSync(file));
  const missing = missingProviders(parsed);
  if (missing.length > 0) throw new Error(`The list has no models of ${missing.join(', ')}.`);
  const list = readModelsDev(parsed, asOf);
  const overlay = JSON.parse(readFileSync(join(PRICING, 'overlay.json'), 'utf8')) as {
    readonly rows: readonly PriceRow[];
  };
  const merged = mergePrices(list, overlay.rows, asOf ?? list.youngest);
  writeFileSync(join(PRICING, 'price-list.json'), formatPriceList(merged));
  const reasons = Map.groupBy(list.skipped, ({ reason }) => reason);
  console.log(`${merged.rows.length} prices, ${overlay.rows.length} of them from the overlay.`);
  for (const [reason, left] of reasons) {
    console.log(`Left out, ${reason}: ${left.map(({ name }) => name).join(', ')}`);
  }
}

if (import.meta.main) {
  try {
    await build();
  } catch (thrown) {
    console.error(thrown instanceof Error ? thrown.message : thrown);
    process.exitCode = 1;
  }
}
