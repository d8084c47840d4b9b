import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { SparseInsert, type Value } from './sparse-insert.ts';

const COLUMNS = Array.from({ length: 52 }, (_, index) => `c${index}`);

function open(unique?: string) {
  const database = new DatabaseSync(':memory:');
  const types = COLUMNS.map((column, index) => `${column} ANY DEFAULT ${-index}`);
  database.exec(`CREATE TABLE t (${types.join(', ')}, UNIQUE (c0)) STRICT`);
  return { database, insert: new SparseInsert(database, { table: 't', columns: COLUMNS, unique }) };
}

describe('a sparse insert', () => {
  test('stores what is given, and the default where nothing is', () => {
    const value: fc.Arbitrary<Value> = fc.oneof(
      { weight: 3, arbitrary: fc.constant(null) },
      fc.integer(),
      fc.string({ unit: 'grapheme-ascii' }),
    );
    // More shapes than statements are kept.
    const { database, insert } = open();
    const rest = fc.array(value, { maxLength: COLUMNS.length - 1 });
    let place = 0;
    fc.assert(
      fc.property(rest, (values) => {
        assert.equal(insert.run([++place, ...values]), true);
        const row = database.prepare('SELECT * FROM t WHERE c0 = ?').get(place) ?? {};
        for (const [index, column] of COLUMNS.entries()) {
          const given = index === 0 ? place : values[index - 1];
          assert.equal(row[column], given ?? -index, column);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('tells of a conflict where it is told to, and throws where it is not', () => {
    const named = open('c0').insert;
    assert.deepEqual(
      [named.run([1, 2]), named.run([1, 3]), named.run([2, 3])],
      [true, false, true],
    );
    const plain = open().insert;
    plain.run([1]);
    assert.throws(() => plain.run([1]), /UNIQUE/);
  });

  test('adds sums to what a row has, and 0 where none is given', () => {
    const database = new DatabaseSync(':memory:');
    const sums = ['a', 'b', 'c'];
    database.exec(
      `CREATE TABLE t (name TEXT PRIMARY KEY, ${sums.map((sum) => `${sum} INTEGER NOT NULL`).join(', ')}) STRICT`,
    );
    const insert = new SparseInsert(database, { table: 't', columns: ['name', ...sums], sums });
    const amount = fc.option(fc.integer({ min: -9, max: 9 }), { nil: null, freq: 1 });
    const row = fc.tuple(fc.constantFrom('x', 'y'), amount, amount, amount);
    fc.assert(
      fc.property(fc.array(row, { maxLength: 12 }), (rows) => {
        database.exec('DELETE FROM t');
        const expected = new Map<string, number[]>();
        for (const values of rows) {
          insert.run(values);
          const [name, ...added] = values;
          const before = expected.get(name) ?? [0, 0, 0];
          expected.set(
            name,
            before.map((sum, index) => sum + (added[index] ?? 0)),
          );
        }
        const stored = database.prepare('SELECT name, a, b, c FROM t').all();
        assert.deepEqual(new Map(stored.map(({ name, a, b, c }) => [name, [a, b, c]])), expected);
      }),
    );
  });
});
