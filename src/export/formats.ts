/**
 * The formats that a ledger is exported in.
 *
 * @module
 */
import type { CallRecord } from '../stores/ledger-store.ts';
import { csvOfAttempts, csvOfCalls } from './csv.ts';
import { focusLines } from './focus.ts';
import { jsonLines } from './jsonl.ts';

/** The names, as the command line has them. */
export const EXPORT_FORMATS = ['csv', 'jsonl', 'focus'] as const;

/** A name of {@link EXPORT_FORMATS}. */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** What a row of CSV is. */
export type ExportRow = 'attempt' | 'call';

/**
 * Calls as lines of text, each with its end, made as they are asked for. `row` is for `csv` only: a line
 * of `jsonl` is always a call, one of `focus` a charge.
 */
export function exportLines(
  calls: Iterable<CallRecord>,
  format: ExportFormat,
  row: ExportRow,
): Generator<string, void> {
  if (format === 'jsonl') return jsonLines(calls);
  if (format === 'focus') return focusLines(calls);
  return row === 'call' ? csvOfCalls(calls) : csvOfAttempts(calls);
}
