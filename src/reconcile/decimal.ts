/**
 * Money as exports write it, read without floating point.
 *
 * @module
 */

/** Decimals of a unit that nano-dollars have. */
const DECIMALS = { dollars: 9, cents: 7 } as const;

/** What an amount is counted in. */
export type MoneyUnit = keyof typeof DECIMALS;

/** Larger exponents are no money, and would make numbers of any size. */
const MOST_EXPONENT = 30;

/**
 * A decimal number (`12.5`, `-0.00001`, `1e-06`) in nano-dollars, exact; what is finer than a nano-dollar
 * is rounded, half away from zero. Undefined for text that is no decimal number, and beyond 2^53
 * nano-dollars.
 *
 * @example
 * decimalToNano('123.45', 'cents'); // 1_234_500_000
 */
export function decimalToNano(text: string, unit: MoneyUnit): number | undefined {
  const found = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,3}))?$/i.exec(text.trim());
  if (found === null) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = found;
  if (whole === '' && fraction === '') return undefined;
  if (Math.abs(Number(exponent)) > MOST_EXPONENT) return undefined;
  const shift = DECIMALS[unit] + Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  const nano = shift >= 0 ? digits * 10n ** BigInt(shift) : divided(digits, 10n ** BigInt(-shift));
  if (nano > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return sign === '-' && nano !== 0n ? -Number(nano) : Number(nano);
}

function divided(amount: bigint, by: bigint): bigint {
  return (2n * amount + by) / (2n * by);
}
