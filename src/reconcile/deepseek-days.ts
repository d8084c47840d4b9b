/**
 * The days of DeepSeek's usage export. Older ones name UTC days (`utc_date`), newer ones begin and end at
 * midnight of the account's time zone (`start_time_iso`: `2026-09-02T00:00:00+08:00`).
 *
 * @module
 */
import { FarthingError } from '../errors.ts';
import type { ExportRow } from './export-row.ts';
import { periodOf, type ProviderDay, type ProviderExport } from './provider-day.ts';

/** What both files of the export have in common; `read` gives the rest of a row. */
export function deepSeekDays(
  rows: readonly ExportRow[],
  { file, identity }: { readonly file: string; readonly identity: readonly string[] },
  read: (row: ExportRow) => Omit<ProviderDay, 'day' | 'model' | 'identity'>,
): Omit<ProviderExport, 'format' | 'measures' | 'notes'> {
  const column = rows[0]?.has('utc_date') === true ? 'utc_date' : 'start_time_iso';
  const offsets = new Set(rows.map((row) => offsetOf(row.required(column))));
  if (offsets.size > 1) {
    const message = `${file}: the days of its rows are of different time zones.`;
    throw new FarthingError('invalid_value', message);
  }
  const [utcOffsetMinutes = 0] = offsets;
  return {
    file,
    rank: 0,
    provider: 'deepseek',
    utcOffsetMinutes,
    period: periodOf(rows.map((row) => row.day(column))),
    complete: true,
    days: rows.map((row) => ({
      day: row.day(column),
      model: row.required('model'),
      ...read(row),
      identity: row.identity([column, 'end_time_iso', 'user_id', ...identity]),
    })),
  };
}

/** Minutes of an ISO time's `+08:00`; 0 where there is none. */
function offsetOf(time: string): number {
  const found = /T.*([+-])(\d{2}):?(\d{2})$/.exec(time);
  if (found === null) return 0;
  const minutes = Number(found[2]) * 60 + Number(found[3]);
  return found[1] === '-' ? -minutes : minutes;
}
