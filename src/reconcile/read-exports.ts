/**
 * Which reader understands a file: told by what is in it, never by its name.
 *
 * @module
 */
import { FarthingError } from '../errors.ts';
import { anthropicCosts } from './anthropic-costs.ts';
import { anthropicUsage } from './anthropic-usage.ts';
import { parseCsv } from './csv.ts';
import { deepSeekAmount } from './deepseek-amount.ts';
import { deepSeekCost } from './deepseek-cost.ts';
import { ExportRow } from './export-row.ts';
import { parsePages } from './json-pages.ts';
import { openaiCosts } from './openai-costs.ts';
import { openaiUsageCsv } from './openai-usage-csv.ts';
import { openaiUsage } from './openai-usage.ts';
import { openRouterActivityCsv } from './openrouter-activity-csv.ts';
import { openRouterActivity } from './openrouter-activity.ts';
import type { CsvReader, JsonReader, ProviderExport } from './provider-day.ts';
import { isZip, readZip } from './zip.ts';

/** The first that recognises a page reads it. */
const JSON_READERS: readonly JsonReader[] = [
  openaiCosts,
  openaiUsage,
  anthropicCosts,
  anthropicUsage,
  openRouterActivity,
];

const CSV_READERS: readonly CsvReader[] = [
  openaiUsageCsv,
  openRouterActivityCsv,
  deepSeekAmount,
  deepSeekCost,
];

/** A file as it was read from the disk. */
export interface ExportFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * Reads one file: JSON pages of one or several formats, a CSV file, or a ZIP archive of such. Throws
 * `invalid_value` for what is none of the formats, naming them all, and for malformed fields.
 */
export function readExports({ name, bytes }: ExportFile): ProviderExport[] {
  if (isZip(bytes)) {
    const entries = readZip(bytes, name).filter((entry) => /\.(?:csv|json)$/i.test(entry.name));
    if (entries.length === 0) throw unknownFormat(name);
    return entries.flatMap((entry) =>
      readExports({ name: `${name}/${entry.name}`, bytes: entry.bytes }),
    );
  }
  const text = bytes.toString('utf8');
  return /^\uFEFF?\s*[[{]/.test(text) ? readJson(text, name) : [readCsv(text, name)];
}

function readJson(text: string, file: string): ProviderExport[] {
  const pages = parsePages(text);
  if (pages === undefined) {
    throw new FarthingError('invalid_value', `${file} looks like JSON but is none.`);
  }
  const byReader = Map.groupBy(
    pages.map((page) => new ExportRow(file, page)),
    (page) => JSON_READERS.find((reader) => reader.recognises(page)),
  );
  if (byReader.size === 0) throw unknownFormat(file);
  return [...byReader].map(([reader, found]) => {
    if (reader === undefined) throw unknownFormat(file);
    return reader.read(found, file);
  });
}

function readCsv(text: string, file: string): ProviderExport {
  const records = parseCsv(text);
  if (records === undefined) {
    throw new FarthingError('invalid_value', `${file}: a quoted field is never closed.`);
  }
  const [header = [], ...lines] = records;
  const columns = header.map((column) => column.trim().toLowerCase());
  const reader = CSV_READERS.find((candidate) => candidate.recognises(new Set(columns)));
  if (reader === undefined) throw unknownFormat(file);
  const rows = lines.map(
    (line) => new ExportRow(file, Object.fromEntries(columns.map((name, at) => [name, line[at]]))),
  );
  return reader.read(rows, file);
}

function unknownFormat(file: string): FarthingError {
  const formats = [...JSON_READERS, ...CSV_READERS].map(({ format }) => format);
  return new FarthingError(
    'invalid_value',
    `${file} is no export that Farthing knows. It reads: ${formats.join(', ')}.`,
  );
}
