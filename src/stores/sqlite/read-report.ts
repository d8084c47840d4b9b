/**
 * Reports from the rollups: whole months from those of months, whole days and hours beside them from those
 * of days and hours, and only what is left at the two ends from the calls themselves. A group's rows always
 * add up to the totals, except by tag, where a call with several tags counts in each.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import { FarthingError } from '../../errors.ts';
import type { Grouping, Report, ReportQuery, ReportRow } from '../report.ts';
import { readArms } from './arms.ts';
import { Part } from './parts.ts';
import { type Grouped, NO_GROUPS, readSums } from './read-sums.ts';

/** Reads one report. What other processes write meanwhile is in none of its figures. */
export function readReport(database: DatabaseSync, query: ReportQuery): Report {
  database.exec('BEGIN');
  try {
    return reportOf(database, query);
  } finally {
    database.exec('COMMIT');
  }
}

function reportOf(database: DatabaseSync, query: ReportQuery): Report {
  const by = query.by === undefined ? NO_GROUPS : groupingOf(query.by);
  // Rollups are read once where the groups are of the calls themselves: the totals are the sum of them.
  const others = by.tag === '' ? [] : [NO_GROUPS];
  const [found, whole = found] = readSums(database, query, [by, ...others]);
  const totals = Part.sumOf(whole.parts.values());
  const groups = [...found.parts];
  if (by.tag !== '' && by.tag !== '*') {
    const without = totals.less(Part.sumOf(found.parts.values()));
    if (!without.isEmpty) groups.push(['(none)', without]);
  }
  return {
    totals: totals.toSums(),
    tiers: totals.toShares(),
    rows: query.by === undefined ? [] : groups.map(toRow).toSorted(dearestFirst),
    arms: readArms(database, query, whole.arms),
  };
}

function groupingOf(by: Grouping): Grouped {
  const ofCalls = { tag: '' } as const;
  if (by === 'task') return { ...ofCalls, column: 'task', nameOf: String };
  // The model whose answer was given: what rejected tiers cost belongs to the answer that cost it.
  if (by === 'model') {
    return { ...ofCalls, column: 'model', nameOf: (model) => String(model) || '(no answer)' };
  }
  if (by === 'key') {
    return { ...ofCalls, column: 'tenant', nameOf: (tenant) => String(tenant) || '(open)' };
  }
  if (by === 'day') {
    return { ...ofCalls, column: 'start', nameOf: (start) => isoDay(Number(start)) };
  }
  if (by === 'tag') {
    return { tag: '*', column: 'value', nameOf: (value, tag) => `${tag}=${String(value)}` };
  }
  if (by.startsWith('tag:') && by.length > 4) {
    return { tag: by.slice(4), column: 'value', nameOf: String };
  }
  throw new FarthingError(
    'invalid_value',
    `Cannot report by "${by}": there is task, model, tag, tag:NAME, key and day.`,
  );
}

function isoDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function toRow([group, part]: readonly [string, Part]): ReportRow {
  return { group, ...part.toSums(), tiers: part.toShares() };
}

function dearestFirst(a: ReportRow, b: ReportRow): number {
  return b.cost_nano_usd - a.cost_nano_usd || (a.group < b.group ? -1 : 1);
}
