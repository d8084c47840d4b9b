/**
 * Numbers that calls are kept under: by time, so that a ledger grows at its end and a period is a range of
 * them.
 *
 * @module
 */
import { ULID_DIGITS, ulidParts } from '../ulid.ts';

/** Numbers of one millisecond. Up to the year 2248 all of them are exact in a double. */
const IN_A_MS = 1024;

/**
 * How far the number of a call may be above what its id says: who finds it taken takes the next that is
 * free.
 */
export const NUMBERS_ABOVE: number = 1000 * IN_A_MS;

/** The number that a call with this id has, or the first above it that was free. Of anything but a ULID: 0. */
export function callNumber(id: string): number {
  const { ms, lowBits } = ulidParts(id);
  return ms * IN_A_MS + lowBits;
}

/** The lowest number of a millisecond. */
export function firstCallNumber(ms: number): number {
  return Math.max(0, Math.floor(ms)) * IN_A_MS;
}

/** {@link callNumber} of a ULID as SQL, over the column `id`. */
export const CALL_NUMBER_SQL: string = (() => {
  const digit = (place: number): string => `(instr('${ULID_DIGITS}', substr(id, ${place}, 1)) - 1)`;
  const time = Array.from({ length: 10 }, (_, index) => digit(index + 1));
  const ms = time.reduce((high, low) => `(${high} * 32 + ${low})`);
  return `(${ms} * ${IN_A_MS} + ${digit(25)} * 32 + ${digit(26)})`;
})();
