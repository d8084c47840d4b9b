/**
 * Sums of calls that are not in the rollups yet.
 *
 * A group of calls is in a handful of rollup rows or, with tags, in dozens, and each of them costs more than
 * the row of a call. Under load the same ones come again with the next group, some hundred times a second.
 * So the sums of a group are first written as one row, in the transaction that writes its calls, and those
 * of many groups are put into the rollups together. Whoever reads rollups reads what is pending as well: the
 * sum of both is exact at any time, whenever a process ends.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Row, RowKeys } from './rollup-rows.ts';

/** A row of an hour as it is written: its start, its keys and its sums. */
type Written = readonly [start: number, keys: RowKeys, sums: number[]];

/** Writes what is pending, and takes it out. */
export class PendingSums {
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#insert = database.prepare('INSERT INTO pending_sums (sums) VALUES (?)');
    this.#delete = database.prepare('DELETE FROM pending_sums');
  }

  /** Adds rows of hours, inside a transaction that is open. */
  add(rows: Iterable<Row>): void {
    const written = Array.from(rows, ({ start, keys, sums }): Written => [start, keys, sums]);
    this.#insert.run(JSON.stringify(written));
  }

  /** Takes everything out, of other processes too, inside a transaction that is open. */
  take(): readonly Row[] {
    const rows = readPending(this.#database);
    if (rows.length > 0) this.#delete.run();
    return rows;
  }
}

/** All rows of hours that are pending. */
export function readPending(database: DatabaseSync): readonly Row[] {
  return database
    .prepare('SELECT sums FROM pending_sums')
    .all()
    .flatMap(({ sums }) => JSON.parse(String(sums)) as readonly Written[])
    .map(([start, keys, sums]) => ({ start, keys, sums }));
}
