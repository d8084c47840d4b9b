import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import type { Value } from './sparse-insert.ts';
import { Kinds } from './kinds.ts';

function open() {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE kinds (kind INTEGER PRIMARY KEY, a ANY, b ANY) STRICT');
  const kinds = new Kinds(database, { table: 'kinds', columns: ['a', 'b'] });
  const select = database.prepare('SELECT a, b FROM kinds WHERE kind = ?');
  const count = database.prepare('SELECT count(*) AS n FROM kinds');
  return {
    database,
    kinds,
    fieldsOf: (number: number) => Object.values(select.get(number) ?? {}),
    count: () => Number(count.get()?.['n']),
  };
}

describe('kinds', () => {
  test('every number stands for the fields it was given for, whatever is in them', () => {
    const field: fc.Arbitrary<Value> = fc.oneof(
      fc.constantFrom(null, '', '\n', 'a', 'a\n', '\na', 0, 1, '1'),
      fc.string({ unit: 'grapheme-ascii' }),
    );
    const { kinds, fieldsOf } = open();
    fc.assert(
      fc.property(fc.array(fc.tuple(field, field)), (all) => {
        const numbers = all.map((fields) => kinds.numberOf(fields));
        for (const [index, number] of numbers.entries()) {
          assert.deepEqual(fieldsOf(number), all[index]);
        }
      }),
    );
  });

  test('one that was seen is not written again', () => {
    const { kinds, count } = open();
    const fields = Array.from({ length: 50 }, (_, index) => [`a${index}`, index % 7]);
    const numbers = fields.map((one) => kinds.numberOf(one));
    assert.equal(new Set(numbers).size, 50);
    assert.deepEqual(
      fields.toReversed().map((one) => kinds.numberOf([...one])),
      numbers.toReversed(),
    );
    assert.equal(count(), 50);
  });

  test('what was rolled back is written again', () => {
    const { database, kinds, fieldsOf } = open();
    kinds.numberOf(['before', 1]);
    database.exec('BEGIN');
    kinds.numberOf(['lost', 1]);
    database.exec('ROLLBACK');
    kinds.forget();
    assert.deepEqual(fieldsOf(kinds.numberOf(['other', 1])), ['other', 1]);
    assert.deepEqual(fieldsOf(kinds.numberOf(['lost', 1])), ['lost', 1]);
  });
});
