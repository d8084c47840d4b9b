/**
 * The quantities of DeepSeek's usage export, `amount-*.csv`: one row for each day, model, key and kind.
 *
 * @module
 */
import type { TokenClass } from '../pricing/usage.ts';
import { deepSeekDays } from './deepseek-days.ts';
import type { ExportRow } from './export-row.ts';
import type { CsvReader, ProviderDay } from './provider-day.ts';

const TOKEN_CLASS: Readonly<Record<string, TokenClass>> = {
  input_cache_hit_tokens: 'cacheRead',
  input_cache_miss_tokens: 'input',
  output_tokens: 'output',
};

/** Reasoning is part of the output and not told apart. */
export const deepSeekAmount: CsvReader = {
  format: 'DeepSeek usage export (amount)',
  recognises: (columns) => ['model', 'type', 'price', 'amount'].every((name) => columns.has(name)),
  read(rows, file) {
    const unknown = new Set(
      rows
        .map((row) => row.required('type'))
        .filter((type) => type !== 'request_count' && TOKEN_CLASS[type] === undefined),
    );
    return {
      ...deepSeekDays(
        rows,
        { file, identity: ['model', 'api_key_name', 'api_key', 'type'] },
        amountOf,
      ),
      format: this.format,
      measures: ['requests', 'tokens'],
      notes: [...unknown].map(
        (type) => `${file}: rows of the type ${JSON.stringify(type)} are left out.`,
      ),
    };
  },
};

function amountOf(row: ExportRow): Pick<ProviderDay, 'requests' | 'tokens' | 'currency'> {
  const type = row.required('type');
  const name = TOKEN_CLASS[type];
  const amount = row.count('amount') ?? 0;
  return {
    requests: type === 'request_count' ? amount : undefined,
    tokens: name === undefined ? undefined : { [name]: amount },
    currency: 'USD',
  };
}
