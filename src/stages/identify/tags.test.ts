import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readTags } from './tags.ts';

test("reads Farthing's own header", () => {
  assert.deepEqual(
    readTags({ 'x-farthing-tags': 'feature=draft, user = 42 ,empty=,=x,bare' }, {}),
    {
      feature: 'draft',
      user: '42',
    },
  );
});

test('understands the metadata headers of other gateways', () => {
  const headers = {
    'x-portkey-metadata': '{"_user":"u1","env":"prod","n":3,"deep":{"x":1}}',
    'helicone-property-feature': 'draft',
    'helicone-session-id': 's1',
    'cf-aig-metadata': '{"team":"a"}',
    'x-litellm-tags': 'alpha, beta',
    'x-claude-code-agent-id': 'agent-7',
    authorization: 'Bearer secret',
    'content-type': 'application/json',
  };
  assert.deepEqual(readTags(headers, {}), {
    user: 'u1',
    env: 'prod',
    n: '3',
    feature: 'draft',
    session: 's1',
    team: 'a',
    alpha: 'true',
    beta: 'true',
    agent: 'agent-7',
  });
});

test('the own header wins over others, those over the body', () => {
  const tags = readTags(
    { 'x-farthing-tags': 'user=mine', 'helicone-user-id': 'theirs' },
    { user: 'body', metadata: { user: 'metadata', run: 'r9' } },
  );
  assert.deepEqual(tags, { user: 'mine', run: 'r9' });
});

test('malformed metadata is left out, never an error', () => {
  assert.deepEqual(readTags({ 'x-portkey-metadata': '{oops', 'cf-aig-metadata': '[1]' }, {}), {});
});

test('a client cannot bloat the ledger', () => {
  const metadata = Object.fromEntries(
    Array.from({ length: 500 }, (_, n) => [`k${n}`, 'v'.repeat(9000)]),
  );
  const tags = readTags({}, { metadata });
  assert.equal(Object.keys(tags).length, 24);
  assert.ok(Object.values(tags).every((value) => value.length <= 256));
});

test('never throws, never touches a prototype', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string()), fc.object(), (headers, body) => {
      readTags(headers, body);
    }),
  );
  const tags = readTags({ 'x-farthing-tags': '__proto__=x' }, {});
  assert.equal(Object.getPrototypeOf(tags), Object.prototype);
  assert.deepEqual(Object.keys(tags), ['__proto__']);
});
