import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TextMap } from './text-map.ts';

const long = (index: number): string => `${'a'.repeat(2000)}${index}`;

test('answers as a Map does, as long as there is room', () => {
  const texts = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.nat(20).map(long));
  fc.assert(
    fc.property(fc.array(fc.tuple(texts, fc.nat())), (entries) => {
      const map = new TextMap<number>(1_000_000);
      const known = new Map(entries);
      for (const [text, value] of entries) map.set(text, value);
      for (const [text, value] of known) assert.equal(map.get(text), value);
      for (const text of ['', 'x', long(21)]) assert.equal(map.get(text), known.get(text));
    }),
  );
});

test('texts that differ only between the sampled characters are told apart', () => {
  const map = new TextMap<number>(1_000_000);
  const texts = Array.from({ length: 4 }, (_, at) => {
    const characters = Array.from('-'.repeat(6400));
    characters[101 + 200 * at] = 'x';
    return characters.join('');
  });
  for (const [index, text] of texts.entries()) map.set(text, index);
  for (const [index, text] of texts.entries()) assert.equal(map.get(text), index);
  assert.equal(map.get('-'.repeat(6400)), undefined);
});

test('keeps what was used lately and never more than the most', () => {
  const map = new TextMap<number>(100_000);
  for (let index = 0; index < 10_000; index++) {
    map.set(long(index), index);
    assert.equal(map.get(long(0)), 0, 'used all the time, so kept');
  }
  const kept = Array.from({ length: 10_000 }, (_, index) => index).filter(
    (index) => map.get(long(index)) !== undefined,
  );
  assert.ok(kept.length <= 50, `${kept.length} texts of 2 KB`);
  assert.ok(kept.includes(9_999));
});

test('of texts that all look alike some are kept', () => {
  const map = new TextMap<number>(100_000_000);
  const alike = (index: number): string =>
    `${'-'.repeat(401)}${String(index).padStart(6, '0')}${'-'.repeat(25_193)}`;
  for (let index = 0; index < 1000; index++) map.set(alike(index), index);
  assert.equal(map.get(alike(999)), 999);
  assert.equal(map.get(alike(0)), undefined);
});

test('a text that would leave no room for others is not kept', () => {
  const map = new TextMap<number>(1000);
  map.set('x'.repeat(501), 1);
  assert.equal(map.get('x'.repeat(501)), undefined);
});
