/**
 * ULIDs (github.com/ulid/spec): 26 characters that sort by time; 48 bits of milliseconds, 80 of chance.
 *
 * @module
 */
import { randomFillSync } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_LENGTH = 10;
const CHANCE_LENGTH = 16;

/** Random bytes are drawn in blocks: one call to the generator serves many ids. */
const pool = Buffer.alloc(CHANCE_LENGTH * 256);
let drawn = pool.length;
let lastTime = -1;
let lastTimeText = '';
const lastChance: number[] = [];

/**
 * A new id. Within one process ids rise strictly, also within a millisecond: there the random part of
 * the one before is counted up. `now` is milliseconds since the epoch.
 */
export function ulid(now: number = Date.now()): string {
  if (now > lastTime) {
    lastTime = now;
    lastTimeText = encodeTime(now);
    draw();
  } else countUp();
  let text = lastTimeText;
  for (let index = 0; index < CHANCE_LENGTH; index++) text += ALPHABET[lastChance[index] ?? 0];
  return text;
}

/** The smallest id of a millisecond: ids of calls at or after it are not smaller. */
export function ulidAt(ms: number): string {
  return encodeTime(Math.max(0, Math.floor(ms))) + '0'.repeat(CHANCE_LENGTH);
}

function draw(): void {
  if (drawn + CHANCE_LENGTH > pool.length) {
    randomFillSync(pool);
    drawn = 0;
  }
  for (let index = 0; index < CHANCE_LENGTH; index++) {
    lastChance[index] = (pool[drawn + index] ?? 0) & 31;
  }
  // Room to count up without overflow.
  lastChance[0] = (lastChance[0] ?? 0) & 15;
  drawn += CHANCE_LENGTH;
}

function countUp(): void {
  for (let index = CHANCE_LENGTH - 1; index >= 0; index--) {
    const digit = lastChance[index] ?? 0;
    if (digit < 31) {
      lastChance[index] = digit + 1;
      return;
    }
    lastChance[index] = 0;
  }
}

function encodeTime(ms: number): string {
  let text = '';
  let rest = ms;
  for (let index = 0; index < TIME_LENGTH; index++) {
    text = (ALPHABET[rest % 32] ?? '0') + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
