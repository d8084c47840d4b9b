/**
 * Sums of calls by hour, day and month, kept while the calls are written, so that no report has to read
 * them again.
 *
 * Each call is in one row of its hour, one of its day and one of its month (tag `''`), in one of the totals
 * of hour and day, with tenant and task left out, and for each of its tags in one more of hour, day and
 * month. A tag may have so many values a day, and so many a month; those beyond are summed up as one
 * (`TagValues`). Under load these rows are written a few times a second (`PendingSums`).
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { countOf, isCacheHit } from '../ledger-store.ts';
import { PendingSums } from './pending-sums.ts';
import { type Row, type RowKeys, RollupRows } from './rollup-rows.ts';
import { DAY, DAY_TOTAL, HOUR, HOUR_TOTAL, MONTH, type Span } from './rollup-spans.ts';
import type { SummedCall } from './call-rows.ts';
import { ROLLUP_SUMS } from './schema.ts';
import { SparseInsert, type Value } from './sparse-insert.ts';
import { OTHER_VALUES, TagValues } from './tag-values.ts';

const KEYS = ['span', 'start', 'tag', 'value', 'tenant', 'task', 'model', 'tier', 'arm'] as const;

/** How long sums are pending at most while calls come, in ms. */
const PENDING_MS = 250;
/** Rows of hours that one process leaves pending at most: who reads a report adds them up. */
const MOST_PENDING = 1000;

/** Adds calls to the rollups. */
export class Rollups {
  readonly #pending: PendingSums;
  /** Rows that this process has left pending, and since when, by the clock of `performance.now`. */
  #left = 0;
  #since = -Infinity;
  readonly #rows: SparseInsert;
  readonly #upsertUnit: StatementSync;
  // Fewer of each day than of each month: a period that is no month reads them of up to sixty days.
  readonly #valuesOfDay = new TagValues({ span: DAY, most: 250, kept: 200 });
  readonly #valuesOfMonth = new TagValues({ span: MONTH, most: 400, kept: 300 });

  constructor(database: DatabaseSync) {
    this.#pending = new PendingSums(database);
    const sums = ROLLUP_SUMS.map(({ column }) => column);
    this.#rows = new SparseInsert(database, {
      table: 'rollups',
      columns: [...KEYS, ...sums],
      sums,
    });
    this.#upsertUnit = database.prepare(
      `INSERT INTO units VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET calls = calls + excluded.calls, cost_nano = cost_nano + excluded.cost_nano`,
    );
  }

  /** Adds calls, inside a transaction that is open. */
  add(calls: readonly SummedCall[]): void {
    const hours = new RollupRows();
    for (const call of calls) this.#addToHours(hours, call);
    this.#left += hours.size;
    if (this.#left > MOST_PENDING || performance.now() - this.#since > PENDING_MS) {
      this.#write(hours);
    } else {
      this.#pending.add(hours);
    }
  }

  /** Writes what is pending, inside a transaction that is open. */
  settle(): void {
    this.#write(new RollupRows());
  }

  /** Writes rows of hours and all that are pending. */
  #write(hours: RollupRows): void {
    this.#left = 0;
    this.#since = performance.now();
    for (const row of this.#pending.take()) hours.add(row);
    const hourTotals = new RollupRows();
    const days = new RollupRows();
    for (const row of hours) {
      if (isOfCalls(row)) hourTotals.add({ ...row, keys: keysOfTotal(row) });
      days.add({ ...row, start: DAY.startOf(row.start) });
    }
    const dayTotals = new RollupRows();
    for (const row of hourTotals) dayTotals.add({ ...row, start: DAY.startOf(row.start) });
    const months = new RollupRows();
    for (const row of days) {
      const keys = this.#keysOfMonth(row);
      if (keys !== undefined) months.add({ ...row, keys, start: MONTH.startOf(row.start) });
    }
    this.#upsert(HOUR, hours);
    this.#upsert(HOUR_TOTAL, hourTotals);
    this.#upsert(DAY, days);
    this.#upsert(DAY_TOTAL, dayTotals);
    this.#upsert(MONTH, months);
  }

  #addToHours(hours: RollupRows, call: SummedCall): void {
    const { record, comesTo } = call;
    const { startedAt, model = '', tier = -1, tenant, task, tags } = record;
    const sums = sumsOf(call);
    const start = HOUR.startOf(startedAt);
    // Only priced calls are measured: an unknown cost is no cost of 0.
    const arm = record.arm !== undefined && comesTo.isPriced ? record.arm : '';
    hours.add({ start, keys: ['', '', tenant, task, model, tier, arm], sums });
    for (const tag in tags) {
      const tagged = { tag, value: tags[tag] ?? '', calls: 1 };
      const value = this.#valuesOfDay.placeOf(tagged, startedAt);
      if (value !== undefined) {
        hours.add({ start, keys: [tag, value, '', '', model, tier, ''], sums });
      }
    }
    if (arm !== '' && record.unit !== undefined) {
      const count = countOf(record);
      this.#upsertUnit.run(DAY.startOf(startedAt), arm, record.unit, count, comesTo.cost);
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

  #upsert({ name }: Span, rows: RollupRows): void {
    for (const { start, keys, sums } of rows) {
      const values: Value[] = [name, start, ...keys];
      for (const sum of sums) values.push(sum === 0 ? null : sum);
      this.#rows.run(values);
    }
  }
}

/** True for rows of calls, false for those of their tags. */
function isOfCalls({ keys: [tag] }: Row): boolean {
  return tag === '';
}

function keysOfTotal({ keys: [tag, value, , , model, tier, arm] }: Row): RowKeys {
  return [tag, value, '', '', model, tier, arm];
}

const CALLS = ROLLUP_SUMS.findIndex(({ column }) => column === 'calls');

/** What a call adds, in the order of `ROLLUP_SUMS`. */
function sumsOf({ record, comesTo }: SummedCall): readonly number[] {
  const { cost } = comesTo;
  const { savedNano } = record;
  return [
    countOf(record),
    record.attempts.length,
    cost,
    comesTo.countedReference,
    savedNano.route,
    savedNano.service,
    record.overheadNano,
    comesTo.isPriced ? 0 : 1,
    record.stale ? 1 : 0,
    comesTo.isEscalated ? 1 : 0,
    record.model === undefined ? 1 : 0,
    comesTo.inputTokens,
    comesTo.outputTokens,
    comesTo.estimated,
    record.unit === undefined ? cost * cost : 0,
    savedNano.cache,
    isCacheHit(record) ? 1 : 0,
    savedNano.coalesce,
  ];
}
