import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { pooled } from './pooled.ts';
import { Scope, type ScopeState } from './scope.ts';
import { type JudgedHit, THRESHOLDS, WATCHED } from './wrong-rate.ts';

const names = { tenant: '', task: 'test', embedder: 'vectors' };
const LIMIT = 0.05;

/** A gateway's scope, and what it has last read or written. */
class Gateway {
  scope = new Scope(names, LIMIT);
  #before: ScopeState | undefined;

  learn(hit: JudgedHit): void {
    this.scope.counts.lookedUp++;
    this.scope.rate.record(hit);
  }

  /** Adds what is new to what is written; what is written from then on. */
  share(written: ScopeState | undefined): ScopeState {
    const all = pooled({ written, before: this.#before, now: this.scope.state() });
    this.#before = all;
    this.scope.take(all);
    return all;
  }
}

const hits = fc.record({
  similarity: fc.double({ min: 0, max: 1, noNaN: true }),
  verdict: fc.constantFrom('right', 'wrong', 'unknown'),
  // What is served may raise an alarm, which drops evidence.
  served: fc.constant(false),
}) as fc.Arbitrary<JudgedHit>;

describe('what several gateways have learned', () => {
  test('property: is the sum of it all, whoever shares when, and all know it in the end', () => {
    const step = fc.record({ who: fc.nat(2), hit: fc.option(hits, { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const gateways = [new Gateway(), new Gateway(), new Gateway()];
        const alone = new Scope(names, LIMIT);
        let written: ScopeState | undefined;
        for (const { who, hit } of steps) {
          if (hit === undefined) written = gateways[who]?.share(written);
          else {
            gateways[who]?.learn(hit);
            alone.counts.lookedUp++;
            alone.rate.record(hit);
          }
        }
        for (const _ of [1, 2]) {
          for (const gateway of gateways) written = gateway.share(written);
        }
        for (const { scope } of gateways) {
          assert.deepEqual(scope.state(), alone.state());
          assert.equal(scope.rate.threshold, alone.rate.threshold);
        }
      }),
    );
  });

  const right = { similarity: 0.99, verdict: 'right', served: true } as const;
  const wrong = { ...right, verdict: 'wrong' } as const;
  const judged = (scope: Scope): number => scope.rate.report().judged;

  test('an alarm of one drops the evidence of all, and is counted once', () => {
    const [one, other] = [new Gateway(), new Gateway()];
    for (let at = 0; at < 300; at++) one.learn(right);
    let written = other.share(one.share(undefined));
    assert.equal(judged(other.scope), 300);
    other.learn(right);
    for (let at = 0; at < 60; at++) one.learn(wrong);
    const alarms = one.scope.rate.report().alarms;
    assert.ok(alarms >= 1);
    const left = judged(one.scope);
    written = one.share(written);
    written = other.share(written);
    one.share(written);
    for (const { scope } of [one, other]) {
      assert.deepEqual([scope.rate.report().alarms, judged(scope)], [alarms, left]);
      assert.equal(scope.rate.threshold, undefined);
    }
  });

  test('served hits that were verified last are watched together', () => {
    const [one, other] = [new Gateway(), new Gateway()];
    one.learn(wrong);
    for (let at = 0; at < 5; at++) one.learn(right);
    let written = other.share(one.share(undefined));
    other.learn(right);
    one.learn(wrong);
    written = one.share(other.share(written));
    assert.deepEqual(written.rate.recent, [true, ...Array(6).fill(false), true]);
    for (let at = 0; at < WATCHED; at++) other.learn(right);
    written = other.share(written);
    assert.ok(written.rate.recent.length <= WATCHED);
  });

  test('where the document is gone nothing is lost that is known here', () => {
    const one = new Gateway();
    one.learn({ ...right, served: false });
    one.share(undefined);
    assert.equal(one.share(undefined).rate.counts.at(-1)?.[0], 1);
    assert.equal(one.scope.rate.report().judged, 1);
    assert.equal(THRESHOLDS.length, one.scope.state().rate.counts.length);
  });
});
