/**
 * Calls of a made-up company: 20 tasks and 50,000 users, both by Zipf's law, ten keys, three models, a
 * tenth escalated, a fiftieth held out, spread evenly over some days. Always the same for the same number.
 */
import { attemptRecord, callRecord } from '../../src/testing/contracts/ledger-store.ts';
import type { CallRecord } from '../../src/stores/ledger-store.ts';

const TASKS = 20;
const USERS = 50_000;
const KEYS = 10;
const FEATURES = 12;

/** The `index`th of `calls` calls between two times, in ms since the epoch. */
export function callOf(
  index: number,
  calls: number,
  span: { from: number; to: number },
): CallRecord {
  const draw = (salt: number): number => mixed(index * 16 + salt);
  const startedAt = Math.floor(span.from + ((span.to - span.from) * index) / calls);
  const escalated = draw(1) < 0.1;
  const heldOut = draw(2) < 0.02;
  const cost = 50_000 + Math.floor(draw(3) * 400_000);
  const first = attemptRecord({
    model: heldOut ? 'large' : 'small',
    costNano: heldOut ? cost * 16 : cost,
    startedAt,
  });
  const second = attemptRecord({ model: 'large', tier: 1, costNano: cost * 16, startedAt });
  return callRecord({
    startedAt,
    task: `task-${zipf(draw(4), TASKS)}`,
    tenant: `team-${Math.floor(draw(5) * KEYS)}`,
    tags: {
      feature: `feature-${zipf(draw(6), FEATURES)}`,
      user: `user-${zipf(draw(7), USERS)}`,
    },
    referenceNano: cost * 16,
    arm: heldOut ? 'hold-out' : 'treated',
    attempts: escalated && !heldOut ? [first, second] : [first],
  });
}

/** A number from 0 to below 1 for a whole number (the mixer of SplitMix, 32 bits). */
function mixed(value: number): number {
  let x = (value + 0x9e37_79b9) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0_aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a_2d97);
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32;
}

/** A rank from 1 to `most`, drawn with probability falling as 1 / rank (by the inverse of the integral). */
function zipf(share: number, most: number): number {
  return Math.min(most, Math.floor(Math.exp(share * Math.log(most + 1))));
}
