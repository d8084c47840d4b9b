/**
 * Lines of CSV (RFC 4180), safe to open in a spreadsheet.
 *
 * @module
 */
import { formatUsd } from '../pricing/format-usd.ts';
import type { FieldValue } from './fields.ts';

/** A spreadsheet takes text that begins so for a formula, and runs it (OWASP, "CSV injection"). */
const FORMULA = /^[=+\-@\t\r]/;
const NEEDS_QUOTES = /[",\r\n]/;

/** An amount of money: a number that is written digit by digit, because a float could not hold it. */
export class Dollars {
  readonly nano: number;

  constructor(nano: number) {
    this.nano = nano;
  }

  /** A decimal number of dollars, exact: 1,500,000 nano-dollars are `0.0015`. */
  toString(): string {
    return formatUsd(this.nano).replace('$', '');
  }
}

/**
 * One line with its end. Unknown values are empty. Text that a spreadsheet would run gets an apostrophe
 * before it; numbers stay as they are, the negative ones too.
 */
export function csvLine(values: readonly (FieldValue | Dollars)[]): string {
  return `${values.map(csvField).join(',')}\r\n`;
}

function csvField(value: FieldValue | Dollars): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
