import { test } from 'node:test';
import assert from 'node:assert/strict';
import { FarthingError } from '../errors.ts';
import { parseRetryAfter, retryDelay } from './backoff.ts';

const failed = new FarthingError('upstream_unreachable', 'gone');

test('delays double and are jittered down to half', () => {
  assert.equal(
    retryDelay(failed, 0, () => 0),
    125,
  );
  assert.equal(retryDelay(failed, 0, () => 0.999999999)?.toFixed(0), '250');
  assert.equal(
    retryDelay(failed, 3, () => 0),
    1000,
  );
  assert.equal(
    retryDelay(failed, 60, () => 0),
    15_000,
  );
});

test('a final error is not repeated', () => {
  assert.equal(retryDelay(new FarthingError('invalid_value', 'no'), 0), undefined);
});

test('a provider that says when is believed, unless it wants too long a wait', () => {
  const asked = (retryAfterMs: number) =>
    new FarthingError('upstream_rejected', 'busy', { status: 429, retryable: true, retryAfterMs });
  assert.equal(retryDelay(asked(0), 0), 0);
  assert.equal(retryDelay(asked(1500), 0), 1500);
  assert.equal(retryDelay(asked(31_000), 0), undefined);
});

test('reads every form of retry-after', () => {
  const now = Date.parse('2026-11-24T10:00:00Z');
  const cases: readonly (readonly [Record<string, string | string[]>, number | undefined])[] = [
    [{ 'retry-after-ms': '20.5', 'retry-after': '9' }, 20.5],
    [{ 'retry-after': '3' }, 3000],
    [{ 'retry-after': ['2', '9'] }, 2000],
    [{ 'retry-after': 'Tue, 24 Nov 2026 10:00:07 GMT' }, 7000],
    [{ 'retry-after': 'Tue, 24 Nov 2026 09:00:00 GMT' }, 0],
    [{ 'retry-after': '-1' }, undefined],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '' }, undefined],
    [{}, undefined],
  ];
  for (const [headers, expected] of cases) {
    assert.equal(parseRetryAfter(headers, now), expected, JSON.stringify(headers));
  }
});
