/**
 * Sums of calls by hour and by day, kept while the calls are written, so that no report has to read
 * them again.
 *
 * Each call is in one row of its hour and one of its day (tag `''`), and for each of its tags in one more
 * of both, with tenant and task left out. A tag may have so many values a day; those beyond are summed up
 * as one (`TagValues`).
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
  isCacheHit,
  isEscalated,
  isPriced,
} from './ledger-store.ts';
import { DAY_MS, HOUR_MS, ROLLUP_SUMS } from './sqlite-schema.ts';
import { TagValues } from './tag-values.ts';

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
  readonly #values = new TagValues();

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
      const added = { startedAt: record.startedAt, sums: sumsOf(record) };
      const arm = armOf(record);
      const { model = '', tier = -1, tenant, task, tags } = record;
      put(rows, ['', '', tenant, task, model, tier, arm], added);
      for (const tag in tags) {
        const value = this.#values.placeOf(tag, tags[tag] ?? '', record.startedAt);
        if (value !== undefined) {
          put(rows, [tag, value, '', '', model, tier, ''], added);
        }
      }
      if (arm !== '' && record.unit !== undefined) {
        const count = countOf(record);
        const day = Math.floor(record.startedAt / DAY_MS) * DAY_MS;
        this.#upsertUnit.run(day, arm, record.unit, count, costOf(record));
      }
    }
    for (const { keys, sums } of rows.values()) this.#upsert.run(...keys, ...sums);
  }
}

/** Only priced calls are measured: an unknown cost is no cost of 0. */
function armOf(record: CallRecord): string {
  return record.arm !== undefined && isPriced(record) ? record.arm : '';
}

/** What a call adds to the rows of its hour and its day. */
interface Added {
  readonly startedAt: number;
  readonly sums: readonly number[];
}

/** Keys are those after the start. */
function put(
  rows: Map<string, Row>,
  keys: readonly (string | number)[],
  { startedAt, sums }: Added,
): void {
  const text = textOf(keys);
  for (const { name, ms } of SPANS) {
    const start = Math.floor(startedAt / ms) * ms;
    const key = `${name}${start}\n${text}`;
    const row = rows.get(key);
    if (row === undefined) rows.set(key, { keys: [name, start, ...keys], sums: [...sums] });
    else addTo(row.sums, sums);
  }
}

/** Unique, whatever a client writes into tags and names: the lengths of what is free stand at the end. */
function textOf(keys: readonly (string | number)[]): string {
  const [tag = '', value = '', tenant = '', , model = ''] = keys as readonly string[];
  const lengths = `${tag.length}\n${value.length}\n${tenant.length}\n${model.length}`;
  return `${keys.join('\n')}\n${lengths}`;
}

function addTo(row: number[], sums: readonly number[]): void {
  for (let index = 0; index < row.length; index++) {
    row[index] = (row[index] ?? 0) + (sums[index] ?? 0);
  }
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
    isCacheHit(record) ? 1 : 0,
    savedNano.coalesce,
  ];
}
