import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { findJson } from './repair-json.ts';

const MENDED: readonly (readonly [what: string, answer: string, value: unknown])[] = [
  ['a fence', '```json\n{"a": 1}\n```', { a: 1 }],
  ['a fence with prose around', 'Sure, here it is:\n\n```\n[1, 2]\n```\nAnything else?', [1, 2]],
  ['prose around', 'The answer is {"a": "b}"}. Done', { a: 'b}' }],
  ['a trailing comma', '{"a": [1, 2, ], }', { a: [1, 2] }],
  ['comments', '{"a": 1, // one\n "url": "http://x" }', { a: 1, url: 'http://x' }],
  ['Python’s literals', '{"a": True, "b": None, "c": "None"}', { a: true, b: null, c: 'None' }],
  ['line breaks in strings', '{"a": "one\ntwo\tthree"}', { a: 'one\ntwo\tthree' }],
  ['several slips in a fence', '```json\n{"a": True,}\n```', { a: true }],
];

const LEFT: readonly (readonly [what: string, answer: string])[] = [
  ['plain text', 'I think it is four.'],
  ['an answer that was cut off', '{"a": "b", "c": [1, 2'],
  ['a cut string', '{"a": "b'],
  ['two values', '{"a": 1} and {"b": 2}'],
  ['two fences', '```json\n{"a":1}\n```\n```json\n{"b":2}\n```'],
  ['single quotes', "{'a': 'it''s'}"],
  ['nothing', ''],
];

describe('JSON in an answer', () => {
  for (const [what, answer, value] of MENDED) {
    test(`is mended: ${what}`, () => {
      const found = findJson(answer);
      assert.deepEqual(found?.value, value);
      assert.notEqual(found?.repair, undefined);
      assert.deepEqual(JSON.parse(found?.text ?? ''), value);
      assert.equal(
        findJson(found?.text ?? '')?.repair,
        undefined,
        'a mended answer needs no mending',
      );
    });
  }
  for (const [what, answer] of LEFT) {
    test(`is not invented: ${what}`, () => assert.equal(findJson(answer), undefined));
  }
  test('that is right is left as it stands', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        assert.deepEqual(findJson(text), {
          text,
          value: JSON.parse(text) as unknown,
          repair: undefined,
        });
      }),
    );
  });
  test('any text is survived, and what is found parses', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom(
            '{',
            '}',
            '[',
            ']',
            '"',
            ',',
            ':',
            'a',
            '1',
            '\\',
            '\n',
            '`',
            ' ',
            '/',
          ),
        }),
        (text) => {
          const found = findJson(text);
          if (found !== undefined) assert.deepEqual(JSON.parse(found.text), found.value);
        },
      ),
      { numRuns: 3000 },
    );
  });
});
