/**
 * Where newer prices are kept, and when a price counts as old.
 *
 * @module
 */
import { resolve as resolvePath } from 'node:path';
import { DEFAULT_PRICE_MAX_AGE_MS } from '../pricing/freshness.ts';
import type { Config } from './config.ts';
import type { FileForm } from './schema.ts';
import { parseDuration } from './units.ts';

/** The price file, where the configuration names no other. */
const DEFAULT_FILE = './farthing-prices.json';

/** The part of the configuration that is about the price list. */
export type PriceSettings = Pick<Config, 'priceFile' | 'priceMaxAgeMs'>;

/** The settings of a file whose form is right, or without one the defaults. `directory` is where paths start. */
export function priceSettings(
  form: Pick<FileForm, 'prices' | 'price-max-age'>,
  directory: string,
): PriceSettings {
  const maxAge = form['price-max-age'];
  return {
    priceFile: resolvePath(directory, form.prices ?? DEFAULT_FILE),
    priceMaxAgeMs:
      (maxAge === undefined ? undefined : parseDuration(maxAge)) ?? DEFAULT_PRICE_MAX_AGE_MS,
  };
}
