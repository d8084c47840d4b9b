/**
 * From a wire request to a call.
 *
 * @module
 */
import { type Call, newTrace, type Operation, type RequestBody } from './call.ts';
import { validateChatRequest, validateEmbeddingsRequest } from './dialects/openai-chat-request.ts';
import { parseRequestBody } from './dialects/request-body.ts';
import { Departure } from './departure.ts';
import { FarthingError } from './errors.ts';
import type { JsonObject } from './json.ts';
import { readTags } from './stages/identify/tags.ts';
import type { KeyRecord } from './stores/key-store.ts';
import { ulid } from './stores/ulid.ts';

/** Request headers by lower-case name. */
export type Headers = Readonly<Record<string, string | undefined>>;

/** A wire request in OpenAI's format. */
export interface GatewayRequest {
  /** @default what the body looks like: one with `input` and no `messages` is for embeddings */
  readonly operation?: Operation | undefined;
  /** The JSON body: its text, or its bytes in UTF-8. */
  readonly body: string | Buffer;
  readonly headers: Headers;
  /** Who asks, as the gateway's `authenticate` told. @default nobody in particular */
  readonly key?: KeyRecord | undefined;
  /** Tells when the client leaves. @default it never does */
  readonly departure?: Departure;
}

/** Finds bodies that were read before. */
export interface KnownBodies {
  /** The body of these very bytes, if it was read and found right for this operation of this tenant. */
  find(bytes: Uint8Array, operation: Operation, tenant: string): RequestBody | undefined;
}

/** Reads a request. Throws a {@link FarthingError} for one that cannot be understood. */
export function readCall(request: GatewayRequest, known?: KnownBodies): Call {
  const { headers, key, departure } = request;
  const tenant = key?.name ?? '';
  const { body, operation } = readBody(request, tenant, known);
  const startedAt = Date.now();
  const tags = readTags(headers, body.json);
  return {
    id: ulid(startedAt),
    startedAt,
    operation,
    body,
    headers,
    tenant,
    key,
    tags: key === undefined ? tags : { ...tags, ...key.tags },
    maxCostNano: readMaxCost(headers['x-farthing-max-cost']),
    departure: departure ?? new Departure(),
    trace: newTrace(),
  };
}

function readBody(
  { body: came, operation: given }: GatewayRequest,
  tenant: string,
  known: KnownBodies | undefined,
): Pick<Call, 'body' | 'operation'> {
  if (given !== undefined && typeof came !== 'string') {
    const before = known?.find(came, given, tenant);
    if (before !== undefined) return { body: before, operation: given };
  }
  const body = parseRequestBody(String(came));
  const operation = given ?? operationOf(body.json);
  if (operation === 'chat') validateChatRequest(body.json);
  else validateEmbeddingsRequest(body.json);
  return { body, operation };
}

function operationOf({ messages, input }: JsonObject): Operation {
  return messages === undefined && input !== undefined ? 'embeddings' : 'chat';
}

/** `x-farthing-max-cost: 0.05` in nano-dollars. */
function readMaxCost(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const dollars = Number(header.replace(/^\s*\$/, ''));
  if (header.trim() !== '' && Number.isFinite(dollars) && dollars >= 0) {
    return Math.floor(dollars * 1e9);
  }
  throw new FarthingError(
    'invalid_value',
    'x-farthing-max-cost must be an amount in US dollars, such as 0.05.',
    { param: 'x-farthing-max-cost' },
  );
}
