/**
 * Errors in OpenAI's wire format.
 *
 * @module
 */
import { ERROR_CODES, type FarthingError } from '../errors.ts';

/** An error as it is sent. */
export interface RenderedError {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * `{"error":{message,type,param,code}}` with the headers that tell an SDK whether and when to try
 * again: `x-should-retry: false`, `retry-after` (seconds) and `retry-after-ms`. An upstream's own type
 * and code are kept. Causes and stacks stay inside.
 */
export function renderOpenAIError(error: FarthingError): RenderedError {
  const { message, code, status, param, upstream } = error;
  const type = upstream?.type ?? ERROR_CODES[code].type;
  const shown = upstream?.code === undefined ? code : upstream.code;
  return {
    status,
    body: JSON.stringify({ error: { message, type, param: param ?? null, code: shown } }),
    headers: { ...error.headers, ...retryHeaders(error) },
  };
}

/** A client that must not repeat the call by itself may still be told when it would succeed. */
function retryHeaders({ retryable, retryAfterMs }: FarthingError): Record<string, string> {
  const headers: Record<string, string> = retryable ? {} : { 'x-should-retry': 'false' };
  if (retryAfterMs !== undefined && Number.isFinite(retryAfterMs)) {
    const ms = Math.max(0, Math.ceil(retryAfterMs));
    headers['retry-after'] = String(Math.ceil(ms / 1000));
    headers['retry-after-ms'] = String(ms);
  }
  return headers;
}
