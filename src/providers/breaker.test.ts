import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Breaker } from './breaker.ts';

function tripped(): { breaker: Breaker; pass: (ms: number) => void } {
  let now = 1_000;
  const breaker = new Breaker(() => now);
  for (let failure = 0; failure < 5; failure++) {
    assert.ok(breaker.admit());
    breaker.failed();
  }
  return {
    breaker,
    pass: (ms) => {
      now += ms;
    },
  };
}

test('opens after five failures in a row, not before', () => {
  const breaker = new Breaker();
  for (let failure = 0; failure < 4; failure++) breaker.failed();
  breaker.succeeded();
  for (let failure = 0; failure < 4; failure++) breaker.failed();
  assert.equal(breaker.state, 'closed');
  breaker.failed();
  assert.equal(breaker.state, 'open');
  assert.equal(breaker.admit(), false);
});

test('lets exactly one probe through after the pause', () => {
  const { breaker, pass } = tripped();
  pass(4_999);
  assert.equal(breaker.admit(), false);
  pass(1);
  assert.equal(breaker.admit(), true);
  assert.equal(breaker.state, 'half-open');
  assert.equal(breaker.admit(), false);
});

test('a good probe closes the circuit', () => {
  const { breaker, pass } = tripped();
  pass(5_000);
  breaker.admit();
  breaker.succeeded();
  assert.equal(breaker.state, 'closed');
  assert.ok(breaker.admit() && breaker.admit());
});

test('a bad probe opens it for twice as long, up to a minute', () => {
  const { breaker, pass } = tripped();
  for (const pause of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
    assert.equal(breaker.pauseLeftMs, pause);
    pass(pause);
    assert.ok(breaker.admit());
    breaker.failed();
  }
});

test('an abandoned probe makes room for another', () => {
  const { breaker, pass } = tripped();
  pass(5_000);
  breaker.admit();
  breaker.abandoned();
  assert.equal(breaker.state, 'open');
  assert.ok(breaker.admit());
});
