import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { JsonObject } from '../json.ts';
import { isFarthingError } from '../errors.ts';
import { type BodyChanges, parseRequestBody, rewriteBody } from './request-body.ts';

const rewrite = (raw: string, changes: BodyChanges): string =>
  rewriteBody(parseRequestBody(raw), changes);

function refusal(raw: string): { code: string; message: string } {
  try {
    parseRequestBody(raw);
  } catch (thrown) {
    assert.ok(isFarthingError(thrown));
    assert.equal(thrown.cause, undefined);
    assert.equal(thrown.status, 400);
    return { code: thrown.code, message: thrown.message };
  }
  return assert.fail('an error was expected');
}

describe('parseRequestBody', () => {
  test('keeps the text beside the object', () => {
    const raw = ' {"model" : "m"}\n';
    assert.deepEqual(parseRequestBody(raw), { raw, json: { model: 'm' } });
  });

  const faults: readonly (readonly [raw: string, place: string, hint: RegExp])[] = [
    ['{"secret":1,}', 'position 12 (line 1, column 13)', /comma must be followed/],
    ['{\n "a" 1}', 'position 7 (line 2, column 6)', /a colon/],
    ['{"a":[1 2]}', 'position 8 (line 1, column 9)', /a comma or "\]"/],
    ['{"a":{"b":1 "c":2}}', 'position 12 (line 1, column 13)', /a comma or "}"/],
    ["{'secret':1}", 'position 1 (line 1, column 2)', /field name in double quotes/],
    ['{secret:1}', 'position 1 (line 1, column 2)', /field name in double quotes/],
    ['{"a":\'secret\'}', 'position 5 (line 1, column 6)', /double quotes/],
    ['{"a":"sec\nret"}', 'position 9 (line 1, column 10)', /control character/],
    ['{"a":"sec\\xret"}', 'position 9 (line 1, column 10)', /escape/],
    ['{"a":"\\u12"}', 'position 6 (line 1, column 7)', /escape/],
    ['{"a":01}', 'position 5 (line 1, column 6)', /value/],
    ['{"a":NaN}', 'position 5 (line 1, column 6)', /value/],
    ['{"a":"secret', 'position 12 (line 1, column 13)', /ends too early/],
    ['{"a":[{}', 'position 8 (line 1, column 9)', /ends too early/],
    ['{"a":1}secret', 'position 7 (line 1, column 8)', /nothing more/],
    ['secret', 'position 0 (line 1, column 1)', /value/],
    ['\ufeff{}', 'position 0 (line 1, column 1)', /byte order mark/],
  ];
  for (const [raw, place, hint] of faults) {
    test(`a fault is placed and not quoted: ${JSON.stringify(raw)}`, () => {
      const { code, message } = refusal(raw);
      assert.equal(code, 'invalid_json');
      assert.ok(message.includes(place), message);
      assert.match(message, hint);
      assert.doesNotMatch(message, /sec|ret/);
    });
  }

  test('an empty body', () => {
    for (const raw of ['', ' \n']) assert.match(refusal(raw).message, /body is empty/);
  });

  test('a large body that is cut', () => {
    const { message } = refusal(`{"a":"${'x'.repeat(2_000_000)}`);
    assert.match(message, /not valid JSON; send/);
  });

  test('JSON that is no object', () => {
    for (const raw of ['[]', '"x"', '7', 'null', 'true']) {
      assert.equal(refusal(raw).code, 'invalid_type');
    }
  });

  test('property: every text that is no JSON is refused as such, with its place', () => {
    const text = fc.string({
      unit: fc.constantFrom(...'{}[]":,\\ 10eE+-.truefalsn\n\u0001é'.split('')),
    });
    fc.assert(
      fc.property(text, (raw) => {
        try {
          JSON.parse(raw);
        } catch {
          const { code, message } = refusal(raw);
          assert.equal(code, 'invalid_json');
          assert.match(message, /at position \d+ |is empty/);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('rewriteBody: the model', () => {
  const spliced: readonly (readonly [what: string, raw: string, sent: string])[] = [
    ['plain', '{"model":"m","a":1}', '{"model":"new","a":1}'],
    ['spaces stay', ' {\n\t"model" :\r "m" , "a" : 1 }\n', ' {\n\t"model" :\r "new" , "a" : 1 }\n'],
    [
      'numbers stay',
      '{"seed":12345678901234567890,"t":1.0,"model":"m"}',
      '{"seed":12345678901234567890,"t":1.0,"model":"new"}',
    ],
    ['escapes stay', '{"a":"\\u00e9\\/","model":"m"}', '{"a":"\\u00e9\\/","model":"new"}'],
    ['an escaped name', '{"model":"\\u006d","a":1}', '{"model":"new","a":1}'],
    ['an escaped key', '{"mod\\u0065l":"m","a":1}', '{"mod\\u0065l":"new","a":1}'],
    [
      'nested keys are others',
      '{"x":{"model":"n"},"model":"m"}',
      '{"x":{"model":"n"},"model":"new"}',
    ],
    [
      'nested keys behind',
      '{"model":"m","x":[{"model":"n"}]}',
      '{"model":"new","x":[{"model":"n"}]}',
    ],
    [
      'nested keys of the same value',
      '{"x":{"model":"m"},"model":"m"}',
      '{"x":{"model":"m"},"model":"new"}',
    ],
    ['values are no keys', '{"a":"model","model":"m"}', '{"a":"model","model":"new"}'],
    [
      'text is no key',
      '{"a":"\\"model\\":\\"z\\"","model":"m"}',
      '{"a":"\\"model\\":\\"z\\"","model":"new"}',
    ],
    ['backslashes', '{"a":"\\\\","model":"m\\\\"}', '{"a":"\\\\","model":"new"}'],
    [
      'brackets in strings',
      '{"a":["]}",{"b":"{["}],"model":"m","model2":1}',
      '{"a":["]}",{"b":"{["}],"model":"new","model2":1}',
    ],
    ['duplicates of others', '{"a":1,"a":2,"model":"m"}', '{"a":1,"a":2,"model":"new"}'],
    [
      '__proto__',
      '{"__proto__":{"model":"n"},"model":"m"}',
      '{"__proto__":{"model":"n"},"model":"new"}',
    ],
    ['an empty key', '{"":1,"model":"m"}', '{"":1,"model":"new"}'],
  ];
  for (const [what, raw, sent] of spliced) {
    test(what, () => assert.equal(rewrite(raw, { model: 'new' }), sent));
  }

  test('the same name changes nothing', () => {
    const raw = '{ "model": "m", "a": 1.0 }';
    assert.equal(rewrite(raw, { model: 'm' }), raw);
    assert.equal(rewrite(raw, {}), raw);
  });

  test('a name with quotes', () => {
    const model = 'a"b\\c\n';
    assert.deepEqual(JSON.parse(rewrite('{"model":"m"}', { model })), { model });
  });

  test('a second model is not let through, however it is written', () => {
    for (const second of ['"model"', '"mod\\u0065l"', '"\\u006dodel"']) {
      for (const raw of [
        `{"model":"m","a":1.0,${second}:"smuggled"}`,
        `{${second}:"smuggled","a":1.0,"model":"m"}`,
        `{${second}:"smuggled","a":1.0,${second}:"m"}`,
      ]) {
        const sent = rewrite(raw, { model: 'new' });
        assert.doesNotMatch(sent, /smuggled|"m"/);
        assert.equal(sent.match(/:"new"/g)?.length, 1);
        assert.ok(sent.includes('"a":1.0'));
        assert.deepEqual(JSON.parse(sent), { model: 'new', a: 1 });
      }
    }
  });

  test('a body without one gets one', () => {
    assert.equal(rewrite('{}', { model: 'new' }), '{"model":"new"}');
    assert.equal(
      rewrite('{}', { includeUsage: true }),
      '{"stream_options":{"include_usage":true}}',
    );
    assert.equal(
      rewrite('{"a":{"model":"n"}}', { model: 'new' }),
      '{"a":{"model":"n"},"model":"new"}',
    );
  });
});

describe('rewriteBody: usage and limits', () => {
  test('usage is asked for in front, and all else stays', () => {
    const sent = rewrite(' { "model":"m", "seed":1.0}', { model: 'n', includeUsage: true });
    assert.equal(sent, ' {"stream_options":{"include_usage":true}, "model":"n", "seed":1.0}');
  });

  test('options that are there are kept', () => {
    for (const [given, sent] of [
      ['{"include_obfuscation":false}', '{"include_obfuscation":false,"include_usage":true}'],
      ['{"include_usage":false}', '{"include_usage":true}'],
      ['null', '{"include_usage":true}'],
    ]) {
      assert.equal(
        rewrite(`{"model":"m","stream_options":${given},"x":1.0}`, {
          model: 'n',
          includeUsage: true,
        }),
        `{"model":"n","stream_options":${sent},"x":1.0}`,
      );
    }
  });

  test('nothing is added where usage is asked for already', () => {
    const raw = '{"stream_options": {"include_usage": true}, "model":"m"}';
    assert.equal(rewrite(raw, { model: 'm', includeUsage: true }), raw);
  });

  test('a limit takes the place of the client’s own; all else keeps its bytes', () => {
    const limit = { field: 'max_tokens', tokens: 5 };
    assert.equal(
      rewrite('{"max_completion_tokens":9,"model":"m","max_tokens":8,"seed":1e400}', { limit }),
      '{"model":"m","max_tokens":5,"seed":1e400}',
    );
    assert.equal(rewrite('{"model":"m"}', { limit, model: 'n' }), '{"model":"n","max_tokens":5}');
    assert.equal(
      rewrite('{"max_tokens":1,"model":"m","max_tokens":2}', { limit }),
      '{"max_tokens":5,"model":"m"}',
    );
  });
});

/** Any JSON object as a client might write it: spaces anywhere, duplicates, escapes, odd keys. */
const { object } = fc.letrec<{ value: string; object: string }>((tie) => {
  const space = fc.constantFrom('', ' ', '\n', '\t ');
  const literal = fc.oneof(
    fc.string().map((text) => JSON.stringify(text)),
    fc.constantFrom('"\\u006dodel"', '"\\"model\\""', '"\\\\"', '"}"', '"]"', '"\\ud83d"'),
  );
  const key = fc.oneof(
    fc.constantFrom(
      '"model"',
      '"mod\\u0065l"',
      '"__proto__"',
      '"stream_options"',
      '"max_tokens"',
      '""',
    ),
    // After an object with the key "\\" V8 takes any key that begins with an escape for it (seen in 13.6).
    literal.filter((text) => text !== '"\\\\"'),
  );
  const member = fc.tuple(space, key, space, tie('value'), space);
  return {
    value: fc.oneof(
      { depthSize: 'small' },
      literal,
      fc.constantFrom('null', 'true', '-1.50e+3', '12345678901234567890', '{}', '[ ]'),
      tie('object'),
      fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
    ),
    object: fc
      .array(member, { maxLength: 4 })
      .map((members) => `{${members.map(([a, k, b, v, c]) => `${a}${k}${b}:${v}${c}`).join(',')}}`),
  };
});

const MODEL = fc.constantFrom('"model":"m"', '"model": "gpt-4o"', '"m\\u006fdel":"x"');
const body = fc
  .tuple(object, MODEL, fc.boolean())
  .map(([text, model, first]) => {
    const inner = text.slice(1, -1).trim();
    if (inner === '') return `{${model}}`;
    return first ? `{${model},${inner}}` : `{${inner}, ${model} }`;
  })
  .filter((raw) => typeof (JSON.parse(raw) as JsonObject)['model'] === 'string');

test('property: what is sent is what was parsed, with the change', () => {
  fc.assert(
    fc.property(body, fc.boolean(), fc.option(fc.nat(99)), (raw, includeUsage, tokens) => {
      const limit = tokens === null ? undefined : { field: 'max_tokens', tokens };
      const sent = rewrite(raw, { model: 'new "one"', includeUsage, limit });
      const parsed = JSON.parse(raw) as Record<string, unknown>;
      const options = parsed['stream_options'];
      const kept = typeof options === 'object' && !Array.isArray(options) ? options : {};
      const { max_tokens: own, max_completion_tokens: _, ...rest } = parsed;
      const untouched = limit === undefined ? parsed : rest;
      const expected = {
        ...untouched,
        model: 'new "one"',
        ...(includeUsage ? { stream_options: { ...kept, include_usage: true } } : {}),
        ...(limit === undefined ? {} : { max_tokens: limit.tokens }),
      };
      assert.deepEqual(JSON.parse(sent), expected, `${raw} ${String(own)}`);
    }),
    { numRuns: 2000 },
  );
});

test('property: where one model stands, all other bytes stay', () => {
  fc.assert(
    fc.property(body, (raw) => {
      const sent = rewrite(raw, { model: 'new-one' });
      const members = raw.match(/"(?:m|\\u006d)(?:o|\\u006f)d(?:e|\\u0065)l"\s*:/g) ?? [];
      if (members.length !== 1) return;
      const at = sent.indexOf('"new-one"');
      assert.ok(at > 0);
      assert.equal(raw.slice(0, at), sent.slice(0, at));
      assert.ok(raw.endsWith(sent.slice(at + '"new-one"'.length)));
    }),
    { numRuns: 2000 },
  );
});
