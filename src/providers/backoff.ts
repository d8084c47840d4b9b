/**
 * When to try again. Exponential with jitter, so that callers that failed together do not come back
 * together; a provider that says when to come back is believed.
 *
 * @module
 */
import type { FarthingError } from '../errors.ts';

/** First delay in ms, doubled with every further retry. */
const BASE_MS = 250;
/** Longest delay that is worth a held connection, in ms; a provider that asks for more is left to the client. */
const LONGEST_MS = 30_000;

/**
 * Milliseconds to wait before retry number `retry` (0 is the first), or undefined when this provider
 * should not be asked again: the error is final, or the provider wants a longer pause than we wait.
 * `random` gives numbers in [0, 1).
 */
export function retryDelay(
  error: FarthingError,
  retry: number,
  random: () => number = Math.random,
): number | undefined {
  if (!error.retryable) return undefined;
  if (error.retryAfterMs !== undefined) {
    return error.retryAfterMs > LONGEST_MS ? undefined : error.retryAfterMs;
  }
  return Math.min(LONGEST_MS, BASE_MS * 2 ** retry) * (0.5 + random() / 2);
}

/**
 * What a response says about when to come back, in ms: `retry-after-ms`, or `retry-after` as seconds
 * or as an HTTP date. Undefined where it says nothing that can be read.
 */
export function parseRetryAfter(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  now: number = Date.now(),
): number | undefined {
  const milliseconds = Number(single(headers['retry-after-ms']) ?? Number.NaN);
  if (Number.isFinite(milliseconds) && milliseconds >= 0) return milliseconds;
  const value = single(headers['retry-after'])?.trim();
  if (value === undefined || value === '') return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1000 : undefined;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
