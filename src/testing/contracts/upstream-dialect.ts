/**
 * What every upstream dialect must hold to. Run it from the tests of a dialect, beside the tests of
 * that format's own quirks.
 *
 * @module
 */
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { Call, ReplyEvent } from '../../call.ts';
import type { UpstreamDialect, WireTarget } from '../../dialects/dialect.ts';
import { type FarthingError, isFarthingError } from '../../errors.ts';
import { asArray, asObject, type JsonObject } from '../../json.ts';
import type { TokenCounts } from '../../pricing/usage.ts';
import { callOf, modelAt, taskOf } from '../stage-fixtures.ts';
import { gatherChoices, readWireStream, type WireAnswer } from '../wire-stream.ts';

/** A dialect with one answer in its wire format, whole and streamed. */
export interface DialectContract {
  readonly dialect: UpstreamDialect;
  /** A 2xx JSON body. */
  readonly answer: string;
  /** The same answer as a complete stream, ended properly. */
  readonly stream: Uint8Array;
  /** What both say: one choice of plain text that ended by itself. */
  readonly text: string;
  /** What both used. */
  readonly tokens: TokenCounts;
  readonly model: string;
  /** Whether the format has embeddings. */
  readonly embeddings: boolean;
}

const target: WireTarget = {
  url: 'https://upstream.example/v1',
  key: 'contract-key-5f0c',
  headers: { 'x-extra': 'yes' },
};
const model = { ...modelAt('small'), id: 'vendor/small-1' };
const ask = { model, tier: 0 };

const chat = (request: JsonObject = {}): Call => callOf(taskOf([]), request);

/** Registers the tests. */
export function upstreamDialectContract(contract: DialectContract): void {
  describe(`${contract.dialect.name} as an upstream dialect`, () => {
    describe('encode', () => testEncode(contract));
    describe('decode', () => testDecode(contract));
    describe('decodeStream', () => testStream(contract));
    describe('a stream that is cut', () => testCuts(contract));
    describe('decodeError', () => testErrors(contract));
  });
}

function testEncode({ dialect, embeddings }: DialectContract): void {
  test('asks the model by the provider’s name for it', () => {
    for (const stream of [false, true]) {
      const request = dialect.encode(chat({ stream }), ask, target);
      assert.match(request.path, /^\/[\w/]+$/);
      const body = JSON.parse(request.body) as JsonObject;
      assert.equal(body['model'], 'vendor/small-1');
      assert.equal(body['stream'] === true, stream);
      assert.equal(request.headers['content-type'], 'application/json');
      assert.ok(request.body.includes('Hello'));
    }
  });

  test('header names are lower-case; the provider’s own headers are sent', () => {
    const { headers } = dialect.encode(chat(), ask, target);
    for (const name of Object.keys(headers)) assert.equal(name, name.toLowerCase());
    assert.equal(headers['x-extra'], 'yes');
  });

  test('the key stands in a header and nowhere else; without one no header is left empty', () => {
    const { body, headers, path } = dialect.encode(chat(), ask, target);
    assert.ok(Object.values(headers).some((value) => value.includes('contract-key-5f0c')));
    assert.ok(!body.includes('contract-key') && !path.includes('contract-key'));
    const open = dialect.encode(chat(), ask, { ...target, key: undefined }).headers;
    for (const value of Object.values(open)) assert.doesNotMatch(value, /undefined|^\s*$|Bearer/);
  });

  test('the limit of the ask is the limit of the request', () => {
    const limits = [{}, { max_tokens: 900 }, { max_completion_tokens: 900 }];
    for (const request of limits) {
      const { body } = dialect.encode(chat(request), { ...ask, maxOutputTokens: 77 }, target);
      const numbers = Object.values(JSON.parse(body) as JsonObject).filter(
        (value) => typeof value === 'number',
      );
      assert.deepEqual(numbers, [77]);
    }
  });

  test('the call is left as it was', () => {
    const call = chat({ stream: true, stream_options: {}, max_tokens: 5 });
    const before = structuredClone(call.body);
    dialect.encode(call, { ...ask, maxOutputTokens: 3 }, target);
    assert.deepEqual(call.body, before);
  });

  test(embeddings ? 'embeddings are asked for' : 'embeddings are refused', () => {
    const json = { model: 'small', input: ['a', 'b'] };
    const call: Call = {
      ...chat(),
      operation: 'embeddings',
      body: { raw: JSON.stringify(json), json },
    };
    if (embeddings) {
      const body = JSON.parse(dialect.encode(call, ask, target).body) as JsonObject;
      assert.deepEqual(body, { ...json, model: 'vendor/small-1' });
    } else throwsCode(() => dialect.encode(call, ask, target), 'unsupported_parameter');
  });
}

function testDecode({ dialect, answer, text, tokens, model: name }: DialectContract): void {
  test('a whole answer is a chat completion with its usage', () => {
    const { event, usage, model: told } = dialect.decode(answer);
    assert.deepEqual(JSON.parse(event.data), event.value);
    const [choice, ...others] = asArray(event.value['choices']);
    assert.equal(others.length, 0);
    const { message, finish_reason: reason } = asObject(choice) ?? {};
    assert.equal(asObject(message)?.['role'], 'assistant');
    assert.equal(asObject(message)?.['content'], text);
    assert.equal(reason, 'stop');
    assert.equal(event.value['object'], 'chat.completion');
    assert.equal(usage?.source, 'provider');
    assert.deepEqual(usage.tokens, tokens);
    assert.equal(told, name);
  });

  for (const body of [
    '',
    ' \n',
    '<html><b>10.0.0.7</b></html>',
    'null',
    '[]',
    '7',
    '{}',
    '{"a":',
  ]) {
    test(`${JSON.stringify(body)} is malformed, and not quoted`, () => {
      const error = throwsCode(() => dialect.decode(body), 'upstream_malformed');
      assert.equal(error.status, 502);
      assert.doesNotMatch(error.message, /10\.0\.0\.7|html>/);
    });
  }

  test('an answer cut anywhere is malformed', () => {
    for (let end = 0; end < answer.trimEnd().length; end++) {
      throwsCode(() => dialect.decode(answer.slice(0, end)), 'upstream_malformed');
    }
  });

  test('an error with status 200 is an error', () => {
    const body = { error: { type: 'rate_limit_error', message: 'slow down' } };
    const error = throwsCode(() => dialect.decode(JSON.stringify(body)), 'upstream_rejected');
    assert.equal(error.status, 429);
    assert.equal(error.upstream?.type, 'rate_limit_error');
    assert.equal(error.message, 'slow down');
    assert.ok(error.retryable);
  });
}

function testStream(contract: DialectContract): void {
  const { dialect, stream, text, tokens, model: name } = contract;

  test('every event is a chunk, and together they are the answer', () => {
    const decoder = dialect.decodeStream();
    const { events, error } = readWireStream(decoder, [stream]);
    assert.equal(error, undefined);
    assertChunks(events);
    const [choice, ...others] = gatherChoices(events);
    assert.equal(others.length, 0);
    assert.equal(choice?.text, text);
    assert.equal(choice.finishReason, 'stop');
    const roles = deltasOf(events).filter((delta) => delta['role'] !== undefined);
    assert.equal(deltasOf(events)[0]?.['role'], 'assistant');
    assert.equal(roles.length, 1);
    assert.equal(decoder.model(), name);
    assert.equal(decoder.usage()?.source, 'provider');
    assert.deepEqual(decoder.usage()?.tokens, tokens);
  });

  test('however the bytes are cut', () => {
    const whole = datasOf(readWireStream(dialect.decodeStream(), [stream]));
    for (let at = 1; at < stream.length; at++) {
      const pieces = [stream.subarray(0, at), stream.subarray(at)];
      assert.deepEqual(datasOf(readWireStream(dialect.decodeStream(), pieces)), whole);
    }
    const bytes = Array.from(stream, (_, at) => stream.subarray(at, at + 1));
    assert.deepEqual(datasOf(readWireStream(dialect.decodeStream(), bytes)), whole);
  });

  test('an empty stream and one of comments are no answers', () => {
    for (const bytes of [
      '',
      '\n\n',
      ': keep-alive\n\n',
      'data: : keep-alive\n\n',
      'data: [DONE]\n\n',
    ]) {
      const decoder = dialect.decodeStream();
      const { error } = readWireStream(decoder, [Buffer.from(bytes)]);
      assert.equal(error?.code, 'upstream_truncated', bytes);
      assert.equal(decoder.usage(), undefined);
    }
  });

  test('what is not JSON is malformed, and not quoted', () => {
    for (const data of ['<html>10.0.0.7</html>', '{"choices":[{"delta":', 'null', '3', '[1]']) {
      const { error } = readWireStream(dialect.decodeStream(), [Buffer.from(`data: ${data}\n\n`)]);
      assert.equal(error?.code, 'upstream_malformed', data);
      assert.doesNotMatch(error.message, /10\.0\.0\.7/);
    }
  });

  test('an error event ends the stream with the upstream’s own words', () => {
    const body = { type: 'error', error: { type: 'overloaded_error', message: 'try later' } };
    const bytes = Buffer.from(`event: error\ndata: ${JSON.stringify(body)}\n\n`);
    const { error } = readWireStream(dialect.decodeStream(), [bytes]);
    assert.equal(error?.code, 'upstream_rejected');
    assert.equal(error.message, 'try later');
    assert.equal(error.upstream?.type, 'overloaded_error');
    assert.ok(error.status >= 500 && error.retryable);
  });

  test('streams do not know of one another', () => {
    const other = dialect.decodeStream();
    readWireStream(dialect.decodeStream(), [stream]);
    assert.equal(other.usage(), undefined);
    assert.equal(other.model(), undefined);
    throwsCode(() => other.end(), 'upstream_truncated');
  });

  test('senseless events raise nothing but errors of ours', () => {
    const random = randomNumbers(7);
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(stream);
      for (let hits = 0; hits < 4; hits++) {
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      }
      const { events, error } = readWireStream(dialect.decodeStream(), [bytes]);
      assert.notEqual(error?.code, 'internal_error');
      assertChunks(events);
    }
  });
}

function testCuts({ dialect, stream, text }: DialectContract): void {
  test('is complete only once everything was said', () => {
    for (let end = 0; end < stream.length; end++) {
      const decoder = dialect.decodeStream();
      const { events, error } = readWireStream(decoder, [stream.subarray(0, end)]);
      assertChunks(events);
      const [choice] = gatherChoices(events);
      if (error === undefined) {
        assert.equal(choice?.text, text);
        assert.equal(choice.finishReason, 'stop');
      } else {
        assert.equal(error.code, 'upstream_truncated');
        assert.equal(choice?.finishReason, undefined);
        assert.notEqual(decoder.usage()?.source, 'provider');
        assert.ok(text.startsWith(choice?.text ?? ''));
      }
    }
  });
}

/** The upstream's status, the one the client sees, and whether trying again can help. */
const STATUSES: readonly (readonly [told: number, shown: number, retryable: boolean])[] = [
  [400, 400, false],
  [401, 502, false],
  [402, 502, false],
  [403, 502, false],
  [404, 404, false],
  [408, 408, true],
  [409, 409, true],
  [413, 413, false],
  [422, 422, false],
  [429, 429, true],
  [500, 500, true],
  [501, 501, false],
  [503, 503, true],
  [529, 529, true],
  [302, 502, false],
  [600, 502, false],
];

function testErrors({ dialect }: DialectContract): void {
  for (const [told, shown, retryable] of STATUSES) {
    test(`status ${told} becomes ${shown}`, () => {
      const body = { error: { type: 'some_error', message: 'no' } };
      const error = dialect.decodeError(told, JSON.stringify(body));
      assert.equal(error.code, 'upstream_rejected');
      assert.equal(error.status, shown);
      assert.equal(error.retryable, retryable);
      assert.equal(error.upstream?.type, 'some_error');
      assert.match(error.message, /no$/);
      if (shown === 502 && told > 400 && told < 404) assert.match(error.message, /the gateway's/);
    });
  }

  test('bodies of no known shape are described, not quoted', () => {
    for (const body of [
      '',
      '<html>10.0.0.7</html>',
      'upstream connect error 10.0.0.7',
      '[]',
      '{}',
      '"x"',
    ]) {
      const error = dialect.decodeError(503, body);
      assert.match(error.message, /^The provider answered with status 503 and /);
      assert.doesNotMatch(error.message, /10\.0\.0\.7/);
      assert.equal(error.status, 503);
    }
  });

  test('a message is bounded, and a key in it is masked', () => {
    const long = dialect.decodeError(400, JSON.stringify({ error: { message: 'x'.repeat(1e6) } }));
    assert.ok(long.message.length < 5000);
    const message =
      'Incorrect API key provided: sk-proj-abcd1234. Authorization: Bearer abcdefgh12.';
    const key = dialect.decodeError(401, JSON.stringify({ error: { message } }));
    assert.doesNotMatch(key.message, /abcd/);
  });
}

/** The error, which must be ours and have this code. */
function throwsCode(act: () => unknown, code: FarthingError['code']): FarthingError {
  try {
    act();
  } catch (thrown) {
    assert.ok(isFarthingError(thrown), String(thrown));
    assert.equal(thrown.code, code);
    return thrown;
  }
  return assert.fail(`${code} was expected`);
}

function assertChunks(events: readonly ReplyEvent[]): void {
  for (const { data, value } of events) {
    assert.deepEqual(JSON.parse(data), value);
    assert.ok(Array.isArray(value['choices']), data);
  }
}

function deltasOf(events: readonly ReplyEvent[]): JsonObject[] {
  return events.flatMap(({ value }) =>
    asArray(value['choices']).map((choice) => asObject(asObject(choice)?.['delta']) ?? {}),
  );
}

/** The events' texts without the time at which they were made. */
function datasOf({ events, error }: WireAnswer): string[] {
  return [
    ...events.map(({ data }) => data.replace(/"created":\d+/, '')),
    error?.code ?? 'complete',
  ];
}

/** Mulberry32: the same numbers in [0, 1) in every run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
