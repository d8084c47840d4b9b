/**
 * Where callers put their key, depending on whose client library they use.
 *
 * @module
 */
import { looksLikeSecret, SECRET_MARK } from '../stores/key-secret.ts';
import { foreignKey, missingKey } from './refusals.ts';

/** Request headers, lower-case names. */
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

/** Those of Anthropic's, Google's and Azure's clients, looked at after `Authorization`. */
const PLAIN_HEADERS = ['x-api-key', 'x-goog-api-key', 'api-key'] as const;

/**
 * The first secret that means to be one of ours; it may still be mistyped. A header with a key of somebody
 * else is passed over, because clients send their own beside ours. Throws `missing_api_key` where there
 * is no key at all, `invalid_api_key` where there are only others.
 */
export function presentedSecret(headers: RequestHeaders): string {
  const bearer = bearerOf(headers['authorization']);
  if (bearer !== undefined && looksLikeSecret(bearer)) return bearer.trim();
  let foreign = bearer !== undefined;
  for (const name of PLAIN_HEADERS) {
    const value = headers[name];
    if (value === undefined || value.trim() === '') continue;
    if (looksLikeSecret(value)) return value.trim();
    foreign = true;
  }
  throw foreign ? foreignKey() : missingKey();
}

const USUAL = `Bearer ${SECRET_MARK}`;

/** What follows `Bearer`, in any letter case; undefined for other schemes and for nothing. */
function bearerOf(header: string | undefined): string | undefined {
  // As nearly every call has it, without a pattern.
  if (header?.startsWith(USUAL) === true) return header.slice(USUAL.length - SECRET_MARK.length);
  return header === undefined ? undefined : /^\s*bearer\s+(\S.*)$/i.exec(header)?.[1];
}
