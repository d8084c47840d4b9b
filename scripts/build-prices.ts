/**
 * Builds `src/pricing/price-list.json` from the public list of models.dev and our own overlay.
 *
 *     node scripts/build-prices.ts                       fetches https://models.dev/api.json
 *     node scripts/build-prices.ts api.json.gz --as-of 2026-07-02
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { type Json, type JsonObject, isObject } from '../src/json.ts';
import type { PriceList, PriceRow } from '../src/pricing/price-list.ts';
import { absurdities } from './prices/absurd.ts';
import { type ReadList, readModelsDev } from './prices/models-dev.ts';

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
  const rows = new Map(list.rows.map((row) => [keyOf(row), row]));
  for (const row of overlay) {
    const listed = rows.get(keyOf(row));
    rows.set(keyOf(row), { ...limitsOf(listed), ...row });
  }
  return {
    _source: {
      list: 'models.dev (https://models.dev, https://github.com/anomalyco/models.dev)',
      license: LICENSE,
      asOf,
      overlay: 'rows with another source than models.dev come from overlay.json',
    },
    rows: [...rows.values()].toSorted((a, b) => compare(keyOf(a), keyOf(b))),
  };
}

function limitsOf(row: PriceRow | undefined): Partial<PriceRow> {
  const { maxOutputTokens, contextTokens } = row ?? {};
  return {
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(contextTokens === undefined ? {} : { contextTokens }),
  };
}

function keyOf({ provider, model }: PriceRow): string {
  return `${provider}\n${model.toLowerCase()}`;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** JSON with one row a line, so that a changed price is a changed line. */
export function formatPriceList({ _source, rows }: PriceList): string {
  const lines = rows.map((row) => JSON.stringify(inOrder(row)));
  return `{\n"_source": ${JSON.stringify(_source)},\n"rows": [\n${lines.join(',\n')}\n]\n}\n`;
}

/** The same fields in the same order, whoever wrote the row. */
function inOrder(row: PriceRow): PriceRow {
  const { provider, model, rates, bands, windows, source, asOf, maxOutputTokens, contextTokens } =
    row;
  // JSON leaves out what is undefined.
  return {
    provider,
    model,
    rates,
    bands,
    windows,
    source,
    asOf,
    maxOutputTokens,
    contextTokens,
  } as PriceRow;
}

/** A list from a file, gzipped or plain. Throws where the file is no JSON object. */
export function parseList(bytes: Buffer): JsonObject {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const value = JSON.parse((isGzip ? gunzipSync(bytes) : bytes).toString('utf8')) as Json;
  if (!isObject(value)) throw new Error('The price list is no JSON object.');
  return value;
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
  const list = readModelsDev(
    parseList(file === undefined ? await fetchList() : readFileSync(file)),
    asOf,
  );
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
