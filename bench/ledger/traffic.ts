/**
 * Calls of a made-up company over 60 days, spread evenly: 20 tasks, 12 features and 50,000 users by Zipf's law, ten
 * keys, three models in ladders of two tiers. A tenth is escalated, a fiftieth held out. The same number always
 * gives the same call, but for its id.
 */
import type { CallRecord } from '../../src/stores/ledger-store.ts';
import { attemptRecord, callRecord } from '../../src/testing/ledger-records.ts';

const TASKS = 20;
const USERS = 50_000;
const KEYS = 10;
const FEATURES = 12;
const ESCALATED = 0.1;
const HELD_OUT = 0.02;
/** How much dearer the large model is than the small and the medium one. */
const LARGE_COST = 16;

const DAY_MS = 86_400_000;
export const DAYS = 60;

/** From and to, in ms since the epoch. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const TO = Date.UTC(2026, 10, 24, 9, 41, 17);

/** When the calls that the ledger is filled with began. */
export const SPAN: Span = { from: TO - DAYS * DAY_MS, to: TO };
/** When calls begin that are written while the filled ledger is measured. */
export const AFTER: Span = { from: TO, to: TO + 3_600_000 };

/** The call of a number below `calls`, which are spread over a span. */
export function callOf(number: number, calls: number, { from, to }: Span): CallRecord {
  const draw = (salt: number): number => mixed(number * 16 + salt);
  const startedAt = Math.floor(from + ((to - from) * number) / calls);
  const task = zipf(draw(1), TASKS);
  const cost = 50_000 + Math.floor(draw(2) * 400_000);
  const isHeldOut = draw(3) < HELD_OUT;
  const large = { model: 'large', costNano: cost * LARGE_COST, startedAt };
  const first = attemptRecord(
    isHeldOut ? large : { model: task % 2 === 0 ? 'small' : 'medium', costNano: cost, startedAt },
  );
  const isEscalated = !isHeldOut && draw(4) < ESCALATED;
  return callRecord({
    startedAt,
    task: `task-${task}`,
    tenant: `team-${Math.floor(draw(5) * KEYS)}`,
    tags: {
      feature: `feature-${zipf(draw(6), FEATURES)}`,
      user: `user-${zipf(draw(7), USERS)}`,
    },
    referenceNano: cost * LARGE_COST,
    overheadNano: isEscalated ? cost : 0,
    arm: isHeldOut ? 'hold-out' : 'treated',
    attempts: isEscalated ? [first, attemptRecord({ ...large, tier: 1 })] : [first],
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
