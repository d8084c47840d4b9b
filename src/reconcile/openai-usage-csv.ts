/**
 * The CSV file of OpenAI's usage dashboard, `completions_usage_*.csv`: the fields of the usage API, one row
 * a minute, in any order. An export without usage has nothing but the columns of time.
 *
 * @module
 */
import { type CsvReader, periodOf } from './provider-day.ts';
import { usageOf } from './openai-usage.ts';

const FORMAT = 'OpenAI usage CSV';
const TIMES = ['start_time', 'end_time', 'start_time_iso', 'end_time_iso'];
const DIMENSIONS = [
  ...TIMES,
  'model',
  'project_id',
  'user_id',
  'api_key_id',
  'batch',
  'service_tier',
  'api_source',
];

/** Mapped by the names of the columns. */
export const openaiUsageCsv: CsvReader = {
  format: FORMAT,
  recognises: (columns) =>
    (columns.has('num_model_requests') && columns.has('input_tokens')) ||
    (columns.size === TIMES.length && TIMES.every((name) => columns.has(name))),
  read(rows, file) {
    const timed = rows.map((row) => ({
      row,
      day: row.day(row.text('start_time_iso') === undefined ? 'start_time' : 'start_time_iso'),
    }));
    return {
      file,
      format: FORMAT,
      rank: 1,
      provider: 'openai',
      utcOffsetMinutes: 0,
      period: periodOf(timed.map(({ day }) => day)),
      measures: ['requests', 'tokens'],
      complete: true,
      days: timed
        .filter(({ row }) => row.text('num_model_requests') !== undefined)
        .map(({ row, day }) => ({ day, ...usageOf(row), identity: row.identity(DIMENSIONS) })),
      notes: [],
    };
  },
};
