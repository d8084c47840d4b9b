/**
 * Inserts that name only what a row has.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** What a column may hold. */
export type Value = string | number | null;

/** Where rows go. */
export interface SparseInsertOptions {
  readonly table: string;
  /** At most 52. */
  readonly columns: readonly string[];
  /** A column of the table whose conflicts are no error. */
  readonly unique?: string | undefined;
  /** Columns that are 0 where nothing is given, and are added to what a row has that is there already. Not beside `unique`. */
  readonly sums?: readonly string[];
}

/** Statements kept; rows of a table have a few shapes. */
const MOST_STATEMENTS = 200;

/**
 * Inserts rows most of whose columns hold their default. Binding a value and storing it costs as much for
 * a default as for any other: what is left out costs nothing.
 */
export class SparseInsert {
  readonly #database: DatabaseSync;
  readonly #options: SparseInsertOptions;
  /** By the columns that are given, one bit each; bits of a double. */
  readonly #statements = new Map<number, StatementSync>();

  constructor(database: DatabaseSync, options: SparseInsertOptions) {
    this.#database = database;
    this.#options = options;
  }

  /** Inserts the values in the order of the columns; null, or no value at the end, leaves a column at its default. False on a conflict. */
  run(values: readonly Value[]): boolean {
    const given: Value[] = [];
    let shape = 0;
    let bit = 1;
    for (const value of values) {
      if (value !== null) {
        given.push(value);
        shape += bit;
      }
      bit *= 2;
    }
    const statement = this.#statements.get(shape) ?? this.#prepare(shape, values);
    return statement.run(...given).changes === 1;
  }

  #prepare(shape: number, values: readonly Value[]): StatementSync {
    const { table, columns, unique, sums = [] } = this.#options;
    const given = columns.filter((_, index) => (values[index] ?? null) !== null);
    // Named although they hold nothing: the table may have no default for them.
    const empty = sums.filter((column) => !given.includes(column));
    const places = [...given.map(() => '?'), ...empty.map(() => '0')];
    const statement = this.#database.prepare(
      `INSERT INTO ${table} (${[...given, ...empty].join(', ')}) VALUES (${places.join(', ')})` +
        (unique === undefined ? '' : ` ON CONFLICT (${unique}) DO NOTHING`) +
        (sums.length === 0
          ? ''
          : ` ON CONFLICT ${added(sums.filter((one) => given.includes(one)))}`),
    );
    if (this.#statements.size >= MOST_STATEMENTS) this.#statements.clear();
    this.#statements.set(shape, statement);
    return statement;
  }
}

function added(columns: readonly string[]): string {
  if (columns.length === 0) return 'DO NOTHING';
  const changes = columns.map((column) => `${column} = ${column} + excluded.${column}`);
  return `DO UPDATE SET ${changes.join(', ')}`;
}
