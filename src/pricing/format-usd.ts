/**
 * Money for people.
 *
 * @module
 */

/** Decimals of a dollar that nano-dollars have, and that are shown at least. */
const NANO_DIGITS = 9;
const LEAST_DIGITS = 2;

/**
 * Nano-dollars as dollars: exact, with at least two decimals and no further trailing zeros. With
 * `decimals`, rounded to that many, half away from zero. Throws a RangeError for anything but a safe
 * integer.
 *
 * @example
 * formatUsd(1_234_000); // '$0.001234'
 * formatUsd(-1_500_000_000); // '-$1.50'
 * formatUsd(1_239_000_000, 2); // '$1.24'
 */
export function formatUsd(nano: number, decimals?: number): string {
  if (!Number.isSafeInteger(nano)) throw new RangeError(`${nano} is no amount of nano-dollars.`);
  const amount = BigInt(Math.abs(nano));
  const text = decimals === undefined ? exact(amount) : rounded(amount, decimals);
  return nano < 0 && /[1-9]/.test(text) ? `-$${text}` : `$${text}`;
}

function exact(amount: bigint): string {
  const [whole = '', fraction = ''] = withPoint(amount, NANO_DIGITS).split('.');
  return `${whole}.${fraction.replace(/0+$/, '').padEnd(LEAST_DIGITS, '0')}`;
}

function rounded(amount: bigint, decimals: number): string {
  if (decimals >= NANO_DIGITS) return withPoint(amount, NANO_DIGITS);
  const unit = 10n ** BigInt(NANO_DIGITS - decimals);
  return withPoint((amount + unit / 2n) / unit, decimals);
}

function withPoint(amount: bigint, decimals: number): string {
  const digits = amount.toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  return decimals === 0 ? whole : `${whole}.${digits.slice(-decimals)}`;
}
