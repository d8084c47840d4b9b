/**
 * Whether two rows have the same fields.
 *
 * @module
 */

/** True where all fields of two lists of one length are the same. */
export function isSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  for (let index = 0; index < some.length; index++) {
    if (some[index] !== others[index]) return false;
  }
  return true;
}
