/**
 * The one error class and the one table of error codes. Whatever goes wrong on the way of a call is
 * thrown as a {@link FarthingError} and rendered once, at the edge, in the client's own wire format.
 *
 * @module
 */

/** What a code means over HTTP: its status, the `type` OpenAI uses for it, and whether a client may try again. */
interface CodeMeaning {
  readonly status: number;
  readonly type: string;
  readonly retryable: boolean;
}

const invalidRequest = { type: 'invalid_request_error', retryable: false } as const;
const upstream = { type: 'upstream_error', retryable: true } as const;

/** Every error that Farthing itself raises. A code is stable from release to release; messages are not. */
export const ERROR_CODES = {
  // The request cannot be understood.
  invalid_json: { status: 400, ...invalidRequest },
  invalid_type: { status: 400, ...invalidRequest },
  invalid_value: { status: 400, ...invalidRequest },
  missing_required_parameter: { status: 400, ...invalidRequest },
  unsupported_parameter: { status: 400, ...invalidRequest },
  unsupported_media_type: { status: 415, ...invalidRequest },
  request_too_large: { status: 413, ...invalidRequest },
  request_timeout: { status: 408, ...invalidRequest },
  method_not_allowed: { status: 405, ...invalidRequest },
  unknown_url: { status: 404, ...invalidRequest },
  model_not_found: { status: 404, ...invalidRequest },
  task_not_found: { status: 404, ...invalidRequest },
  max_cost_exceeded: { status: 400, ...invalidRequest },
  unpriced_model: { status: 400, ...invalidRequest },
  // Asked for only if it is kept, and it is not: HTTP's status for `only-if-cached`.
  cache_miss: { status: 504, ...invalidRequest },
  // What is allowed is used up: `budget_exceeded` until the budget renews, the others for a moment.
  budget_exceeded: { status: 429, type: 'insufficient_quota', retryable: false },
  budget_busy: { status: 429, type: 'rate_limit_error', retryable: true },
  rate_limit_exceeded: { status: 429, type: 'rate_limit_error', retryable: true },
  // The caller's key is missing, wrong, or not for this.
  missing_api_key: { status: 401, type: 'authentication_error', retryable: false },
  invalid_api_key: { status: 401, type: 'authentication_error', retryable: false },
  model_not_allowed: { status: 403, type: 'permission_error', retryable: false },
  task_not_allowed: { status: 403, type: 'permission_error', retryable: false },
  // The gateway's own configuration or state stands in the way.
  missing_provider_key: { status: 401, type: 'authentication_error', retryable: false },
  invalid_config: { status: 500, type: 'configuration_error', retryable: false },
  shutting_down: { status: 503, type: 'server_error', retryable: true },
  client_disconnected: { status: 499, type: 'client_error', retryable: false },
  internal_error: { status: 500, type: 'server_error', retryable: false },
  // An upstream failed. `upstream_rejected` carries the upstream's own status and body instead.
  upstream_rejected: { status: 502, ...upstream, retryable: false },
  upstream_unreachable: { status: 502, ...upstream },
  upstream_timeout: { status: 504, ...upstream },
  upstream_malformed: { status: 502, ...upstream },
  upstream_truncated: { status: 502, ...upstream },
  upstream_unavailable: { status: 503, ...upstream },
} as const satisfies Record<string, CodeMeaning>;

/** A code of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What an error may carry beside its code and message. */
export interface FarthingErrorOptions {
  /** The request field that is wrong, in the client's spelling: `messages[0].role`. */
  readonly param?: string | undefined;
  /** HTTP status instead of the code's own: an upstream's status is passed on. */
  readonly status?: number | undefined;
  /** Overrides the code's `type` and `code` in the rendered body: an upstream's own words are passed on. */
  readonly upstream?:
    | {
        readonly type?: string | undefined;
        readonly code?: string | null | undefined;
      }
    | undefined;
  /** Whether trying the same call again can help. Decided where the error is made. @default the code's */
  readonly retryable?: boolean | undefined;
  /** After how long trying again makes sense, in ms: what the other side asked for, or a limit's renewal. */
  readonly retryAfterMs?: number | undefined;
  /** Further headers of the response. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly cause?: unknown;
}

const MARKER = Symbol.for('farthing.error');

/** Anything that stops a call. Never carries a key, a prompt or an answer. */
export class FarthingError extends Error {
  override readonly name = 'FarthingError';
  readonly [MARKER] = true;
  readonly code: ErrorCode;
  readonly status: number;
  readonly param: string | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly upstream: FarthingErrorOptions['upstream'];

  constructor(code: ErrorCode, message: string, options: FarthingErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const meaning = ERROR_CODES[code];
    this.code = code;
    this.status = options.status ?? meaning.status;
    this.param = options.param;
    this.retryable = options.retryable ?? meaning.retryable;
    this.retryAfterMs = options.retryAfterMs;
    this.headers = options.headers;
    this.upstream = options.upstream;
  }
}

/** True for a {@link FarthingError} of any copy of this package in the process. */
export function isFarthingError(value: unknown): value is FarthingError {
  return typeof value === 'object' && value !== null && MARKER in value;
}

/** Any thrown value as a {@link FarthingError}; what is not one becomes `internal_error` with the original as cause. */
export function toFarthingError(thrown: unknown): FarthingError {
  return isFarthingError(thrown)
    ? thrown
    : new FarthingError('internal_error', 'Something went wrong inside the gateway.', {
        cause: thrown,
      });
}
