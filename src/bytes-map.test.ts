import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BytesMap } from './bytes-map.ts';

const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const long = (index: number): Uint8Array => bytesOf(`${'a'.repeat(2000)}${index}`);

test('answers as a Map does, as long as there is room', () => {
  const keys = fc.oneof(fc.uint8Array(), fc.nat(20).map(long));
  fc.assert(
    fc.property(fc.array(fc.tuple(keys, fc.nat())), (entries) => {
      const map = new BytesMap<number>(1_000_000);
      const nameOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
      const known = new Map(entries.map(([bytes, value]) => [nameOf(bytes), value]));
      for (const [bytes, value] of entries) map.set(bytes, value);
      const others = [new Uint8Array(), bytesOf('x'), long(21)];
      for (const bytes of [...entries.map(([one]) => Uint8Array.from(one)), ...others]) {
        assert.equal(map.get(bytes), known.get(nameOf(bytes)));
      }
    }),
  );
});

test('keys that differ only between the sampled bytes are told apart', () => {
  const map = new BytesMap<number>(1_000_000);
  const texts = Array.from({ length: 4 }, (_, at) => {
    const characters = Array.from('-'.repeat(6400));
    characters[101 + 200 * at] = 'x';
    return bytesOf(characters.join(''));
  });
  for (const [index, text] of texts.entries()) map.set(text, index);
  for (const [index, text] of texts.entries()) assert.equal(map.get(text), index);
  assert.equal(map.get(bytesOf('-'.repeat(6400))), undefined);
});

test('keeps what was used lately and never more than the most', () => {
  const map = new BytesMap<number>(100_000);
  for (let index = 0; index < 10_000; index++) {
    map.set(long(index), index);
    assert.equal(map.get(long(0)), 0, 'used all the time, so kept');
  }
  const kept = Array.from({ length: 10_000 }, (_, index) => index).filter(
    (index) => map.get(long(index)) !== undefined,
  );
  assert.ok(kept.length <= 50, `${kept.length} keys of 2 KB`);
  assert.ok(kept.includes(9_999));
});

test('of keys that all look alike some are kept', () => {
  const map = new BytesMap<number>(100_000_000);
  const alike = (index: number): Uint8Array =>
    bytesOf(`${'-'.repeat(401)}${String(index).padStart(6, '0')}${'-'.repeat(25_193)}`);
  for (let index = 0; index < 1000; index++) map.set(alike(index), index);
  assert.equal(map.get(alike(999)), 999);
  assert.equal(map.get(alike(0)), undefined);
});

test('a key that would leave no room for others is not kept', () => {
  const map = new BytesMap<number>(1000);
  map.set(bytesOf('x'.repeat(501)), 1);
  assert.equal(map.get(bytesOf('x'.repeat(501))), undefined);
});
