/**
 * OpenAI's chat completions and embeddings, as the upstream's format: hardly anything to convert.
 *
 * @module
 */
import { type Ask, type Call, ReplyEvent } from '../call.ts';
import { FarthingError } from '../errors.ts';
import { asArray, asObject, asString, isObject, type JsonObject, parseJson } from '../json.ts';
import { convertOpenAIUsage, openaiTier } from '../pricing/usage-openai.ts';
import { withServiceTier } from '../pricing/usage.ts';
import type { DecodedAnswer, UpstreamDialect, WireRequest, WireTarget } from './dialect.ts';
import { OpenAIStreamDecoder } from './openai-stream.ts';
import { mendMessage } from './openai-tool-calls.ts';
import { type BodyChanges, rewriteBody } from './request-body.ts';
import { decodeErrorBody, decodeUpstreamError, describeBody, readError } from './upstream-error.ts';

/** The dialect. */
export const openaiDialect: UpstreamDialect = {
  name: 'openai',
  encode,
  decode,
  decodeStream: () => new OpenAIStreamDecoder(),
  decodeError: decodeUpstreamError,
};

function encode(call: Call, ask: Ask, target: WireTarget): WireRequest {
  const headers = headersFor(target);
  if (call.operation === 'embeddings') {
    return { path: '/embeddings', headers, body: rewriteBody(call.body, { model: ask.model.id }) };
  }
  return {
    path: '/chat/completions',
    headers,
    body: rewriteBody(call.body, {
      model: ask.model.id,
      // Asked for whatever the client wants: the ledger needs it, and takes it out again.
      includeUsage: call.body.json['stream'] === true,
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
    throw new FarthingError(
      'upstream_malformed',
      `The provider answered with ${describeBody(text)}.`,
    );
  }
  const choices = asArray(value['choices']);
  const isAnswer = choices.length > 0 || Array.isArray(value['data']);
  // Some hosts send errors with status 200, some inside a choice.
  const failed = asObject(choices.map((choice) => asObject(choice)?.['error']).find(isObject));
  if (failed !== undefined) throw decodeErrorBody({ error: failed });
  if (!isAnswer && readError(value) !== undefined) throw decodeErrorBody(value);
  if (!isAnswer && !Array.isArray(value['choices'])) {
    throw new FarthingError('upstream_malformed', 'The provider answered without choices.');
  }
  const usage = convertOpenAIUsage(value['usage']);
  return {
    event: mended(text, value),
    usage: usage === undefined ? undefined : withServiceTier(usage, openaiTier(value)),
    model: asString(value['model']),
  };
}

/** The answer as it came, or with its tool calls put right. */
function mended(text: string, value: JsonObject): ReplyEvent {
  const choices = asArray(value['choices']);
  const right = choices.map((given) => {
    const choice = asObject(given);
    const message = asObject(choice?.['message']);
    const mendedMessage = message === undefined ? message : mendMessage(message);
    return mendedMessage === message ? given : { ...choice, message: mendedMessage };
  });
  return right.every((choice, index) => choice === choices[index])
    ? new ReplyEvent(text, value)
    : ReplyEvent.of({ ...value, choices: right });
}
