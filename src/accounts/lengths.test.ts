import { test } from 'node:test';
import assert from 'node:assert/strict';
import { callOf, modelAt, nowhere, taskOf, tierOf } from '../testing/stage-fixtures.ts';
import { NO_TOKENS, type UsageSource } from '../pricing/usage.ts';
import { GUESSED_OUTPUT, Lengths } from './lengths.ts';

const model = modelAt('small', 1);
const task = taskOf([tierOf(model)]);
const call = (request: object = {}) => callOf(task, { ...request });

function learn(lengths: Lengths, output: number, source: UsageSource = 'provider'): void {
  const usage = { tokens: { ...NO_TOKENS, input: 10, output }, source };
  const attempt = { model, provider: nowhere.name, tier: 0, startedAt: 0, usage };
  lengths.learn(call(), attempt);
}

test('answers that are all alike are expected exactly', () => {
  const lengths = new Lengths();
  for (let calls = 0; calls < 5000; calls++) learn(lengths, 17);
  assert.deepEqual(lengths.expect(call(), 'small'), { input: 10, output: 17, learned: true });
});

test('answers that vary are expected at their mean and one standard deviation', () => {
  const lengths = new Lengths();
  for (const output of [100, 300, 100, 300]) learn(lengths, output);
  assert.equal(lengths.expect(call(), 'small').output, 300);
});

test('never more than the client allows, all choices together; none for embeddings', () => {
  const lengths = new Lengths();
  assert.equal(lengths.expect(call(), 'small').output, GUESSED_OUTPUT);
  assert.equal(lengths.expect(call({ max_tokens: 7 }), 'small').output, 7);
  assert.equal(lengths.expect(call({ max_tokens: 7, n: 3 }), 'small').output, 21);
  learn(lengths, 500);
  assert.equal(lengths.expect(call({ max_tokens: 7 }), 'small').output, 7);
  const embedding = { ...call(), operation: 'embeddings' as const };
  assert.equal(lengths.expect(embedding, 'small').output, 0);
});

test('a prompt is expected by its size; another task or model is another matter', () => {
  const lengths = new Lengths();
  learn(lengths, 5);
  const long = call({
    messages: [{ role: 'user', content: 'x'.repeat(call().body.raw.length * 9) }],
  });
  const { input } = lengths.expect(long, 'small');
  assert.ok(input > 90 && input < 110, String(input));
  assert.equal(lengths.expect(call(), 'large').learned, false);
});

test('only what a provider counted is learned from', () => {
  const lengths = new Lengths();
  for (const source of ['estimated', 'partial', 'unavailable'] as const) learn(lengths, 5, source);
  assert.equal(lengths.expect(call(), 'small').learned, false);
});

test('what was learned outlives a restart; nonsense is nothing learned', () => {
  const lengths = new Lengths();
  learn(lengths, 17);
  assert.deepEqual(
    Lengths.from(lengths.serialize()).expect(call(), 'small'),
    lengths.expect(call(), 'small'),
  );
  for (const text of [undefined, '', '{}', '[[1]]', '[["a",-1,0]]', 'null']) {
    assert.equal(Lengths.from(text).expect(call(), 'small').learned, false);
  }
});
