import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { makeZip } from './__fixtures__/make-zip.ts';
import { isZip, readZip } from './zip.ts';

const FILES = { 'amount-2026-9.csv': 'a,b\r\n'.repeat(50), 'sub/ü.csv': 'x', 'empty.csv': '' };

describe('ZIP', () => {
  for (const method of ['stored', 'deflated'] as const) {
    test(`${method} files`, () => {
      const bytes = makeZip(FILES, { method });
      assert.ok(isZip(bytes));
      const found = readZip(bytes, 'x.zip').map(({ name, bytes: content }) => [
        name,
        String(content),
      ]);
      assert.deepEqual(Object.fromEntries(found), FILES);
    });
  }

  test('a comment at the end', () => {
    const bytes = makeZip(FILES, { comment: 'made by hand' });
    assert.equal(readZip(bytes, 'x.zip').length, 3);
  });

  test('damaged archives are refused in one line', () => {
    const bytes = makeZip(FILES, { method: 'deflated' });
    const refused = {
      code: 'invalid_value',
      message: /^x\.zip cannot be unpacked \(.+\); unpack it/,
    };
    for (const length of [0, 40, bytes.length - 30, bytes.length - 1]) {
      assert.throws(() => readZip(bytes.subarray(0, length), 'x.zip'), refused);
    }
    const broken = Buffer.from(bytes);
    broken.fill(0xff, 50, 60);
    assert.throws(() => readZip(broken, 'x.zip'), refused);
    assert.equal(isZip(Buffer.from('PK')), false);
  });
});
