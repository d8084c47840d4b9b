/**
 * Durations, sizes, money and addresses as people write them. Undefined means that it is none.
 *
 * @module
 */

const MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const BYTES: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };

/** `15s`, `1.5h`, `500ms` in milliseconds; a bare number is seconds. */
export function parseDuration(value: string | number): number | undefined {
  return scaled(value, MS, 's');
}

/** `32mb` in bytes; a bare number is bytes. */
export function parseSize(value: string | number): number | undefined {
  return scaled(value, BYTES, 'b');
}

function scaled(
  value: string | number,
  units: Readonly<Record<string, number>>,
  bare: string,
): number | undefined {
  const found = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(String(value));
  const factor = units[(found?.[2] || bare).toLowerCase()];
  return found === null || factor === undefined ? undefined : Math.round(Number(found[1]) * factor);
}

/** `0.50` or `$0.50` in nano-dollars, rounded down. */
export function parseMoney(value: string | number): number | undefined {
  const text = String(value).trim().replace(/^\$/, '');
  const dollars = Number(text);
  return text === '' || !Number.isFinite(dollars) || dollars < 0
    ? undefined
    : Math.floor(dollars * 1e9 + 1e-6);
}

/** `2%` or `0.02` as 0.02; undefined beyond 0 to 1. */
export function parseShare(value: string | number): number | undefined {
  const found = /^\s*(\d+(?:\.\d+)?)\s*(%?)\s*$/.exec(String(value));
  const share = Number(found?.[1]) / (found?.[2] === '%' ? 100 : 1);
  return found === null || share > 1 ? undefined : share;
}

/** `127.0.0.1:4960`, `[::1]:4960`, `:4960` or `4960`; without a host the loopback one. */
export function parseAddress(value: string | number): { host: string; port: number } | undefined {
  const found = /^(?:(?:\[([^\]]+)\]|([^:[\]]*)):)?(\d{1,5})$/.exec(String(value).trim());
  const port = Number(found?.[3]);
  if (found === null || port > 65_535) return undefined;
  return { host: found[1] ?? (found[2] === '' ? undefined : found[2]) ?? '127.0.0.1', port };
}
