/**
 * How much drift is too much.
 *
 * @module
 */
import { FarthingError } from '../errors.ts';
import { decimalToNano } from './decimal.ts';

/** A share of the bill, or an amount in nano-dollars. */
export type DriftLimit = { readonly share: number } | { readonly nano: number };

/** Reads `1%`, `0.5 %`, `$5` or `$0.25`. Throws `invalid_value` for anything else. */
export function parseDriftLimit(text: string): DriftLimit {
  const found = /^\s*(?:(\d+(?:\.\d+)?)\s*%|\$\s*(\d+(?:\.\d+)?))\s*$/.exec(text);
  if (found?.[1] !== undefined) return { share: Number(found[1]) / 100 };
  const nano = found?.[2] === undefined ? undefined : decimalToNano(found[2], 'dollars');
  if (nano !== undefined) return { nano };
  throw new FarthingError(
    'invalid_value',
    `A limit on drift is a share of the bill such as 1%, or dollars such as $5; not "${text}".`,
  );
}

/** Whether a drift in nano-dollars, either way, is above the limit. Any drift is above a share of nothing. */
export function exceeds(
  limit: DriftLimit,
  { driftNano, billedNano }: { readonly driftNano: number; readonly billedNano: number },
): boolean {
  const most = 'nano' in limit ? limit.nano : limit.share * Math.abs(billedNano);
  return Math.abs(driftNano) > most;
}
