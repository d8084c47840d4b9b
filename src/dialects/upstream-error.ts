/**
 * What upstreams say when they refuse, in whatever shape they say it.
 *
 * @module
 */
import { FarthingError } from '../errors.ts';
import { asArray, asObject, asString, type Json, type JsonObject, parseJson } from '../json.ts';

/** Longest message that is passed on, in UTF-16 units. */
const LONGEST = 2000;

/** Codes and types of errors that waiting does not cure, whatever their status. */
const SPENT = new Set([
  'insufficient_quota',
  'credit_balance_exhausted',
  'billing_hard_limit_reached',
  'billing_not_active',
  'billing_error',
]);

/**
 * Statuses of codes and types, for errors that arrive without one: inside a stream, or with status 200.
 * OpenAI's and Anthropic's words.
 */
const STATUSES: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  context_length_exceeded: 400,
  authentication_error: 401,
  invalid_api_key: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  model_not_found: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  tokens: 429,
  requests: 429,
  slow_down: 429,
  insufficient_quota: 429,
  credit_balance_exhausted: 429,
  api_error: 500,
  server_error: 500,
  server_is_overloaded: 503,
  timeout_error: 504,
  overloaded_error: 529,
};

/**
 * A refusal as an error with the upstream's own status, type, code and message. The statuses 401, 402
 * and 403 are about the gateway's key and account, which are none of the client's: they become 502 and
 * the message says so. What is no error status becomes 502, too. `text` is the body as received.
 */
export function decodeUpstreamError(status: number, text: string): FarthingError {
  const told = readBody(text) ?? SILENT;
  const { message = describe(status, text), type, code, param } = told;
  const aboutKey = status === 401 || status === 402 || status === 403;
  const refused = status === 402 ? 'account' : 'key';
  return new FarthingError(
    'upstream_rejected',
    aboutKey ? `The provider refused the gateway's ${refused}: ${message}` : message,
    {
      status: aboutKey || status < 400 || status > 599 ? 502 : status,
      param,
      retryable: isRetryable(status) && !isSpent(told),
      upstream: {
        type: type ?? (status >= 500 ? 'server_error' : 'upstream_error'),
        code: code ?? null,
      },
    },
  );
}

function isSpent({ code, type }: Told): boolean {
  return SPENT.has(code ?? '') || SPENT.has(type ?? '');
}

/**
 * The same for an error that has no status of its own: its numeric code where that is one, else what
 * its code or type stands for, else 502.
 */
export function decodeErrorBody(body: JsonObject): FarthingError {
  const error = asObject(body['error']) ?? body;
  const candidates = [error['code'], error['status'], error['type'], body['code'], body['status']];
  const status = candidates.map(statusOf).find((found) => found !== undefined);
  return decodeUpstreamError(status ?? 502, JSON.stringify(body));
}

function statusOf(value: Json | undefined): number | undefined {
  const number = Number(value ?? Number.NaN);
  if (Number.isInteger(number) && number >= 400 && number < 600) return number;
  return typeof value === 'string' && Object.hasOwn(STATUSES, value) ? STATUSES[value] : undefined;
}

/** 501 and 505 are not cured by time. */
function isRetryable(status: number): boolean {
  if (status >= 500) return status !== 501 && status !== 505 && status < 600;
  return status === 408 || status === 409 || status === 429;
}

interface Told {
  readonly message: string | undefined;
  readonly type: string | undefined;
  readonly code: string | undefined;
  /** The request field the upstream complains of. */
  readonly param: string | undefined;
}

const SILENT: Told = { message: undefined, type: undefined, code: undefined, param: undefined };

function readBody(text: string): Told | undefined {
  const parsed = parseJson(text);
  // Google's compatible endpoint wraps its errors in an array.
  const body = asObject(Array.isArray(parsed) ? asArray(parsed)[0] : parsed);
  return body === undefined ? undefined : readError(body);
}

/**
 * What a body says of an error: OpenAI's and Anthropic's `{error:{…}}`, `{error:"…"}`, `{message}`,
 * FastAPI's `{detail}`. Undefined where it says nothing of one.
 */
export function readError(body: JsonObject): Told | undefined {
  const error =
    body['error'] ??
    (body['message'] !== undefined || body['detail'] !== undefined ? body : undefined);
  if (error === undefined || error === null || error === false) return undefined;
  const inner = asObject(error);
  if (inner === undefined) {
    return { ...SILENT, message: messageOf(error) };
  }
  const code = inner['code'] ?? asObject(inner['details'])?.['error_code'];
  return {
    message: messageOf(inner['message'] ?? inner['detail'] ?? inner['msg']),
    type: asString(inner['type']),
    code: typeof code === 'number' ? String(code) : asString(code),
    param: asString(inner['param']),
  };
}

/** A message as one text. Of FastAPI's lists only place and reason are kept: they quote the input, too. */
function messageOf(message: Json | undefined): string | undefined {
  if (typeof message === 'string') return message.trim() === '' ? undefined : clean(message);
  if (Array.isArray(message)) {
    const reasons = asArray(message).flatMap((item) => {
      const { loc, msg } = asObject(item) ?? {};
      if (typeof msg !== 'string') return [];
      const place = asArray(loc).filter((step) => typeof step !== 'object');
      return [place.length === 0 ? msg : `${place.join('.')}: ${msg}`];
    });
    return reasons.length === 0 ? undefined : clean(reasons.join('; '));
  }
  const inner = asObject(message);
  return inner === undefined ? undefined : messageOf(inner['message'] ?? inner['msg']);
}

/** An error page is not passed on: it is long, and it may name hosts of the inside. */
function describe(status: number, text: string): string {
  return `The provider answered with status ${status} and ${describeBody(text)}.`;
}

/** What a body is that is not the JSON that was expected, without quoting it. */
export function describeBody(text: string): string {
  if (text.trim() === '') return 'an empty body';
  if (/^\s*</.test(text)) return 'an HTML page';
  return parseJson(text) === undefined ? 'no JSON' : 'JSON of an unknown shape';
}

/** Providers quote part of a wrong key in their message; it goes no further. */
function clean(message: string): string {
  return message
    .slice(0, LONGEST)
    .replaceAll(/\b(?:sk|pk|rk|gsk|csk|xai|hf|r8|fw|tgp|pplx|nvapi)[-_][\w*.-]{4,}/g, '***')
    .replaceAll(/\bkey-[\w*-]{16,}/g, '***')
    .replaceAll(/\bAIza[\w-]{10,}/g, '***')
    .replaceAll(/\bBearer\s+[\w*.~+/=-]{8,}/gi, 'Bearer ***');
}
