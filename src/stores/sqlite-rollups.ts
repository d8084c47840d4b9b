/**
 * Sums of calls by hour, day and month, kept while the calls are written, so that no report has to read
 * them again.
 *
 * Each call is in one row of its hour, one of its day and one of its month (tag `''`), and for each of its
 * tags in one more of each, with tenant and task left out. A tag may have so many values a day, and so many
 * a month; those beyond are summed up as one (`TagValues`).
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
import { DAY, HOUR, MONTH, type Span } from './rollup-spans.ts';
import { ROLLUP_SUMS } from './sqlite-schema.ts';
import { OTHER_VALUES, TagValues } from './tag-values.ts';

const KEYS = ['span', 'start', 'tag', 'value', 'tenant', 'task', 'model', 'tier', 'arm'] as const;

/** What a row is found by within its span: those of {@link KEYS} behind the start. */
type RowKeys = readonly [
  tag: string,
  value: string,
  tenant: string,
  task: string,
  model: string,
  tier: number,
  arm: string,
];

/** Sums of one row, in the order of `ROLLUP_SUMS`. */
interface Row {
  readonly start: number;
  readonly keys: RowKeys;
  readonly sums: number[];
}

/** What is added to a row. */
type Added = Omit<Row, 'sums'> & { readonly sums: readonly number[] };

type Rows = Map<string, Row>;

/** Adds calls to the rollups. */
export class Rollups {
  readonly #upsert: StatementSync;
  readonly #upsertUnit: StatementSync;
  // Fewer of each day than of each month: a period that is no month reads them of up to sixty days.
  readonly #valuesOfDay = new TagValues({ span: DAY, most: 250, kept: 200 });
  readonly #valuesOfMonth = new TagValues({ span: MONTH, most: 400, kept: 300 });

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
    const hours: Rows = new Map();
    for (const record of records) this.#addToHours(hours, record);
    const days = gathered(hours.values(), DAY);
    const months: Rows = new Map();
    for (const row of days.values()) {
      const keys = this.#keysOfMonth(row);
      if (keys !== undefined) put(months, { ...row, keys, start: MONTH.startOf(row.start) });
    }
    this.#write(HOUR, hours);
    this.#write(DAY, days);
    this.#write(MONTH, months);
  }

  #addToHours(hours: Rows, record: CallRecord): void {
    const { startedAt, model = '', tier = -1, tenant, task, tags } = record;
    const sums = sumsOf(record);
    const start = HOUR.startOf(startedAt);
    const arm = armOf(record);
    put(hours, { start, keys: ['', '', tenant, task, model, tier, arm], sums });
    for (const tag in tags) {
      const tagged = { tag, value: tags[tag] ?? '', calls: 1 };
      const value = this.#valuesOfDay.placeOf(tagged, startedAt);
      if (value !== undefined) {
        put(hours, { start, keys: [tag, value, '', '', model, tier, ''], sums });
      }
    }
    if (arm !== '' && record.unit !== undefined) {
      const count = countOf(record);
      this.#upsertUnit.run(DAY.startOf(startedAt), arm, record.unit, count, costOf(record));
    }
  }

  /** A day's row in its month: what is told apart there was told apart on its day. */
  #keysOfMonth({ start, keys, sums }: Row): RowKeys | undefined {
    const [tag, value, ...others] = keys;
    if (tag === '' || value === OTHER_VALUES) return keys;
    const calls = sums[CALLS] ?? 0;
    const place = this.#valuesOfMonth.placeOf({ tag, value, calls }, start);
    return place === undefined ? undefined : [tag, place, ...others];
  }

  #write({ name }: Span, rows: Rows): void {
    for (const { start, keys, sums } of rows.values()) {
      this.#upsert.run(name, start, ...keys, ...sums);
    }
  }
}

const CALLS = ROLLUP_SUMS.findIndex(({ column }) => column === 'calls');

/** Only priced calls are measured: an unknown cost is no cost of 0. */
function armOf(record: CallRecord): string {
  return record.arm !== undefined && isPriced(record) ? record.arm : '';
}

/** Rows of a shorter span as those of a longer. */
function gathered(rows: Iterable<Row>, span: Span): Rows {
  const longer: Rows = new Map();
  for (const row of rows) put(longer, { ...row, start: span.startOf(row.start) });
  return longer;
}

/** Adds a row; its sums are copied. */
function put(rows: Rows, { start, keys, sums }: Added): void {
  const key = textOf(start, keys);
  const row = rows.get(key);
  if (row === undefined) rows.set(key, { start, keys, sums: [...sums] });
  else addTo(row.sums, sums);
}

/** Unique, whatever a client writes into tags and names: the lengths of what is free stand at the end. */
function textOf(start: number, keys: RowKeys): string {
  const [tag, value, tenant, task, model, tier, arm] = keys;
  const lengths = `${tag.length}\n${value.length}\n${tenant.length}\n${model.length}`;
  return `${start}\n${tag}\n${value}\n${tenant}\n${task}\n${model}\n${tier}\n${arm}\n${lengths}`;
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
