import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Attempt, NO_TIER } from '../call.ts';
import { callOf, modelAt, taskOf } from '../testing/stage-fixtures.ts';
import { hasHeader, replyHeaders, usd } from './reply-headers.ts';

test('nano-dollars are written exactly', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0'],
    [1, '0.000000001'],
    [450_000, '0.00045'],
    [1_000_000_000, '1'],
    [12_345_678_901, '12.345678901'],
    [-2_500, '-0.0000025'],
  ];
  for (const [nano, text] of cases) assert.equal(usd(nano), text);
});

test('what is written reads back to the same integer', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 1e12 }), (nano) => {
      assert.equal(Math.round(Number(usd(nano)) * 1e9), nano);
    }),
  );
});

test('a header is known by its name, not by a value that reads like it', () => {
  const headers = replyHeaders(callOf(taskOf([], { name: 'retry-after' })));
  assert.ok(headers.includes('retry-after'));
  assert.equal(hasHeader(headers, 'retry-after'), false);
  assert.equal(hasHeader(headers, 'x-farthing-task'), true);
});

test('attempts are those for the answer, not what embedded the question', () => {
  const call = callOf(taskOf([]));
  const attempt: Attempt = { model: modelAt('m'), provider: 'p', tier: 0, startedAt: 0 };
  call.trace.attempts.push({ ...attempt, tier: NO_TIER }, attempt, { ...attempt, tier: 1 });
  const headers = replyHeaders(call);
  assert.equal(headers[headers.indexOf('x-farthing-attempts') + 1], '2');
});
