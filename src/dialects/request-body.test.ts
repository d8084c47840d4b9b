import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fieldSpans } from './json-scan.ts';
import { parseRequestBody, rewriteBody } from './request-body.ts';

const rewritten = (raw: string, changes: Partial<Parameters<typeof rewriteBody>[1]> = {}): string =>
  rewriteBody(parseRequestBody(raw), { model: 'new', ...changes });

describe('rewriting a body', () => {
  test('only the model changes, byte for byte', () => {
    const raw =
      '{ "a":1.50,\t"model" :\n"old", "t":"h\\u00e9 \\"model\\": \\"old\\"", "big": 12345678901234567890 }';
    assert.equal(rewritten(raw), raw.replace('"old"', '"new"'));
  });

  test('the key inside of tools is left alone', () => {
    const raw =
      '{"tools":[{"properties":{"model":{"type":"string"}}}],"x":{"model":"old"},"model":"old"}';
    assert.equal(rewritten(raw), raw.replace(/"old"\}$/, '"new"}'));
  });

  test('a key that stands twice cannot smuggle in another model', () => {
    for (const raw of [
      '{"model":"a","model":"dear"}',
      '{"model":"a","mod\\u0065l":"dear"}',
      '{"mod\\u0065l":"dear","model":"a"}',
    ]) {
      const text = rewritten(raw);
      assert.deepEqual(JSON.parse(text), { model: 'new' });
      assert.doesNotMatch(text, /dear/);
    }
  });

  test('usage is asked for by adding to the front', () => {
    const raw = ' {"model":"old","stream":true}';
    assert.equal(
      rewritten(raw, { includeUsage: true }),
      ' {"stream_options":{"include_usage":true},"model":"new","stream":true}',
    );
    assert.deepEqual(
      JSON.parse(rewritten('{"model":"old","stream_options":{"x":1}}', { includeUsage: true })),
      {
        model: 'new',
        stream_options: { x: 1, include_usage: true },
      },
    );
  });

  test('a limit replaces the client’s', () => {
    const limit = { field: 'max_tokens', tokens: 5 };
    assert.deepEqual(
      JSON.parse(rewritten('{"model":"old","max_completion_tokens":900}', { limit })),
      { model: 'new', max_tokens: 5 },
    );
  });

  test('whatever else is in the body, it is the same body with another model', () => {
    const key = fc.oneof(
      fc.string(),
      fc.constantFrom('model', 'mode', '__proto__', '"model"', 'mod\\el', 'stream'),
    );
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('old', '"model":"old"', '{"model":"x"}'),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(key, value)),
        fc.nat(3),
        fc.boolean(),
        (fields, place, spaced) => {
          const entries = fields
            .filter(([name]) => name !== 'stream_options')
            .map(([name, content]) => `${JSON.stringify(name)}:${JSON.stringify(content)}`);
          entries.splice(place, 0, '"model":"old"');
          const raw = `{${entries.join(spaced ? ' ,\n ' : ',')}}`;
          const expected = JSON.parse(raw) as Record<string, unknown>;
          expected['model'] = 'new';
          assert.deepEqual(JSON.parse(rewritten(raw)), expected);
        },
      ),
      { numRuns: 500 },
    );
  });
});

test('spans of a field are where its values stand', () => {
  const raw = '{"a":{"b":[1,"}"]},"b" : "x\\\\", "b":null , "c":-1.5e3}';
  const texts = (name: string) =>
    fieldSpans(raw, name).map(({ start, end }) => raw.slice(start, end));
  assert.deepEqual(texts('a'), ['{"b":[1,"}"]}']);
  assert.deepEqual(texts('b'), ['"x\\\\"', 'null']);
  assert.deepEqual(texts('c'), ['-1.5e3']);
  assert.deepEqual(texts('d'), []);
});

test('a body that is wrong is refused without being quoted', () => {
  for (const raw of ['', '{"secret', '[1]', 'null', '"secret"', '{"a":secret}']) {
    assert.throws(
      () => parseRequestBody(raw),
      (error: unknown) =>
        error instanceof Error && !/secret/.test(`${error.message}${String(error.cause)}`),
    );
  }
});
