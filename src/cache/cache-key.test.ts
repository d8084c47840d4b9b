import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Call } from '../call.ts';
import type { CachePolicy } from '../config/cache-policy.ts';
import type { Task } from '../config/config.ts';
import type { Json, JsonObject } from '../json.ts';
import { callOf, modelAt, taskOf, tierOf, policyOf } from '../testing/stage-fixtures.ts';
import { cacheKeyOf, IGNORED_FIELDS } from './cache-key.ts';

const policy = policyOf({ sampled: true });
const task = taskOf([tierOf(modelAt('small', 1))]);
const found: Task = { ...task, origin: 'found' };

/** A call as it comes off the wire: what `JSON.parse` makes of a text. */
function callWith(raw: string, more: Partial<Call> = {}): Call {
  return { ...callOf(task), body: { raw, json: JSON.parse(raw) as JsonObject }, ...more };
}

const keyOf = (json: JsonObject, more: Partial<Call> = {}): string | undefined =>
  cacheKeyOf(callWith(JSON.stringify(json), more), task, policy);

const BASE: JsonObject = {
  model: 'task/test',
  messages: [{ role: 'user', content: 'Hello' }],
  temperature: 0,
};

/** Fields that peers have left out of their keys, each with two values. */
const FIELDS: Readonly<Record<string, readonly [Json, Json]>> = {
  messages: [[{ role: 'user', content: 'on' }], [{ role: 'user', content: 'off' }]],
  temperature: [0, 1],
  top_p: [0.5, 1],
  n: [1, 2],
  seed: [1, 2],
  stop: [['\n'], null],
  max_tokens: [10, 20],
  max_completion_tokens: [10, 20],
  presence_penalty: [0, 1],
  frequency_penalty: [0, 1],
  logit_bias: [{ 50256: -100 }, {}],
  logprobs: [true, false],
  top_logprobs: [1, 2],
  response_format: [{ type: 'json_object' }, { type: 'text' }],
  tools: [[{ type: 'function', function: { name: 'a' } }], []],
  tool_choice: ['auto', 'none'],
  parallel_tool_calls: [true, false],
  reasoning_effort: ['low', 'high'],
  verbosity: ['low', 'high'],
  modalities: [['text'], ['text', 'audio']],
  audio: [{ voice: 'alloy' }, { voice: 'echo' }],
  prediction: [
    { type: 'content', content: 'a' },
    { type: 'content', content: 'b' },
  ],
  web_search_options: [{}, { search_context_size: 'low' }],
  service_tier: ['default', 'flex'],
  thinking: [{ type: 'enabled', budget_tokens: 1024 }, { type: 'disabled' }],
  a_field_of_next_year: [1, 2],
};

describe('the key of a call', () => {
  for (const [field, [one, other]] of Object.entries(FIELDS)) {
    test(`covers ${field}: its value, and whether it is there`, () => {
      const { [field]: _, ...without } = BASE;
      const keys = [
        keyOf({ ...BASE, [field]: one }),
        keyOf({ ...BASE, [field]: other }),
        ...(field === 'messages' ? [] : [keyOf(without)]),
      ];
      assert.equal(new Set(keys).size, keys.length);
    });
  }

  test('leaves out what is listed, and the order of fields, spaces and escapes', () => {
    const key = keyOf(BASE);
    for (const field of Object.keys(IGNORED_FIELDS)) {
      assert.equal(keyOf({ ...BASE, [field]: 'whatever' }), key, field);
    }
    const written =
      '{ "temperature": 0.0, "messages" : [ {"content":"H\\u0065llo","role":"user"} ], "model":"task/test" }';
    assert.equal(cacheKeyOf(callWith(written), task, policy), key);
  });

  test('an omitted temperature is not an explicit one, whatever its value', () => {
    const { temperature: _, ...without } = BASE;
    for (const temperature of [0, 1, null]) {
      assert.notEqual(keyOf({ ...BASE, temperature }), keyOf(without));
    }
  });

  test('covers the model for a found task, and leaves it to the task for a configured one', () => {
    const keys = ['a', 'b'].map((model) => callWith(JSON.stringify({ ...BASE, model })));
    const [one, other] = keys;
    assert.ok(one !== undefined && other !== undefined);
    assert.equal(cacheKeyOf(one, task, policy), cacheKeyOf(other, task, policy));
    assert.notEqual(cacheKeyOf(one, found, policy), cacheKeyOf(other, found, policy));
  });

  test('what parsing loses is not lost: large numbers, fields that stand twice', () => {
    const raw = (more: string): string =>
      `{"model":"task/test","messages":[{"role":"user","content":"a \\" b: {"}],${more}}`;
    const different = [
      ['"seed":9007199254740993', '"seed":9007199254740992'],
      ['"seed":1e400', '"seed":1e500'],
      ['"top_p":1,"top_p":0.5', '"top_p":0.5'],
      ['"x":{"a":1,"a":2}', '"x":{"a":2}'],
      ['"metadata":{"a":1},"temperature":1,"temperature":0', '"temperature":0'],
    ] as const;
    for (const [one, other] of different) {
      assert.notEqual(
        cacheKeyOf(callWith(raw(one)), task, policy),
        cacheKeyOf(callWith(raw(other)), task, policy),
        one,
      );
    }
    // Ignored fields stay ignored, with whatever is in them.
    assert.equal(
      cacheKeyOf(callWith(raw('"temperature":0,"metadata":{"a":{"b":[{"c":1}]}}')), task, policy),
      cacheKeyOf(callWith(raw('"temperature":0')), task, policy),
    );
  });

  test('another policy of the task, epoch or form of texts is another key', () => {
    const call = callWith(JSON.stringify(BASE));
    const large = modelAt('large', 10);
    const tasks: readonly Task[] = [
      task,
      { ...task, name: 'other' },
      { ...task, origin: 'found' },
      { ...task, form: '{"accept":[{"min-length":200}]}' },
      { ...task, form: '{"accept":[{"min-length":400}]}' },
      { ...task, tiers: [tierOf(large)] },
      { ...task, tiers: [...task.tiers, tierOf(large)] },
      { ...task, tiers: task.tiers.map((tier) => ({ ...tier, threshold: 0.5 })) },
      {
        ...task,
        tiers: task.tiers.map((tier) => ({ ...tier, model: { ...tier.model, id: 'v2' } })),
      },
    ];
    const keys = [
      ...tasks.map((one) => cacheKeyOf(call, one, policy)),
      cacheKeyOf(call, task, { ...policy, epoch: 1 }),
      cacheKeyOf(call, task, { ...policy, normalize: ['case'] }),
      cacheKeyOf(call, task, { ...policy, keyFunction: { name: 'a.js', of: (text) => text } }),
    ];
    assert.equal(new Set(keys).size, keys.length);
    // How long an answer is kept does not change which one is meant.
    assert.equal(
      cacheKeyOf(call, task, { ...policy, ttlMs: 1, staleMs: 9, samples: 3 }),
      cacheKeyOf(call, task, policy),
    );
  });

  test('embeddings and chats never meet, and their texts are left as they are', () => {
    const json = { model: 'm', input: 'Some Text' };
    const normal: CachePolicy = { ...policy, normalize: ['case', 'space', 'unicode'] };
    const asEmbedding = (input: string): string | undefined =>
      cacheKeyOf(
        callWith(JSON.stringify({ ...json, input }), { operation: 'embeddings' }),
        task,
        normal,
      );
    assert.notEqual(asEmbedding('Some Text'), asEmbedding('some text'));
    assert.notEqual(keyOf(json), keyOf(json, { operation: 'embeddings' }));
  });

  test('headers of other gateways divide the cache and replace nothing', () => {
    const keys = ['cf-aig-cache-key', 'helicone-cache-seed', 'x-portkey-cache-namespace'].flatMap(
      (name) => ['a', 'b'].map((value) => keyOf(BASE, { headers: { [name]: value } })),
    );
    assert.equal(new Set([...keys, keyOf(BASE)]).size, 7);
    const headers = { 'cf-aig-cache-key': 'a' };
    assert.notEqual(keyOf(BASE, { headers }), keyOf({ ...BASE, top_p: 0.1 }, { headers }));
  });
});

/** What a JSON text says, fields in order and ignored ones left out: two calls are the same exactly then. */
function sense(json: JsonObject): string {
  const kept = Object.fromEntries(
    Object.entries(json).filter(
      ([name]) => !Object.hasOwn(IGNORED_FIELDS, name) && name !== 'model',
    ),
  );
  return JSON.stringify(kept, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

describe('properties of keys', () => {
  const names = fc.oneof(
    fc.constantFrom('temperature', 'tools', 'stream', 'metadata', 'a', '__proto__', 's1:a', ''),
    fc.string({ unit: 'binary', maxLength: 4 }),
  );
  const { value } = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.constantFrom('s5:Hello', '\ud800', '\udc00', '\uFFFD', 'n1;', 'a0:', 'true;'),
      fc.integer({ min: -3, max: 3 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(names, tie('value'), { maxKeys: 3 }),
    ),
  }));
  const request: fc.Arbitrary<JsonObject> = fc.dictionary(names, value, { maxKeys: 4 });

  test('two calls share a key exactly when they say the same', () => {
    fc.assert(
      fc.property(request, request, (one, other) => {
        const [a, b] = [one, other].map((json) => JSON.parse(JSON.stringify(json)) as JsonObject);
        assert.ok(a !== undefined && b !== undefined);
        assert.equal(keyOf(a) === keyOf(b), sense(a) === sense(b));
      }),
      { numRuns: 2000 },
    );
  });

  test('any single change outside the ignored fields changes the key', () => {
    fc.assert(
      fc.property(request, names, value, (json, name, changed) => {
        fc.pre(!Object.hasOwn(IGNORED_FIELDS, name) && name !== 'model');
        const before = JSON.parse(JSON.stringify(json)) as JsonObject;
        const after = JSON.parse(JSON.stringify({ ...json, [name]: changed })) as JsonObject;
        fc.pre(sense(before) !== sense(after));
        assert.notEqual(keyOf(before), keyOf(after));
      }),
      { numRuns: 2000 },
    );
  });

  test('nothing that a client writes reaches another tenant', () => {
    // Separators, lengths and whole heads of the text that is hashed, and tenants made of them.
    const nasty = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.constantFrom('', '\n', '\0', ':', 's0:', 's4:chat', 's1:a', 'null;', 'farthing-cache 1\n'),
      fc
        .array(fc.constantFrom('s1:a', 's4:test', '\n', ':', 'null;'), { maxLength: 4 })
        .map((parts) => parts.join('')),
    );
    const headers = fc.record({
      'cf-aig-cache-key': fc.option(nasty, { nil: undefined }),
      'helicone-cache-seed': fc.option(nasty, { nil: undefined }),
      'x-portkey-cache-namespace': fc.option(nasty, { nil: undefined }),
      'x-farthing-tags': nasty,
    });
    const asked = fc.record({ tenant: nasty, headers, json: request, taskName: nasty });
    fc.assert(
      fc.property(asked, asked, (one, other) => {
        fc.pre(one.tenant !== other.tenant);
        const [a, b] = [one, other].map(({ tenant, headers: sent, json, taskName }) =>
          cacheKeyOf(
            callWith(JSON.stringify(json), { tenant, headers: sent }),
            { ...task, name: taskName },
            policy,
          ),
        );
        assert.notEqual(a, b);
      }),
      { numRuns: 3000 },
    );
  });

  test('the same request of two tenants has two keys, always', () => {
    fc.assert(
      fc.property(request, fc.string(), fc.string(), (json, a, b) => {
        fc.pre(a !== b);
        const parsed = JSON.parse(JSON.stringify(json)) as JsonObject;
        assert.notEqual(keyOf(parsed, { tenant: a }), keyOf(parsed, { tenant: b }));
      }),
    );
  });
});
