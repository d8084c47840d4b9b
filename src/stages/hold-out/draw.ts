/**
 * Drawing lots that always come out the same for the same name: in every process, after every restart.
 *
 * @module
 */

/** Other draws over the same names must be independent of this one. */
const SEED = 0x9e37_79b9;

/**
 * A number from 0 to 1, uniform over names. A name that is below a share stays below every larger share,
 * so that a hold-out that grows keeps those that it has.
 *
 * FNV-1a over UTF-16 units, finished by the mixer of MurmurHash3 (Appleby), which spreads names that
 * differ in their last character alone; a cryptographic hash would cost each call ten times as much, and
 * nobody gains by choosing their side.
 */
export function drawnShare(name: string): number {
  let hash = SEED;
  for (let index = 0; index < name.length; index++) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x0100_0193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
