/**
 * The simulation's tokens.
 *
 * @module
 */

/** Four characters (UTF-16 units) a token, rounded up: a simulation needs no better. */
export function tokensOf(text: string): number {
  return Math.ceil(text.length / 4);
}
