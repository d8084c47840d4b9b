/**
 * The money of DeepSeek's usage export, `cost-*.csv`: one row for each day, model and wallet.
 *
 * @module
 */
import { deepSeekDays } from './deepseek-days.ts';
import type { ExportRow } from './export-row.ts';
import type { CsvReader, ProviderDay } from './provider-day.ts';

/** In the account's currency, dollars or yuan. Granted money counts like paid one: it is what the use cost. */
export const deepSeekCost: CsvReader = {
  format: 'DeepSeek usage export (cost)',
  recognises: (columns) =>
    ['model', 'wallet_type', 'cost', 'currency'].every((name) => columns.has(name)),
  read(rows, file) {
    return {
      ...deepSeekDays(rows, { file, identity: ['model', 'wallet_type', 'currency'] }, costOf),
      format: this.format,
      measures: ['cost'],
      notes: [],
    };
  },
};

function costOf(row: ExportRow): Pick<ProviderDay, 'costNano' | 'currency'> {
  return {
    costNano: row.nano('cost', 'dollars') ?? 0,
    currency: row.required('currency').toUpperCase(),
  };
}
