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
 * again. An upstream's own type and code are kept. Causes and stacks stay inside.
 */
export function renderOpenAIError(error: FarthingError): RenderedError {
  const { message, code, status, param, upstream } = error;
  const type = upstream?.type ?? ERROR_CODES[code].type;
  const shown = upstream?.code === undefined ? code : upstream.code;
  return {
    status,
    body: JSON.stringify({ error: { message, type, param: param ?? null, code: shown } }),
    headers: retryHeaders(error),
  };
}

function retryHeaders({ retryable, retryAfterMs }: FarthingError): Record<string, string> {
  if (!retryable) return { 'x-should-retry': 'false' };
  if (retryAfterMs === undefined) return {};
  return {
    'retry-after': String(Math.ceil(retryAfterMs / 1000)),
    'retry-after-ms': String(Math.ceil(retryAfterMs)),
  };
}
