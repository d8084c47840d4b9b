import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compileGlob } from './glob.ts';

const cases: readonly (readonly [pattern: string, text: string, fits: boolean])[] = [
  ['You write proposals*', 'You write proposals for Acme.', true],
  ['You write proposals*', 'you write proposals', false],
  ['*invoice*', 'Read this\ninvoice\nplease', true],
  ['*a*b*', 'xaxbx', true],
  ['*a*b*', 'xbxax', false],
  ['gpt-4?', 'gpt-4o', true],
  ['gpt-4?', 'gpt-4', false],
  ['gpt-4?', 'gpt-4oo', false],
  ['ab*ba', 'aba', false],
  ['ab*ba', 'abba', true],
  ['*', '', true],
  ['', '', true],
  ['', 'x', false],
  ['(.*)+', '(.x)+', true],
  ['*?x*', 'aax', true],
];

for (const [pattern, text, fits] of cases) {
  test(`"${pattern}" ${fits ? 'fits' : 'does not fit'} ${JSON.stringify(text)}`, () => {
    assert.equal(compileGlob(pattern)(text), fits);
  });
}

test('agrees with the regular expression a glob stands for', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '.', '\n'), maxLength: 8 });
  const texts = fc.string({ unit: fc.constantFrom('a', 'b', '.', '\n'), maxLength: 10 });
  fc.assert(
    fc.property(letters, texts, (pattern, text) => {
      const source = Array.from(pattern, (sign) =>
        sign === '*'
          ? '[^]*'
          : sign === '?'
            ? '[^]'
            : sign.replace(
                /[.\n]/,
                (found) => `\\u00${found.charCodeAt(0).toString(16).padStart(2, '0')}`,
              ),
      );
      assert.equal(compileGlob(pattern)(text), new RegExp(`^${source.join('')}$`).test(text));
    }),
    { numRuns: 2000 },
  );
});

test('many stars over a long text end soon', () => {
  const text = 'a'.repeat(100_000);
  assert.equal(compileGlob(`${'a*'.repeat(50)}b`)(text), false);
});
