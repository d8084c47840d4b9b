/**
 * ULIDs (github.com/ulid/spec): 26 characters that sort by time; 48 bits of milliseconds, 80 of chance.
 *
 * @module
 */
import { randomFillSync } from 'node:crypto';

/** The 32 digits, in their order (Crockford's base 32). */
export const ULID_DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const NO_DIGIT = 255;
/** By character code. */
const DIGIT_OF = new Uint8Array(128).fill(NO_DIGIT);
for (let digit = 0; digit < ULID_DIGITS.length; digit++) {
  DIGIT_OF[ULID_DIGITS.charCodeAt(digit)] = digit;
}
const TIME_LENGTH = 10;
const CHANCE_LENGTH = 16;

/** The lowest ten bits of an id as its last two digits. */
const LAST_DIGITS = Array.from(
  { length: 1024 },
  (_, bits) => (ULID_DIGITS[bits >> 5] ?? '') + (ULID_DIGITS[bits & 31] ?? ''),
);
/** Digits of chance before those. */
const DRAWN_LENGTH = CHANCE_LENGTH - 2;

/** Random bytes are drawn in blocks: one call to the generator serves many ids. */
const pool = Buffer.alloc(CHANCE_LENGTH * 256);
let drawn = pool.length;
let lastTime = -1;
/** What all ids of {@link lastTime} begin with: all but their lowest ten bits. */
let beginning = '';
let counter = 0;
/** Ids since {@link lastTime}. */
let counted = 0;

/** Ids of one millisecond, at most. The first draws its lowest ten bits below that, so that they never overflow. */
const MOST_IN_A_MS = 512;

/**
 * A new id. Within one process ids rise strictly, also within a millisecond: there the random part of
 * the one before is counted up. Where there are too many, or the clock was put back, they are ahead of it.
 * `now` is milliseconds since the epoch.
 */
export function ulid(now: number = Date.now()): string {
  const time = now > lastTime || counted < MOST_IN_A_MS ? now : lastTime + 1;
  if (time > lastTime) {
    lastTime = time;
    counted = 1;
    draw(time);
  } else {
    counted++;
    counter++;
  }
  return beginning + (LAST_DIGITS[counter] ?? '');
}

/** The smallest id of a millisecond: ids of calls at or after it are not smaller. */
export function ulidAt(ms: number): string {
  return encodeTime(Math.max(0, Math.floor(ms))) + '0'.repeat(CHANCE_LENGTH);
}

/** What a ULID is made of, as far as its place in time needs it. */
export interface UlidParts {
  /** Milliseconds since the epoch. */
  readonly ms: number;
  /** The lowest ten bits: they count up within a millisecond of one process. */
  readonly lowBits: number;
}

/** Takes a ULID apart; all zeros for anything else. */
export function ulidParts(id: string): UlidParts {
  if (id.length !== TIME_LENGTH + CHANCE_LENGTH) return NO_PARTS;
  // Most ids that follow each other are of the same millisecond.
  if (!id.startsWith(decodedTime)) {
    decodedMs = numberIn(id, 0, TIME_LENGTH);
    decodedTime = id.slice(0, TIME_LENGTH);
  }
  const lowBits = numberIn(id, id.length - 2, id.length);
  return decodedMs >= 0 && lowBits >= 0 ? { ms: decodedMs, lowBits } : NO_PARTS;
}

const NO_PARTS: UlidParts = { ms: 0, lowBits: 0 };
let decodedTime = encodeTime(0);
let decodedMs = 0;

/** The number that some digits write; negative where one of them is none. */
function numberIn(digits: string, from: number, to: number): number {
  let value = 0;
  for (let place = from; place < to; place++) {
    const digit = DIGIT_OF[digits.charCodeAt(place)] ?? NO_DIGIT;
    if (digit === NO_DIGIT) return -1;
    value = value * 32 + digit;
  }
  return value;
}

/** The random part of a millisecond's first id. */
function draw(time: number): void {
  if (drawn + CHANCE_LENGTH > pool.length) {
    randomFillSync(pool);
    drawn = 0;
  }
  let text = encodeTime(time);
  for (let index = 0; index < DRAWN_LENGTH; index++) text += digitOf(pool[drawn + index]);
  beginning = text;
  counter = pool.readUInt16LE(drawn + DRAWN_LENGTH) % MOST_IN_A_MS;
  drawn += CHANCE_LENGTH;
}

function digitOf(byte = 0): string {
  return ULID_DIGITS[byte & 31] ?? '';
}

function encodeTime(ms: number): string {
  let text = '';
  let rest = ms;
  for (let index = 0; index < TIME_LENGTH; index++) {
    text = (ULID_DIGITS[rest % 32] ?? '0') + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
