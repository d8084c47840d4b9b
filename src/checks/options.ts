/**
 * Reading the options of checks.
 *
 * @module
 */
import { FarthingError } from '../errors.ts';

/** What is wrong with a check's option, and what would be right. */
export function wrongOption(check: string, wanted: string): FarthingError {
  return new FarthingError('invalid_config', `the check ${check} wants ${wanted}`);
}

/** A whole number from 0 on. */
export function readLength(check: string, option: unknown): number {
  if (typeof option === 'number' && Number.isSafeInteger(option) && option >= 0) return option;
  throw wrongOption(check, `a number of characters, such as { ${check}: 200 }`);
}

/** No option at all. */
export function readNothing(check: string, option: unknown): void {
  if (option !== undefined && option !== null && option !== true) {
    throw wrongOption(check, `no option: write "${check}"`);
  }
}
