import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Departure } from './departure.ts';

test('all who listen are told once, and those who stopped are not', () => {
  const departure = new Departure();
  const told: string[] = [];
  const second = (): void => void told.push('second');
  departure.listen(() => told.push('first'));
  departure.listen(second);
  departure.listen(() => told.push('third'));
  departure.forget(second);
  departure.forget(() => undefined);
  assert.equal(departure.left, false);
  departure.leave();
  departure.leave();
  departure.listen(() => told.push('late'));
  assert.deepEqual(told, ['first', 'third']);
  assert.equal(departure.left, true);
});

test('an abort signal is a departure, fired before or after', () => {
  const controller = new AbortController();
  const before = Departure.of(controller.signal);
  controller.abort();
  assert.equal(before.left, true);
  assert.equal(Departure.of(controller.signal).left, true);
});
