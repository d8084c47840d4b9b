/**
 * What upstreams say when they refuse, in whatever shape they say it.
 *
 * @module
 */
import { FarthingError } from '../errors.ts';
import { asObject, asString, type JsonObject, parseJson } from '../json.ts';

/** Longest message that is passed on, in UTF-16 units. */
const LONGEST = 2000;

/** Codes of a 429 that waiting does not cure. */
const SPENT = new Set([
  'insufficient_quota',
  'credit_balance_exhausted',
  'billing_hard_limit_reached',
]);

/**
 * A refusal as an error with the upstream's own status, type, code and message. 401, 402 and 403 are
 * about the gateway's key, not the client's, and become 502.
 */
export function decodeUpstreamError(status: number, text: string): FarthingError {
  const body = asObject(parseJson(text));
  const told = body === undefined ? undefined : readError(body);
  const message = told?.message ?? describe(status, text);
  const code = told?.code;
  const aboutKey = status === 401 || status === 402 || status === 403;
  return new FarthingError(
    'upstream_rejected',
    aboutKey ? `The provider refused the gateway's key: ${message}` : message,
    {
      status: aboutKey ? 502 : status < 400 ? 502 : status,
      param: told?.param,
      retryable: isRetryable(status) && !SPENT.has(code ?? '') && !SPENT.has(told?.type ?? ''),
      upstream: {
        type: told?.type ?? (status >= 500 ? 'server_error' : 'upstream_error'),
        code: code ?? null,
      },
    },
  );
}

function isRetryable(status: number): boolean {
  return status === 408 || status === 409 || status === 429 || status >= 500;
}

interface Told {
  readonly message: string | undefined;
  readonly type: string | undefined;
  readonly code: string | undefined;
  readonly param: string | undefined;
}

/** OpenAI's `{error:{…}}`, Anthropic's the same, `{error:"…"}`, `{message}`, FastAPI's `{detail}`. */
export function readError(body: JsonObject): Told | undefined {
  const error =
    body['error'] ??
    (body['message'] !== undefined || body['detail'] !== undefined ? body : undefined);
  if (error === undefined || error === null || error === false) return undefined;
  const inner = asObject(error);
  if (inner === undefined) {
    return { message: clean(String(error)), type: undefined, code: undefined, param: undefined };
  }
  const message = inner['message'] ?? inner['detail'] ?? inner['msg'];
  const code = inner['code'];
  return {
    message:
      message === undefined
        ? undefined
        : clean(typeof message === 'string' ? message : JSON.stringify(message)),
    type: asString(inner['type']),
    code: typeof code === 'string' ? code : typeof code === 'number' ? String(code) : undefined,
    param: asString(inner['param']),
  };
}

/** An error page is not passed on: it is long, and it may name hosts of the inside. */
function describe(status: number, text: string): string {
  const what =
    text.trim() === '' ? 'an empty body' : /^\s*</.test(text) ? 'an HTML page' : 'no JSON';
  return `The provider answered with status ${status} and ${what}.`;
}

/** Providers quote part of a wrong key in their message; it goes no further. */
function clean(message: string): string {
  return message.replaceAll(/\b(?:sk|pk|gsk|xai|key)-[\w*.-]{4,}/g, '***').slice(0, LONGEST);
}
