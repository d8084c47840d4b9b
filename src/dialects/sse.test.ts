import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { isFarthingError } from '../errors.ts';
import { type SseMessage, SseParser } from './sse.ts';

/** All messages of these pieces, the end included. */
function parse(...pieces: readonly (string | Uint8Array)[]): SseMessage[] {
  const parser = new SseParser();
  const messages = pieces.flatMap((piece) => parser.push(Buffer.from(piece)));
  return [...messages, ...parser.end()];
}

const datas = (...pieces: readonly (string | Uint8Array)[]): string[] =>
  parse(...pieces).map(({ data }) => data);

const message = (data: string, event?: string): SseMessage => ({ event, data });

describe('events', () => {
  const table: readonly (readonly [what: string, text: string, messages: SseMessage[]])[] = [
    ['data', 'data: a\n\n', [message('a')]],
    ['no space behind the colon', 'data:a\n\n', [message('a')]],
    ['only one space is taken', 'data:  a \n\n', [message(' a ')]],
    ['two events', 'data: a\n\ndata: b\n\n', [message('a'), message('b')]],
    ['several data lines', 'data: a\ndata:\ndata: b\n\n', [message('a\n\nb')]],
    ['CR LF', 'event: x\r\ndata: a\r\n\r\ndata: b\r\n\r\n', [message('a', 'x'), message('b')]],
    ['CR alone', 'data: a\r\rdata: b\r\r', [message('a'), message('b')]],
    [
      'line ends mixed',
      'data: a\r\n\ndata: b\n\rdata: c\r\n\r',
      ['a', 'b', 'c'].map((d) => message(d)),
    ],
    ['an event name', 'event: ping\ndata: {}\n\n', [message('{}', 'ping')]],
    [
      'a name holds for one event',
      'event: x\ndata: a\n\ndata: b\n\n',
      [message('a', 'x'), message('b')],
    ],
    ['an empty name is none', 'event:\ndata: a\n\n', [message('a')]],
    ['a name without data is no event', 'event: x\n\ndata: a\n\n', [message('a')]],
    ['comments', ': hi\n\n:\ndata: a\n: there\n\n', [message('a')]],
    ['keep-alives as data', 'data: : keepalive\n\ndata: a\n\n', [message('a')]],
    ['data with a colon', 'data: a: b\n\n', [message('a: b')]],
    ['a lone colon among other lines is data', 'data: :\ndata: b\n\n', [message(':\nb')]],
    ['unknown fields', 'id: 7\nretry: 10\nfoo\ndata: a\n\n', [message('a')]],
    ['a field without a colon', 'data\n\n', [message('')]],
    ['a byte order mark', '\ufeffdata: a\n\n', [message('a')]],
    ['[DONE] is data', 'data: [DONE]\n\n', [message('[DONE]')]],
    ['blank lines between', '\n\n\ndata: a\n\n\n\n', [message('a')]],
    ['nothing', '', []],
  ];
  for (const [what, text, messages] of table) {
    test(what, () => assert.deepEqual(parse(text), messages));
  }

  test('at the end a blank line may be missing, which the event tells', () => {
    for (const text of ['data: a', 'data: a\n', 'data: a\r\n', 'data: a\r']) {
      assert.deepEqual(parse(text), [{ event: undefined, data: 'a', unclosed: true }]);
    }
    assert.deepEqual(parse('data: a\n\n: bye'), [message('a')]);
    assert.deepEqual(parse('data: a\n\nevent: x'), [message('a')]);
  });

  test('a character that is cut at the end is replaced', () => {
    assert.deepEqual(datas(Buffer.from('data: é').subarray(0, -1)), ['\ufffd']);
  });
});

describe('cutting', () => {
  const text =
    '\ufeff: hi\r\nevent: greeting\ndata: Zoë – 🙂\r\rdata: {"a":1}\n\ndata: x\r\n\ndata:y\n\r\n' +
    'data: 1\ndata: 2\n\n: c\n\ndata: [DONE]\n\n';
  const bytes = Buffer.from(text);
  const whole = parse(bytes);

  test('at every byte', () => {
    assert.equal(whole.length, 6);
    for (let at = 0; at <= bytes.length; at++) {
      assert.deepEqual(parse(bytes.subarray(0, at), bytes.subarray(at)), whole);
    }
  });

  test('into single bytes, with empty pieces between', () => {
    const pieces = Array.from(bytes, (_, at) => [bytes.subarray(at, at + 1), new Uint8Array()]);
    assert.deepEqual(parse(...pieces.flat()), whole);
  });

  test('property: anywhere, for any lines', () => {
    const line = fc.constantFrom(
      'data: a',
      'data:é',
      'data',
      'event: e',
      ': c',
      '',
      'id: 1',
      'data: {"x":"🙂"}',
    );
    const end = fc.constantFrom('\n', '\r', '\r\n');
    const stream = fc.array(fc.tuple(line, end), { maxLength: 12 });
    const cuts = fc.array(fc.nat(120), { maxLength: 6 });
    fc.assert(
      fc.property(stream, cuts, (lines, places) => {
        const sent = Buffer.from(lines.flat().join(''));
        const bounds = [0, ...places.toSorted((a, b) => a - b), sent.length];
        const pieces = bounds.slice(1).map((to, index) => sent.subarray(bounds[index], to));
        const joined = Buffer.concat(pieces);
        assert.deepEqual(parse(...pieces), parse(joined));
      }),
      { numRuns: 2000 },
    );
  });
});

test('random bytes crash nothing', () => {
  const alphabet = Buffer.from('data: event\r\n:\ufeff{}é\0');
  let state = 20_261_124;
  const next = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0);
  for (let round = 0; round < 100_000; round++) {
    const bytes = new Uint8Array((next() >>> 16) % 24);
    for (let at = 0; at < bytes.length; at++) {
      const value = next() >>> 16;
      bytes[at] = value % 4 === 0 ? value >>> 2 : (alphabet[(value >>> 2) % alphabet.length] ?? 0);
    }
    for (const { data } of parse(bytes)) assert.equal(typeof data, 'string');
  }
});

describe('bounds', () => {
  const megabyte = Buffer.alloc(1024 * 1024, 'x');
  const endless = (prefix: string, piece: Buffer): void => {
    const parser = new SseParser();
    parser.push(Buffer.from(prefix));
    for (let pieces = 0; pieces < 20; pieces++) parser.push(piece);
  };
  const isMalformed = (error: unknown): boolean =>
    isFarthingError(error) && error.code === 'upstream_malformed';

  test('a line without an end', () =>
    assert.throws(() => endless('data: ', megabyte), isMalformed));

  test('an event without an end', () => {
    const line = Buffer.concat([Buffer.from('data: '), megabyte, Buffer.from('\n')]);
    assert.throws(() => endless('', line), isMalformed);
  });

  test('a large event in small pieces arrives', () => {
    const parser = new SseParser();
    const piece = Buffer.alloc(4096, 'y');
    parser.push(Buffer.from('data: '));
    for (let pieces = 0; pieces < 2048; pieces++) assert.deepEqual(parser.push(piece), []);
    const [only] = parser.push(Buffer.from('\n\n'));
    assert.equal(only?.data.length, 2048 * 4096);
  });
});
