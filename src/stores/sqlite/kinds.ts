/**
 * What many rows have in common stands once, under a number of its own, as their *kind*.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { RecentMap } from '../../recent-map.ts';
import { isSame } from './same-fields.ts';
import type { Value } from './sparse-insert.ts';

/** Where kinds are kept: a table whose key is called `kind`. */
export interface KindsOptions {
  readonly table: string;
  /** What makes a kind, without its number. */
  readonly columns: readonly string[];
}

interface Kind {
  readonly number: number;
  readonly fields: readonly Value[];
}

/** Kinds that are looked through one by one: comparing a few is quicker than making a text of one. */
const LOOKED_THROUGH = 4;
/** Kinds known at once. */
const MOST_KNOWN = 5_000;

/**
 * Finds the number of each kind. One that this process has not seen lately is written (again): kinds need
 * not be unique, so that nobody has to look for those of other processes.
 */
export class Kinds {
  readonly #insert: StatementSync;
  #known = new RecentMap<string, Kind>(MOST_KNOWN);
  readonly #last: Kind[] = [];
  #oldest = 0;

  constructor(database: DatabaseSync, { table, columns }: KindsOptions) {
    const places = columns.map(() => '?').join(', ');
    this.#insert = database.prepare(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places})`,
    );
  }

  /** The number of a kind, by its fields in the order of the columns; inside a transaction that is open. */
  numberOf(fields: readonly Value[]): number {
    for (const kind of this.#last) if (isSame(kind.fields, fields)) return kind.number;
    const text = fields.join('\n');
    const known = this.#known.get(text);
    // Fields may hold any text, so that two kinds may share one: then they take turns.
    const kind = known !== undefined && isSame(known.fields, fields) ? known : this.#write(fields);
    if (kind !== known) this.#known.set(text, kind);
    this.#last[this.#oldest] = kind;
    this.#oldest = (this.#oldest + 1) % LOOKED_THROUGH;
    return kind.number;
  }

  /** Forgets all numbers: the transaction was rolled back, and with it kinds that were written in it. */
  forget(): void {
    this.#known = new RecentMap(MOST_KNOWN);
    this.#last.length = 0;
    this.#oldest = 0;
  }

  #write(fields: readonly Value[]): Kind {
    const { lastInsertRowid } = this.#insert.run(...fields);
    return { number: Number(lastInsertRowid), fields: fields.map(copyOf) };
  }
}

/** The beginning of a long text would keep all of it in memory. */
function copyOf(field: Value): Value {
  return typeof field === 'string' ? Buffer.from(field, 'utf16le').toString('utf16le') : field;
}
