/**
 * Anthropic's Messages API, as the upstream's format.
 *
 * @module
 */
import type { Ask, Call } from '../call.ts';
import { FarthingError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { decodeMessage } from './anthropic-reply.ts';
import { convertRequest } from './anthropic-request.ts';
import { AnthropicStreamDecoder } from './anthropic-stream.ts';
import type { UpstreamDialect, WireRequest, WireTarget } from './dialect.ts';
import { decodeUpstreamError } from './upstream-error.ts';

/** Sent unless the provider's headers name another: the newest that takes sampling parameters. */
const VERSION = '2023-06-01';

/** The dialect. Chat only: Anthropic has no embeddings. */
export const anthropicDialect: UpstreamDialect = {
  name: 'anthropic',
  encode,
  decode: decodeMessage,
  decodeStream: () => new AnthropicStreamDecoder(),
  decodeError: decodeUpstreamError,
};

function encode(call: Call, ask: Ask, target: WireTarget): WireRequest {
  if (call.operation !== 'chat') {
    throw new FarthingError(
      'unsupported_parameter',
      'Anthropic has no embeddings; choose another model.',
      { param: 'model' },
    );
  }
  const version = target.headers['anthropic-version'] ?? VERSION;
  return {
    path: '/messages',
    headers: {
      'content-type': 'application/json',
      'accept-encoding': 'identity',
      'anthropic-version': version,
      // Every version takes this header; the newer ones take a bearer token beside it.
      ...(target.key === undefined ? {} : { 'x-api-key': target.key }),
      ...target.headers,
    },
    body: serialize(convertRequest(call.body.json, ask, version)),
  };
}

/** What the parser takes may be nested more deeply than the serialiser can follow. */
function serialize(request: JsonObject): string {
  try {
    return JSON.stringify(request);
  } catch (cause) {
    throw new FarthingError('unsupported_parameter', 'The request is nested too deeply.', {
      cause,
    });
  }
}
