import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { CALL_NUMBER_SQL, callNumber, firstCallNumber } from './call-number.ts';
import { ULID_DIGITS, ulid, ulidAt } from '../ulid.ts';

const anyUlid = fc
  .tuple(
    fc.nat(2 ** 43 - 1),
    fc.array(fc.constantFrom(...Array.from(ULID_DIGITS)), { minLength: 16, maxLength: 16 }),
  )
  .map(([ms, chance]) => ({ ms, id: ulidAt(ms).slice(0, 10) + chance.join('') }));

describe('the number of a call', () => {
  test('is within its millisecond, and exact', () => {
    fc.assert(
      fc.property(anyUlid, ({ ms, id }) => {
        const number = callNumber(id);
        assert.ok(number >= firstCallNumber(ms) && number < firstCallNumber(ms + 1));
        assert.ok(Number.isSafeInteger(number));
      }),
    );
  });

  test('rises within a process', () => {
    const now = 1_790_000_000_000;
    const numbers = Array.from({ length: 2000 }, () => callNumber(ulid(now)));
    for (const [index, number] of numbers.entries()) assert.ok(number > (numbers[index - 1] ?? -1));
  });

  test('is found in SQL as well', () => {
    const database = new DatabaseSync(':memory:');
    const query = database.prepare(`SELECT ${CALL_NUMBER_SQL} AS number FROM (SELECT ? AS id)`);
    fc.assert(
      fc.property(anyUlid, ({ id }) => assert.equal(query.get(id)?.['number'], callNumber(id))),
    );
  });

  test('is 0 for what is no ULID', () => {
    for (const id of ['', 'call-1', '01UNKNOWN', 'U'.repeat(26), `${ulid().slice(0, 25)}é`]) {
      assert.equal(callNumber(id), 0, id);
    }
  });
});
