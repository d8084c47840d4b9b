import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { parsePages } from './json-pages.ts';

describe('pages', () => {
  test('one, an array, one after the other, one a line', () => {
    const one = { a: '1' };
    for (const text of ['{"a":1}', '\uFEFF [{"a":1}]', '{"a":1}{"a":1}', '{"a":1}\n[{"a":1}]\n']) {
      for (const page of parsePages(text) ?? assert.fail(text)) assert.deepEqual(page, one);
    }
    assert.equal(parsePages('{"a":1}\n\n{"a":1}\n')?.length, 2);
  });

  test('brackets and quotes in texts do not count', () => {
    assert.deepEqual(parsePages('{"a":"}\\"{"}\n{"b":["]"]}'), [{ a: '}"{' }, { b: [']'] }]);
  });

  test('numbers stay as they were written', () => {
    assert.deepEqual(parsePages('{"v":0.10000000000000000001,"n":1e-06,"i":3,"b":true,"z":null}'), [
      { v: '0.10000000000000000001', n: '1e-06', i: '3', b: true, z: null },
    ]);
  });

  test('what is none', () => {
    for (const text of ['{"a":', '{"a":1} x {"a":1}', '{"a":1}{', '{"a":1}}']) {
      assert.equal(parsePages(text), undefined, text);
    }
  });
});
