import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { JsonObject } from '../json.ts';
import { callOf, taskOf } from '../testing/stage-fixtures.ts';
import { eligible, type EligibleOptions, type Question } from './eligible.ts';

const task = taskOf([]);
const options: EligibleOptions = { policy: '1', embedder: 'e' };

function question(
  request: JsonObject = {},
  more: Partial<EligibleOptions> = {},
): Question | undefined {
  return eligible(callOf(task, request), { ...options, ...more });
}

const hello = { role: 'user', content: 'Hello' };

test('the last user message is the question; all else is the namespace', () => {
  const base = question();
  assert.equal(base?.text, 'Hello');
  const other = question({ messages: [{ role: 'user', content: 'Good morning' }] });
  assert.equal(other?.namespace, base?.namespace);
  assert.equal(question({ stream: true })?.namespace, base?.namespace);
  const different: readonly JsonObject[] = [
    { model: 'other' },
    { temperature: 0.1 },
    { max_tokens: 5 },
    { tools: [{ type: 'function', function: { name: 'f' } }] },
    { tool_choice: 'none' },
    { response_format: { type: 'json_object' } },
    { seed: 1 },
    { some_field_of_tomorrow: true },
    { messages: [{ role: 'system', content: 'Be brief.' }, hello] },
    { messages: [hello, { role: 'assistant', content: 'Hi' }, hello] },
    { messages: [{ ...hello, name: 'anna' }] },
  ];
  const namespaces = different.map((request) => question(request)?.namespace);
  assert.ok(namespaces.every((one) => one !== undefined));
  assert.equal(new Set([base?.namespace, ...namespaces]).size, different.length + 1);
});

test('the order of fields does not matter, the order of messages does', () => {
  const one = question({ temperature: 0, seed: 1 });
  assert.equal(question({ seed: 1, temperature: 0 })?.namespace, one?.namespace);
  const [a, b] = [
    { role: 'system', content: 'a' },
    { role: 'system', content: 'b' },
  ];
  const forth = question({ messages: [a, b, hello] });
  assert.notEqual(question({ messages: [b, a, hello] })?.namespace, forth?.namespace);
});

test('tenant, task, policy and embedder share neither entries nor evidence', () => {
  const call = callOf(task);
  const all = [
    eligible(call, options),
    eligible({ ...call, tenant: 'a' }, options),
    eligible({ ...call, task: { ...task, name: 'other' } }, options),
    eligible(call, { ...options, policy: '2' }),
    eligible(call, { ...options, embedder: 'f' }),
  ];
  assert.equal(new Set(all.map((one) => one?.namespace)).size, all.length);
  assert.equal(new Set(all.map((one) => one?.evidence)).size, all.length);
});

test('no two scopes are one, whatever the names', () => {
  const name = fc.string({ unit: fc.constantFrom('a', ',', '"', '\\', '\n', '') });
  fc.assert(
    fc.property(fc.tuple(name, name, name), fc.tuple(name, name, name), (one, other) => {
      const [a, b] = [one, other].map(([tenant, named, policy]) =>
        eligible(
          { ...callOf(task), tenant, task: { ...task, name: named } },
          { policy, embedder: 'e' },
        ),
      );
      const same = one.every((part, at) => part === other[at]);
      assert.equal(a?.evidence === b?.evidence, same);
      assert.equal(a?.namespace === b?.namespace, same);
    }),
  );
});

test('what is no single question is not looked at', () => {
  const image = { type: 'image_url', image_url: { url: 'data:' } };
  const toolCall = { role: 'assistant', content: null, tool_calls: [{ id: '1' }] };
  const none: readonly JsonObject[] = [
    { messages: [] },
    { messages: [hello, { role: 'assistant', content: 'Hi' }] },
    { messages: [hello, toolCall, { role: 'tool', tool_call_id: '1', content: '42' }] },
    { messages: [hello, toolCall, { role: 'tool', tool_call_id: '1', content: '42' }, hello] },
    { messages: [{ role: 'user', content: [{ type: 'text', text: 'What is it?' }, image] }] },
    { messages: [{ role: 'user', content: [image] }, { role: 'assistant', content: 'x' }, hello] },
    { messages: [{ role: 'user', content: '  ' }] },
    { messages: [{ role: 'user', content: null }] },
    { messages: [{ role: 'user', content: 'x'.repeat(2_001) }] },
    { messages: ['Hello'] },
    { n: 2 },
  ];
  for (const request of none) assert.equal(question(request), undefined, JSON.stringify(request));
  const call = callOf(task);
  assert.equal(eligible({ ...call, operation: 'embeddings' }, options), undefined);
  assert.equal(eligible({ ...call, task: { ...task, isControl: true } }, options), undefined);
});

test('text in parts is text', () => {
  const parts = [
    { type: 'text', text: 'one' },
    { type: 'text', text: 'two' },
  ];
  assert.equal(question({ messages: [{ role: 'user', content: parts }] })?.text, 'one\ntwo');
});
