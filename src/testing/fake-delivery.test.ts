import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createGunzip, gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { Delivery, Piece } from './behaviour.ts';
import { deliver } from './fake-delivery.ts';

const frames = (...texts: readonly string[]): Buffer[] => texts.map((text) => Buffer.from(text));

const delivered = (texts: readonly string[], delivery: Delivery = {}): readonly Piece[] =>
  deliver({ status: 200, headers: {}, frames: frames(...texts) }, delivery).pieces;

/** The writes, without the empty first one. */
function writes(pieces: readonly Piece[]): Buffer[] {
  return pieces.filter((piece) => Buffer.isBuffer(piece));
}

const EVENTS = ['data: {"a":"x"}\n\n', 'data: {"b":"größer"}\n\n', 'data: [DONE]\n\n'];

describe('deliver', () => {
  test('however it is split, the bytes are the same', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 5 }),
        fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
        fc.array(fc.nat(80), { maxLength: 5 }),
        (texts, bytesPerWrite, ends) => {
          const splitAt = ends.toSorted((a, b) => a - b);
          const size = bytesPerWrite === undefined ? {} : { bytesPerWrite };
          const parts = writes(delivered(texts, { ...size, splitAt }));
          assert.equal(Buffer.concat(parts).toString(), texts.join(''));
          for (const part of parts) assert.ok(part.length <= (bytesPerWrite ?? Infinity));
        },
      ),
    );
  });

  test('writes end where they are told to', () => {
    const parts = writes(delivered(['abcdefghij'], { splitAt: [3, 4] }));
    assert.deepEqual(parts.map(String), ['abc', 'd', 'efghij']);
  });

  test('pauses stand between writes, a bad end behind them', () => {
    const pieces = delivered(['a', 'b', 'c'], { pause: 7, end: 'hang' });
    assert.deepEqual(
      pieces.map((piece) => (Buffer.isBuffer(piece) ? String(piece) : piece)),
      ['', 'a', { pause: 7 }, 'b', { pause: 7 }, 'c', { end: 'hang' }],
    );
  });

  const cut = (where: NonNullable<Delivery['cut']>, texts = EVENTS): Buffer =>
    Buffer.concat(writes(delivered(texts, { cut: where })));

  test('cut inside a character', () => {
    const bytes = cut('character');
    assert.equal(bytes.at(-1), 0xc3);
    assert.throws(() => new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    assert.equal(bytes.subarray(0, -1).toString(), `${EVENTS[0]}data: {"b":"gr`);
    assert.throws(() => cut('character', ['plain']), /no character/);
  });

  test('cut before the end of an event, inside its JSON, and after a number of bytes', () => {
    assert.equal(cut('event').toString(), `${EVENTS[0]}data: {"b":"größer"}`);
    const text = cut('json').toString();
    assert.ok(text.startsWith(`${EVENTS[0]}data: {`) && !text.includes('größer'));
    assert.equal(cut(4).toString(), 'data');
    assert.equal(cut(0).length, 0);
    assert.equal(cut('json', ['{"id":"x"}']).toString(), '{"id"');
    assert.throws(() => cut('event', ['{"id":"x"}']), /no stream/);
  });

  test('gzip is one member that standard decoders read, each event on its own', async () => {
    const exchange = deliver(
      { status: 200, headers: { 'content-type': 'x' }, frames: frames(...EVENTS) },
      { gzip: true },
    );
    assert.deepEqual(exchange.headers, { 'content-type': 'x', 'content-encoding': 'gzip' });
    const parts = writes(exchange.pieces);
    assert.equal(gunzipSync(Buffer.concat(parts)).toString(), EVENTS.join(''));
    assert.equal(parts.length, EVENTS.length + 1);
    const unpacked = createGunzip();
    unpacked.write(parts[0]);
    const [first] = (await unpacked.take(1).toArray()) as [Buffer];
    assert.equal(first.toString(), EVENTS[0]);
  });

  test('gzip that is cut lacks its end', () => {
    const parts = writes(delivered(EVENTS, { gzip: true, cut: 'event' }));
    assert.throws(() => gunzipSync(Buffer.concat(parts)), { code: 'Z_BUF_ERROR' });
  });
});
