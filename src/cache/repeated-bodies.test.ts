import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { Call } from '../call.ts';
import type { CachePolicy } from '../config/cache-policy.ts';
import type { JsonObject } from '../json.ts';
import { callOf, modelAt, taskOf, tierOf, policyOf } from '../testing/stage-fixtures.ts';
import { cacheKeyOf } from './cache-key.ts';
import { RepeatedBodies } from './repeated-bodies.ts';

const policy = policyOf({ sampled: true });
const task = taskOf([tierOf(modelAt('small', 1))]);
const TEXT = '{"model":"task/test","messages":[{"role":"user","content":"Hello"}]}';

const bytesOf = (text: string): Uint8Array => Buffer.from(text);

function callWith(more: Partial<Call> = {}): Call {
  const body = { raw: TEXT, json: JSON.parse(TEXT) as JsonObject };
  return { ...callOf(task), body, ...more };
}

/** What is remembered once a call was answered under a key that no call really has: it shows where it came from. */
function answered(call: Call, under: CachePolicy = policy): RepeatedBodies {
  const bodies = new RepeatedBodies();
  bodies.answered(call, { task, policy: under, key: 'remembered' });
  return bodies;
}

test('the body of bytes that were answered is found, and keeps its key', () => {
  const call = callWith();
  const bodies = answered(call);
  const again = `${TEXT.slice(0, 20)}${TEXT.slice(20)}`;
  assert.equal(bodies.find(bytesOf(again), 'chat', ''), call.body);
  assert.equal(bodies.keyOf(callWith({ body: call.body }), task, policy), 'remembered');
  assert.equal(bodies.find(bytesOf(`${TEXT} `), 'chat', ''), undefined);
});

test('a body is found by the tenant and for the operation that it was answered for, by nobody else', () => {
  const bodies = answered(callWith({ tenant: 'a' }));
  assert.notEqual(bodies.find(bytesOf(TEXT), 'chat', 'a'), undefined);
  assert.equal(bodies.find(bytesOf(TEXT), 'chat', 'b'), undefined);
  assert.equal(bodies.find(bytesOf(TEXT), 'chat', ''), undefined);
  assert.equal(bodies.find(bytesOf(TEXT), 'embeddings', 'a'), undefined);
});

test('a call that differs in anything else gets the key that is its own', () => {
  const call = callWith({ tenant: 'a' });
  const bodies = answered(call);
  const { body } = call;
  const others: readonly [Call, typeof task, CachePolicy][] = [
    [callWith({ tenant: 'a' }), task, policy],
    [callWith({ tenant: 'b', body }), task, policy],
    [callWith({ tenant: 'a', body, operation: 'embeddings' }), task, policy],
    [call, taskOf([tierOf(modelAt('large', 2))]), policy],
    [call, task, { ...policy, epoch: 1 }],
    [callWith({ tenant: 'a', body, headers: { 'cf-aig-cache-key': 'x' } }), task, policy],
  ];
  for (const [other, ofTask, under] of others) {
    assert.equal(bodies.keyOf(other, ofTask, under), cacheKeyOf(other, ofTask, under));
  }
});

test('nothing is remembered of a user’s own function, of a divided cache, of a very long body', () => {
  const keyFunction = { name: 'own', of: () => 'x' };
  const asked: readonly [Call, CachePolicy][] = [
    [callWith(), { ...policy, keyFunction }],
    [callWith({ headers: { 'helicone-cache-seed': '1' } }), policy],
    [callWith({ body: { raw: TEXT + ' '.repeat(300_000), json: {} } }), policy],
  ];
  for (const [call, under] of asked) {
    assert.equal(answered(call, under).find(bytesOf(call.body.raw), 'chat', ''), undefined);
  }
});
