import { test } from 'node:test';
import assert from 'node:assert/strict';
import { ulid, ulidAt, ulidParts } from './ulid.ts';

test('ids are 26 characters of the alphabet, and rise strictly', () => {
  let last = '';
  for (let count = 0; count < 20_000; count++) {
    const id = ulid();
    assert.match(id, /^[0-9A-HJKMNP-TV-Z]{26}$/);
    assert.ok(id > last);
    last = id;
  }
});

test('the time is encoded as the specification has it', () => {
  assert.equal(ulidAt(1_469_918_176_385), '01ARYZ6S410000000000000000');
  assert.equal(ulidAt(-5), '0'.repeat(26));
});

test('however long a clock stands still, ids rise, and those of a millisecond at their end', () => {
  const now = Date.now() + 5000;
  const ids = Array.from({ length: 5000 }, () => ulid(now));
  assert.deepEqual(ids.toSorted(), ids);
  const parts = ids.map((id) => ulidParts(id));
  for (const [index, { ms, lowBits }] of parts.entries()) {
    const before = parts[index - 1];
    assert.ok(before === undefined || before.ms < ms || before.lowBits < lowBits);
  }
  assert.equal(parts.at(-1)?.ms, now + 9);
});

test('ids of a millisecond are not below its smallest, nor above the next one’s', () => {
  const now = Date.now() + 10_000;
  const id = ulid(now);
  assert.ok(id >= ulidAt(now) && id < ulidAt(now + 1));
});
