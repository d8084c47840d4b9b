/**
 * Rows of rollups while they are summed up, before they are written.
 *
 * @module
 */

import { isSame } from './same-fields.ts';

/** What a row is found by within its span. */
export type RowKeys = readonly [
  tag: string,
  value: string,
  tenant: string,
  task: string,
  model: string,
  tier: number,
  arm: string,
];

/** Sums of one row, in the order of `ROLLUP_SUMS`. */
export interface Row {
  /** When its span began, in ms since the epoch. */
  readonly start: number;
  readonly keys: RowKeys;
  readonly sums: number[];
}

/** What is added to a row. */
export type Added = Omit<Row, 'sums'> & { readonly sums: readonly number[] };

/** Rows that are looked through one by one. Most groups have no more, and comparing is quicker than making a text. */
const LOOKED_THROUGH = 8;

/** Rows of one length of span. */
export class RollupRows implements Iterable<Row> {
  readonly #rows: Row[] = [];
  /** The rows beyond those that are looked through. */
  readonly #others = new Map<string, Row>();

  /** Adds to the row of these keys. The sums are copied. */
  add({ start, keys, sums }: Added): void {
    const row = this.#find(start, keys);
    if (row !== undefined) {
      addTo(row.sums, sums);
      return;
    }
    const made = { start, keys, sums: [...sums] };
    if (this.#rows.length >= LOOKED_THROUGH) this.#others.set(textOf(start, keys), made);
    this.#rows.push(made);
  }

  get size(): number {
    return this.#rows.length;
  }

  [Symbol.iterator](): Iterator<Row> {
    return this.#rows[Symbol.iterator]();
  }

  #find(start: number, keys: RowKeys): Row | undefined {
    const { length } = this.#rows;
    for (let index = 0; index < length && index < LOOKED_THROUGH; index++) {
      const row = this.#rows[index];
      if (row !== undefined && row.start === start && isSame(row.keys, keys)) return row;
    }
    return length <= LOOKED_THROUGH ? undefined : this.#others.get(textOf(start, keys));
  }
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
