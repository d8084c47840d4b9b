/**
 * Reading chat-completions and embeddings requests: what Farthing relies on is checked, all else passes
 * through to whoever understands it.
 *
 * @module
 */
import { FarthingError } from '../errors.ts';
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from '../json.ts';

/** Throws `missing_required_parameter`, `invalid_type` or `invalid_value`, with the field in `param`. */
export function validateChatRequest(json: JsonObject): void {
  requireModel(json);
  const messages = json['messages'];
  if (messages === undefined && json['input'] !== undefined) {
    throw new FarthingError(
      'missing_required_parameter',
      "Missing required parameter: 'messages'. A body with 'input' belongs to /v1/responses; " +
        "/v1/chat/completions takes 'messages'.",
      { param: 'messages' },
    );
  }
  if (messages === undefined) throw missing('messages');
  if (!Array.isArray(messages)) throw wrongType('messages', 'an array of messages', messages);
  if (messages.length === 0) {
    throw new FarthingError('invalid_value', "'messages' must hold at least one message.", {
      param: 'messages',
    });
  }
  for (const [index, message] of messages.entries()) {
    if (!isObject(message)) throw wrongType(`messages[${index}]`, 'an object', message);
    if (message['role'] === undefined) throw missing(`messages[${index}].role`);
    if (typeof message['role'] !== 'string') {
      throw wrongType(`messages[${index}].role`, 'a string', message['role']);
    }
  }
  for (const [field, kind] of OPTIONAL) check(json, field, kind);
}

/** Throws as {@link validateChatRequest} does. */
export function validateEmbeddingsRequest(json: JsonObject): void {
  requireModel(json);
  const input = json['input'];
  if (input === undefined) throw missing('input');
  if (typeof input !== 'string' && !Array.isArray(input)) {
    throw wrongType('input', 'a string or an array', input);
  }
  check(json, 'dimensions', 'count');
}

type Kind = 'boolean' | 'count' | 'array' | 'object';

const OPTIONAL: readonly (readonly [field: string, kind: Kind])[] = [
  ['stream', 'boolean'],
  ['n', 'count'],
  ['max_tokens', 'count'],
  ['max_completion_tokens', 'count'],
  ['tools', 'array'],
  ['stream_options', 'object'],
  ['response_format', 'object'],
];

const KINDS: Readonly<
  Record<Kind, { readonly name: string; readonly fits: (value: Json) => boolean }>
> = {
  boolean: { name: 'a boolean', fits: (value) => typeof value === 'boolean' },
  count: {
    name: 'a positive integer',
    fits: (value) => Number.isSafeInteger(value) && Number(value) > 0,
  },
  array: { name: 'an array', fits: (value) => Array.isArray(value) },
  object: { name: 'an object', fits: isObject },
};

function check(json: JsonObject, field: string, kind: Kind): void {
  const value = json[field];
  // Null stands for "not given" in every SDK.
  if (value === undefined || value === null || KINDS[kind].fits(value)) return;
  if (kind === 'count' && typeof value === 'number') {
    throw new FarthingError(
      'invalid_value',
      `Invalid value for '${field}': it must be ${KINDS[kind].name}.`,
      {
        param: field,
      },
    );
  }
  throw wrongType(field, KINDS[kind].name, value);
}

function requireModel(json: JsonObject): void {
  const model = json['model'];
  if (model === undefined || model === null || model === '') throw missing('model');
  if (typeof model !== 'string') throw wrongType('model', 'a string', model);
}

function missing(param: string): FarthingError {
  return new FarthingError(
    'missing_required_parameter',
    `Missing required parameter: '${param}'.`,
    {
      param,
    },
  );
}

function wrongType(param: string, wanted: string, value: Json | undefined): FarthingError {
  const got =
    value === null ? 'null' : Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
  return new FarthingError(
    'invalid_type',
    `Invalid type for '${param}': expected ${wanted}, but got ${got}.`,
    {
      param,
    },
  );
}

/** The text of all system and developer messages, joined by line feeds. */
export function systemText(request: JsonObject): string {
  return asArray(request['messages'])
    .filter((message) => {
      const role = asObject(message)?.['role'];
      return role === 'system' || role === 'developer';
    })
    .map((message) => contentText(asObject(message)?.['content']))
    .join('\n');
}

/** The text of the last user message; empty where there is none. */
export function lastUserText(request: JsonObject): string {
  const last = asArray(request['messages']).findLast(
    (message) => asObject(message)?.['role'] === 'user',
  );
  return contentText(asObject(last)?.['content']);
}

/** The text of a message's content, whether it is one string or a list of parts. */
export function contentText(content: Json | undefined): string {
  if (typeof content === 'string') return content;
  return asArray(content)
    .map((part) => asString(asObject(part)?.['text']) ?? '')
    .filter((text) => text !== '')
    .join('\n');
}

/** True when the client asked for the usage chunk of a stream. */
export function wantsUsage(request: JsonObject): boolean {
  return asObject(request['stream_options'])?.['include_usage'] === true;
}

/** The client's own limit on the answer, in tokens. */
export function maxOutputTokens(request: JsonObject): number | undefined {
  const limit = request['max_completion_tokens'] ?? request['max_tokens'];
  return typeof limit === 'number' ? limit : undefined;
}
