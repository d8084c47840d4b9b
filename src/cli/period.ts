/**
 * Which period a command is about.
 *
 * @module
 */
import { parseDuration } from '../config/units.ts';
import { FarthingError } from '../errors.ts';
import type { Period } from '../stores/ledger-store.ts';

/** What the command line says about it: a date, or how far back. */
export interface PeriodOptions {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** The period; a side that is not given is open. Throws `invalid_value` for what is no time. */
export function readPeriod({ since, until }: PeriodOptions): Period {
  const from = readTime('--since', since);
  const to = readTime('--until', until);
  return {
    ...(from === undefined ? {} : { since: from }),
    ...(to === undefined ? {} : { until: to }),
  };
}

function readTime(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const back = /[a-z]$/i.test(value) ? parseDuration(value) : undefined;
  if (back !== undefined) return Date.now() - back;
  const date = /^\d{4}-\d{2}-\d{2}/.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(date)) return date;
  throw new FarthingError(
    'invalid_value',
    `${option} takes a date such as 2026-11-01, or a time back such as 7d; not "${value}".`,
  );
}
