/**
 * A chat-completions request as one of Anthropic's Messages API.
 *
 * @module
 */
import type { Ask } from '../call.ts';
import { FarthingError } from '../errors.ts';
import {
  asArray,
  asObject,
  asString,
  isObject,
  type Json,
  type JsonObject,
  parseJson,
} from '../json.ts';
import { contentText, maxOutputTokens, systemText } from './openai-chat-request.ts';

/** From this version on, sampling parameters are refused even at their defaults. */
export const VERSION_WITHOUT_SAMPLING = '2026-10-21';

/** The API demands a limit; what is sent where neither the client nor the price book names one. */
const DEFAULT_MAX_TOKENS = 4096;
/** Largest limit sent where only the model's own is known: non-streaming answers must end within ten minutes. */
const MOST_MAX_TOKENS = 16_384;

/** Fields that no Anthropic request can say. */
const UNSUPPORTED: readonly (readonly [field: string, harmless: (value: Json) => boolean])[] = [
  ['n', (value) => value === 1],
  ['logprobs', (value) => value === false],
  ['top_logprobs', (value) => value === 0],
  ['audio', () => false],
  ['prediction', () => false],
  ['web_search_options', () => false],
  ['functions', (value) => Array.isArray(value) && value.length === 0],
];

/** Converts the body. Throws `unsupported_parameter` for what the format cannot say. */
export function convertRequest(request: JsonObject, ask: Ask, version: string): JsonObject {
  for (const [field, harmless] of UNSUPPORTED) {
    const value = request[field];
    if (value !== undefined && value !== null && !harmless(value)) {
      throw new FarthingError(
        'unsupported_parameter',
        `'${field}' cannot be asked of an Anthropic model.`,
        {
          param: field,
        },
      );
    }
  }
  const system = systemBlocks(request);
  const limit = ask.maxOutputTokens ?? maxOutputTokens(request);
  return {
    model: ask.model.id,
    max_tokens: limit ?? Math.min(ask.model.maxOutputTokens ?? DEFAULT_MAX_TOKENS, MOST_MAX_TOKENS),
    ...(system === undefined ? {} : { system }),
    messages: convertMessages(asArray(request['messages'])),
    ...(request['stream'] === true ? { stream: true } : {}),
    ...sampling(request, version),
    ...stopSequences(request['stop']),
    ...tools(request),
    ...format(request['response_format']),
    ...effort(request),
    ...passedThrough(request),
  };
}

/** One text as a string; text parts with cache marks as blocks, so that the marks are kept. */
function systemBlocks(request: JsonObject): Json | undefined {
  const parts = asArray(request['messages'])
    .map((message) => asObject(message) ?? {})
    .filter(({ role }) => role === 'system' || role === 'developer')
    .flatMap(({ content }) => asArray(content).map((part) => asObject(part) ?? {}));
  if (parts.some((part) => part['cache_control'] !== undefined)) {
    return parts.map(({ text, cache_control: mark }) => ({
      type: 'text',
      text: text ?? '',
      ...(mark === undefined ? {} : { cache_control: mark }),
    }));
  }
  const text = systemText(request);
  return text === '' ? undefined : text;
}

interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: Json[];
}

/** Alternating turns: neighbours of one side are one turn, tool results belong to the user's. */
function convertMessages(messages: readonly Json[]): Json {
  const turns: Turn[] = [];
  for (const given of messages) {
    const message = asObject(given) ?? {};
    const role = message['role'];
    if (role === 'system' || role === 'developer') continue;
    const side = role === 'assistant' ? 'assistant' : 'user';
    const blocks =
      role === 'tool' || role === 'function' ? [toolResult(message)] : blocksOf(message, side);
    const last = turns.at(-1);
    if (last?.role === side) last.content.push(...blocks);
    else if (blocks.length > 0) turns.push({ role: side, content: blocks });
  }
  return turns.map(({ role, content }) => ({ role, content: plainIfOne(content) }));
}

/** A lone text is sent as a string: fewer bytes, same meaning. */
function plainIfOne(content: readonly Json[]): Json {
  const [only] = content;
  const lone = asObject(only);
  const plain =
    content.length === 1 && lone?.['type'] === 'text' && lone['cache_control'] === undefined;
  return plain ? (lone['text'] ?? '') : content;
}

function toolResult(message: JsonObject): Json {
  const content = message['content'];
  return {
    type: 'tool_result',
    tool_use_id: message['tool_call_id'] ?? message['name'] ?? '',
    content: Array.isArray(content)
      ? content.map((part: Json) => block(part))
      : contentText(content),
  };
}

function blocksOf(message: JsonObject, side: Turn['role']): Json[] {
  const { content } = message;
  const blocks: Json[] = side === 'assistant' ? asArray(message['thinking_blocks']).slice() : [];
  if (typeof content === 'string') {
    if (content !== '') blocks.push({ type: 'text', text: content });
  } else blocks.push(...asArray(content).map((part) => block(part)));
  const refusal = asString(message['refusal']);
  if (refusal !== undefined && refusal !== '') blocks.push({ type: 'text', text: refusal });
  for (const given of asArray(message['tool_calls'])) {
    const call = asObject(given) ?? {};
    const called = asObject(call['function']) ?? {};
    const input = parseJson(asString(called['arguments']) ?? '');
    blocks.push({
      type: 'tool_use',
      id: call['id'] ?? '',
      name: called['name'] ?? '',
      input: isObject(input) ? input : {},
    });
  }
  return blocks;
}

/** One content part as a block. */
function block(given: Json): Json {
  const part = asObject(given) ?? {};
  const mark = part['cache_control'] === undefined ? {} : { cache_control: part['cache_control'] };
  switch (part['type']) {
    case 'text':
    case 'input_text':
      return { type: 'text', text: part['text'] ?? '', ...mark };
    case 'refusal':
      return { type: 'text', text: part['refusal'] ?? '' };
    case 'image_url':
      return { type: 'image', source: imageSource(part['image_url']), ...mark };
    case 'file':
      return { type: 'document', source: fileSource(asObject(part['file']) ?? {}), ...mark };
    default:
      throw new FarthingError(
        'unsupported_parameter',
        `A content part of type "${String(part['type'])}" cannot be sent to an Anthropic model.`,
        { param: 'messages' },
      );
  }
}

const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+);base64,/;

function imageSource(given: Json | undefined): Json {
  const url = typeof given === 'string' ? given : (asString(asObject(given)?.['url']) ?? '');
  const media = DATA_URL.exec(url);
  return media === null
    ? { type: 'url', url }
    : { type: 'base64', media_type: media[1] ?? '', data: url.slice(media[0].length) };
}

function fileSource(file: JsonObject): Json {
  const data = asString(file['file_data']) ?? '';
  const media = DATA_URL.exec(data);
  if (media === null) {
    throw new FarthingError(
      'unsupported_parameter',
      'A file must be sent as a base64 data URL to an Anthropic model.',
      {
        param: 'messages',
      },
    );
  }
  return { type: 'base64', media_type: media[1] ?? '', data: data.slice(media[0].length) };
}

/** Both together are refused by newer models: temperature is the one that clients mean. */
function sampling(request: JsonObject, version: string): JsonObject {
  if (version >= VERSION_WITHOUT_SAMPLING) return {};
  const { temperature, top_p: top } = request;
  if (typeof temperature === 'number') return { temperature: Math.min(1, temperature) };
  return typeof top === 'number' ? { top_p: top } : {};
}

function stopSequences(stop: Json | undefined): JsonObject {
  const given = typeof stop === 'string' ? [stop] : asArray(stop);
  const sequences = given.filter((text) => typeof text === 'string' && text.trim() !== '');
  return sequences.length === 0 ? {} : { stop_sequences: sequences };
}

function tools(request: JsonObject): JsonObject {
  const given = asArray(request['tools']).map((tool) => asObject(tool) ?? {});
  if (given.length === 0) return {};
  const converted = given.map(({ type, function: described, ...rest }) => {
    const { name, description, parameters } = asObject(described) ?? {};
    if (type !== 'function' && described === undefined) return { type, ...rest };
    return {
      name,
      ...(description === undefined ? {} : { description }),
      input_schema: parameters ?? { type: 'object', properties: {} },
      ...(rest['cache_control'] === undefined ? {} : { cache_control: rest['cache_control'] }),
    };
  });
  const choice = toolChoice(request['tool_choice'], request['parallel_tool_calls'] === false);
  return { tools: converted, ...(choice === undefined ? {} : { tool_choice: choice }) };
}

function toolChoice(choice: Json | undefined, single: boolean): JsonObject | undefined {
  const one = single ? { disable_parallel_tool_use: true } : {};
  if (choice === 'none') return { type: 'none' };
  if (choice === 'required') return { type: 'any', ...one };
  const name = asObject(asObject(choice)?.['function'])?.['name'];
  if (name !== undefined) return { type: 'tool', name, ...one };
  return single ? { type: 'auto', ...one } : undefined;
}

/** A schema is passed on as Anthropic's structured output; for `json_object`, which has none, the prompt must ask. */
function format(given: Json | undefined): JsonObject {
  const schema = asObject(asObject(asObject(given)?.['json_schema'])?.['schema']);
  return schema === undefined ? {} : { output_config: { format: { type: 'json_schema', schema } } };
}

function effort(request: JsonObject): JsonObject {
  const wanted = asString(request['reasoning_effort']);
  if (wanted === undefined || request['thinking'] !== undefined) return {};
  if (wanted === 'none') return { thinking: { type: 'disabled' } };
  const level = wanted === 'minimal' ? 'low' : wanted;
  const inner = asObject(format(request['response_format'])['output_config']) ?? {};
  return { thinking: { type: 'adaptive' }, output_config: { ...inner, effort: level } };
}

/** Anthropic's own fields, which a client may send through the OpenAI format. */
function passedThrough(request: JsonObject): JsonObject {
  const user = asString(request['user']) ?? asString(request['safety_identifier']);
  const tier = asString(request['service_tier']);
  const kept: Record<string, Json | undefined> = {};
  for (const field of ['thinking', 'top_k', 'cache_control', 'speed', 'inference_geo']) {
    if (request[field] !== undefined) kept[field] = request[field];
  }
  if (user !== undefined) kept['metadata'] = { user_id: user };
  if (tier === 'auto') kept['service_tier'] = 'auto';
  else if (tier === 'default' || tier === 'standard_only') kept['service_tier'] = 'standard_only';
  return kept;
}
