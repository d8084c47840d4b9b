/**
 * Drawing lots that always come out the same for the same name: in every process, after every restart.
 *
 * @module
 */
import { hash } from 'node:crypto';

/** Other draws over the same names must be independent of this one. */
const SALT = 'farthing hold-out';
const HEX_DIGITS = 12;

/**
 * A number from 0 to 1, uniform over names. A name that is below a share stays below every larger share,
 * so that a hold-out that grows keeps those that it has.
 */
export function drawnShare(name: string): number {
  const digest = hash('sha1', `${SALT}\n${name}`, 'hex');
  return Number.parseInt(digest.slice(0, HEX_DIGITS), 16) / 16 ** HEX_DIGITS;
}
