/**
 * Sums of calls by hour and by day, kept while the calls are written, so that no report has to read
 * them again.
 *
 * Each call is in one row of its hour and one of its day (tag `''`), and for each of its tags in one more
 * of both, with tenant and task left out. A tag may have so many values a day; those beyond are summed up
 * as {@link OTHER_VALUES}: a client must not blow up the ledger with labels.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { inputTokens, outputTokens } from '../pricing/usage.ts';
import {
  type CallRecord,
  costOf,
  countedReference,
  countOf,
  estimatedAttempts,
  isEscalated,
  isPriced,
} from './ledger-store.ts';
import { DAY_MS, HOUR_MS, ROLLUP_SUMS } from './sqlite-schema.ts';

/** The value under which a tag's values beyond the bound are summed up. */
export const OTHER_VALUES = '(others)';
/** Values of one tag that are told apart each day, by each process; and tags. */
const MOST_VALUES = 400;
const MOST_TAGS = 400;

const SPANS = [
  { name: 'hour', ms: HOUR_MS },
  { name: 'day', ms: DAY_MS },
] as const;

const KEYS = ['span', 'start', 'tag', 'value', 'tenant', 'task', 'model', 'tier', 'arm'] as const;

/** What a row is found by, in the order of {@link KEYS}, and its sums, in the order of `ROLLUP_SUMS`. */
interface Row {
  readonly keys: readonly (string | number)[];
  readonly sums: number[];
}

/** Adds calls to the rollups. */
export class Rollups {
  readonly #upsert: StatementSync;
  readonly #upsertUnit: StatementSync;
  /** Values seen of each tag on {@link #day}. */
  readonly #values = new Map<string, Set<string>>();
  #day = 0;

  constructor(database: DatabaseSync) {
    const columns = [...KEYS, ...ROLLUP_SUMS.map(({ column }) => column)];
    const places = columns.map(() => '?').join(', ');
    const added = ROLLUP_SUMS.map(({ column }) => `${column} = ${column} + excluded.${column}`);
    this.#upsert = database.prepare(
      `INSERT INTO rollups (${columns.join(', ')}) VALUES (${places})
       ON CONFLICT DO UPDATE SET ${added.join(', ')}`,
    );
    this.#upsertUnit = database.prepare(
      `INSERT INTO units VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET calls = calls + excluded.calls, cost_nano = cost_nano + excluded.cost_nano`,
    );
  }

  /** Adds calls, inside a transaction that is open. */
  add(records: readonly CallRecord[]): void {
    const rows = new Map<string, Row>();
    for (const record of records) {
      const sums = sumsOf(record);
      const arm = armOf(record);
      const { model = '', tier = -1, tenant, task, tags } = record;
      for (const span of SPANS) {
        const start = startOf(record, span.ms);
        put(rows, [span.name, start, '', '', tenant, task, model, tier, arm], sums);
        for (const tag in tags) {
          const value = this.#bounded(start, tag, tags[tag] ?? '');
          if (value !== undefined) {
            put(rows, [span.name, start, tag, value, '', '', model, tier, ''], sums);
          }
        }
      }
      if (arm !== '' && record.unit !== undefined) {
        const count = countOf(record);
        this.#upsertUnit.run(startOf(record, DAY_MS), arm, record.unit, count, costOf(record));
      }
    }
    for (const { keys, sums } of rows.values()) this.#upsert.run(...keys, ...sums);
  }

  /** The value as it is summed up; undefined for a tag that is one too many. */
  #bounded(start: number, tag: string, value: string): string | undefined {
    const day = Math.floor(start / DAY_MS);
    if (day > this.#day) {
      this.#day = day;
      this.#values.clear();
    }
    let seen = this.#values.get(tag);
    if (seen === undefined) {
      if (this.#values.size >= MOST_TAGS) return undefined;
      this.#values.set(tag, (seen = new Set()));
    }
    if (seen.has(value)) return value;
    if (seen.size >= MOST_VALUES) return OTHER_VALUES;
    seen.add(value);
    return value;
  }
}

function startOf({ startedAt }: CallRecord, ms: number): number {
  return Math.floor(startedAt / ms) * ms;
}

/** Only priced calls are measured: an unknown cost is no cost of 0. */
function armOf(record: CallRecord): string {
  return record.arm !== undefined && isPriced(record) ? record.arm : '';
}

/** Unique, whatever a client writes into tags and names: the lengths of what is free stand at the end. */
function textOf(keys: readonly (string | number)[]): string {
  const [, , tag = '', value = '', , , model = ''] = keys as readonly string[];
  return `${keys.join('\n')}\n${tag.length}\n${value.length}\n${model.length}`;
}

function put(
  rows: Map<string, Row>,
  keys: readonly (string | number)[],
  sums: readonly number[],
): void {
  const key = textOf(keys);
  const row = rows.get(key);
  if (row === undefined) rows.set(key, { keys, sums: [...sums] });
  else for (const [index, sum] of sums.entries()) row.sums[index] = (row.sums[index] ?? 0) + sum;
}

/** What a call adds, in the order of `ROLLUP_SUMS`. */
function sumsOf(record: CallRecord): readonly number[] {
  const cost = costOf(record);
  const { attempts, savedNano } = record;
  return [
    countOf(record),
    attempts.length,
    cost,
    countedReference(record),
    savedNano.route,
    savedNano.service,
    record.overheadNano,
    isPriced(record) ? 0 : 1,
    record.stale ? 1 : 0,
    isEscalated(record) ? 1 : 0,
    record.model === undefined ? 1 : 0,
    attempts.reduce((sum, { tokens }) => sum + inputTokens(tokens), 0),
    attempts.reduce((sum, { tokens }) => sum + outputTokens(tokens), 0),
    estimatedAttempts(record),
    record.unit === undefined ? cost * cost : 0,
    savedNano.cache,
    record.cache === 'hit' ? 1 : 0,
  ];
}
