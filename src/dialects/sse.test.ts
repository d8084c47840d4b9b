import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isFarthingError } from '../errors.ts';
import { parseRequestBody } from './request-body.ts';
import { type SseMessage, SseParser } from './sse.ts';

function parse(...pieces: readonly Uint8Array[]): SseMessage[] {
  const parser = new SseParser();
  return [...pieces.flatMap((piece) => parser.push(piece)), ...parser.end()];
}

const bytes = (text: string): Uint8Array => Buffer.from(text);
const data = (...texts: string[]): SseMessage[] =>
  texts.map((text) => ({ event: undefined, data: text }));

const CASES: readonly (readonly [what: string, stream: string, messages: SseMessage[]])[] = [
  ['two events', 'data: a\n\ndata: b\n\n', data('a', 'b')],
  ['CR LF', 'data: a\r\n\r\ndata: b\r\n\r\n', data('a', 'b')],
  ['CR alone', 'data: a\r\rdata: b\r\r', data('a', 'b')],
  ['a byte order mark', '\uFEFFdata: a\n\n', data('a')],
  ['comments', ': ping\n\ndata: a\n: pong\n\n:\n\n', data('a')],
  ['a comment sent as data', 'data: : keepalive\n\ndata: a\n\n', data('a')],
  ['several data lines', 'data: a\ndata: b\n\n', data('a\nb')],
  ['no space after the colon', 'data:a\n\n', data('a')],
  ['a field without a colon', 'data\n\n', data('')],
  ['event names', 'event: ping\ndata: {}\n\n', [{ event: 'ping', data: '{}' }]],
  ['other fields', 'id: 7\nretry: 10\ndata: a\n\n', data('a')],
  ['no blank line at the end', 'data: a\n\ndata: b', data('a', 'b')],
  ['nothing', '', []],
  ['letters beyond ASCII', 'data: für 日本 🎉\n\n', data('für 日本 🎉')],
];

describe('server-sent events', () => {
  for (const [what, stream, messages] of CASES) {
    test(`${what}, cut at every byte`, () => {
      const whole = bytes(stream);
      assert.deepEqual(parse(whole), messages);
      for (let at = 0; at <= whole.length; at++) {
        assert.deepEqual(
          parse(whole.subarray(0, at), whole.subarray(at)),
          messages,
          `cut at ${at}`,
        );
      }
      assert.deepEqual(parse(...Array.from(whole, (byte) => Uint8Array.of(byte))), messages);
    });
  }

  test('however the bytes are cut, the messages are the same', () => {
    const line = fc.constantFrom(
      'data: x',
      'data: für',
      'data:',
      ': c',
      'event: e',
      '',
      '',
      'id: 1',
      'junk',
    );
    fc.assert(
      fc.property(
        fc.array(line),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.array(fc.nat(200)),
        (lines, end, cuts) => {
          const whole = bytes(lines.map((text) => text + end).join(''));
          const places = [
            ...cuts.filter((cut) => cut < whole.length).toSorted((a, b) => a - b),
            whole.length,
          ];
          const pieces = places.map((place, index) =>
            whole.subarray(places[index - 1] ?? 0, place),
          );
          assert.deepEqual(parse(...pieces), parse(whole));
        },
      ),
    );
  });

  test('an event without an end is refused, not collected', () => {
    const parser = new SseParser();
    const chunk = bytes('x'.repeat(1024 * 1024));
    assert.throws(() => {
      parser.push(bytes('data: '));
      for (let megabyte = 0; megabyte < 20; megabyte++) parser.push(chunk);
    }, /without an end/);
  });
});

/** xorshift32: fast, and the same stream in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Bytes that are mostly the ones that mean something. */
function randomBytes(random: () => number): Uint8Array {
  const meaning = 'data: event:{}[]",\\\n\r\n:u006model';
  return Uint8Array.from({ length: random() % 48 }, () =>
    random() % 4 === 0 ? random() % 256 : meaning.charCodeAt(random() % meaning.length),
  );
}

test('a hundred thousand random byte streams crash nothing', () => {
  const random = generator(0x5eed);
  for (let run = 0; run < 100_000; run++) {
    const stream = randomBytes(random);
    const cut = random() % (stream.length + 1);
    for (const message of parse(stream.subarray(0, cut), stream.subarray(cut))) {
      assert.equal(typeof message.data, 'string');
    }
  }
});

test('a hundred thousand random bodies crash nothing: they are bodies, or refused', () => {
  const random = generator(0xb0d1);
  for (let run = 0; run < 100_000; run++) {
    try {
      assert.equal(
        typeof parseRequestBody(Buffer.from(randomBytes(random)).toString()).json,
        'object',
      );
    } catch (error) {
      assert.ok(isFarthingError(error) && error.status === 400, String(error));
    }
  }
});
