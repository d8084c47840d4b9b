/**
 * OpenAI's chat completions and embeddings, as the upstream's format: hardly anything to convert.
 *
 * @module
 */
import { type Ask, type Call, ReplyEvent } from '../call.ts';
import { FarthingError } from '../errors.ts';
import { asObject, asString, isObject, type JsonObject, parseJson } from '../json.ts';
import { convertOpenAIUsage } from '../pricing/usage-openai.ts';
import type { DecodedAnswer, UpstreamDialect, WireRequest, WireTarget } from './dialect.ts';
import { OpenAIStreamDecoder, withTier } from './openai-stream.ts';
import { type BodyChanges, rewriteBody } from './request-body.ts';
import { decodeUpstreamError, readError } from './upstream-error.ts';

/** The dialect. */
export const openaiDialect: UpstreamDialect = {
  name: 'openai',
  encode,
  decode,
  decodeStream: () => new OpenAIStreamDecoder(),
  decodeError: decodeUpstreamError,
};

function encode(call: Call, ask: Ask, target: WireTarget): WireRequest {
  return {
    path: call.operation === 'chat' ? '/chat/completions' : '/embeddings',
    headers: headersFor(target),
    body: rewriteBody(call.body, {
      model: ask.model.id,
      includeUsage: call.operation === 'chat' && call.body.json['stream'] === true,
      limit: limitOf(call.body.json, ask, target),
    }),
  };
}

/** The same for every request to a provider. */
const knownHeaders = new WeakMap<WireTarget, Readonly<Record<string, string>>>();

function headersFor(target: WireTarget): Readonly<Record<string, string>> {
  let headers = knownHeaders.get(target);
  if (headers === undefined) {
    headers = {
      'content-type': 'application/json',
      'accept-encoding': 'identity',
      ...(target.key === undefined ? {} : { authorization: `Bearer ${target.key}` }),
      ...target.headers,
    };
    knownHeaders.set(target, headers);
  }
  return headers;
}

/** In the field that the client used; else OpenAI's current one at OpenAI, the one that all others know elsewhere. */
function limitOf(
  request: JsonObject,
  { maxOutputTokens }: Ask,
  { url }: WireTarget,
): BodyChanges['limit'] {
  if (maxOutputTokens === undefined) return undefined;
  if (typeof request['max_completion_tokens'] === 'number') {
    if (request['max_completion_tokens'] === maxOutputTokens) return undefined;
    return { field: 'max_completion_tokens', tokens: maxOutputTokens };
  }
  if (request['max_tokens'] === maxOutputTokens) return undefined;
  const modern =
    url.startsWith('https://api.openai.com') && typeof request['max_tokens'] !== 'number';
  return { field: modern ? 'max_completion_tokens' : 'max_tokens', tokens: maxOutputTokens };
}

function decode(text: string): DecodedAnswer {
  const value = parseJson(text);
  if (!isObject(value)) {
    const what =
      text.trim() === '' ? 'an empty body' : /^\s*</.test(text) ? 'an HTML page' : 'no JSON object';
    throw new FarthingError('upstream_malformed', `The provider answered with ${what}.`);
  }
  if (!Array.isArray(value['choices']) && !Array.isArray(value['data'])) {
    // Some hosts send errors with status 200.
    if (readError(value) !== undefined) throw decodeUpstreamError(statusOf(value), text);
    throw new FarthingError('upstream_malformed', 'The provider answered without choices.');
  }
  const usage = convertOpenAIUsage(value['usage']);
  return {
    event: new ReplyEvent(text, value),
    usage: usage === undefined ? undefined : withTier(usage, value['service_tier']),
    model: asString(value['model']),
  };
}

/** The status an error in a 200 would have had: its code where that is one, else 502. */
function statusOf(value: JsonObject): number {
  const error = asObject(value['error']);
  const code = Number(error?.['code'] ?? error?.['status'] ?? value['code']);
  return Number.isInteger(code) && code >= 400 && code < 600 ? code : 502;
}
