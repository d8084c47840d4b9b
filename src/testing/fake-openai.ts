/**
 * A fake upstream's answers in OpenAI's format. Written without the gateway's own dialects, so that a
 * fault of theirs cannot hide itself.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { asArray, asNumber, asString, type JsonObject } from '../json.ts';
import type { AnswerOptions, Said, ScriptedToolCall } from './behaviour.ts';

const CREATED = 1_700_000_000;
const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
/** Dimensions of a vector unless the request says otherwise. */
const DIMENSIONS = 8;

/** A `chat.completion`. */
export function completion(
  text: string | null,
  options: AnswerOptions = {},
  model = 'fake',
): JsonObject {
  const { usage = USAGE } = options;
  return {
    id: 'chatcmpl-fake',
    object: 'chat.completion',
    created: CREATED,
    model: options.model ?? model,
    choices: choicesOf(text, options).map((said, index) => ({
      index,
      message: {
        role: 'assistant',
        content: said.text ?? null,
        refusal: said.refusal ?? null,
        ...toolCallsOf(said),
        ...said.message,
      },
      logprobs: logprobsOf(said, [textOf(said)]),
      finish_reason: finishReasonOf(said),
    })),
    ...(usage === null ? {} : { usage }),
  };
}

/** The chunks of a stream; the last carries the usage, unless that is null. */
export function chunks(
  text: string | null,
  options: AnswerOptions = {},
  model = 'fake',
): JsonObject[] {
  const { usage = USAGE } = options;
  const chunk = (choices: readonly JsonObject[], used: JsonObject | null): JsonObject => ({
    id: 'chatcmpl-fake',
    object: 'chat.completion.chunk',
    created: CREATED,
    model: options.model ?? model,
    choices,
    ...(usage === null ? {} : { usage: used }),
  });
  const deltas = choicesOf(text, options).flatMap(deltasOf);
  return [
    ...deltas.map((delta) => chunk([delta], null)),
    ...(usage === null ? [] : [chunk([], usage)]),
  ];
}

/** The choices to be said: scripted one by one, or the same for each. */
export function choicesOf(text: string | null, options: AnswerOptions, count = 1): readonly Said[] {
  return options.choices ?? Array.from({ length: count }, () => ({ ...options, text }));
}

function deltasOf(said: Said, index: number): JsonObject[] {
  const choice = (
    delta: JsonObject,
    reason: string | null = null,
    logprobs: JsonObject | null = null,
  ): JsonObject => ({ index, delta, logprobs, finish_reason: reason });
  return [
    choice({
      role: 'assistant',
      content: typeof said.text === 'string' ? '' : null,
      refusal: null,
      ...said.message,
    }),
    ...partsOf(said).map((content) => choice({ content }, null, logprobsOf(said, [content]))),
    ...words(said.refusal ?? '').map((refusal) => choice({ refusal })),
    ...(said.toolCalls ?? []).flatMap((call, place) =>
      toolDeltas(call, place).map((delta) => choice({ tool_calls: [delta] })),
    ),
    choice({}, finishReasonOf(said)),
  ];
}

/** The name first, then the arguments in pieces. */
function toolDeltas(call: ScriptedToolCall, index: number): JsonObject[] {
  const { id, type, function: called } = toolCallOf(call, index);
  const pieces = called.arguments.match(/[\s\S]{1,9}/gu) ?? [];
  return [
    { index, id, type, function: { name: called.name, arguments: '' } },
    ...pieces.map((text) => ({ index, function: { arguments: text } })),
  ];
}

function toolCallsOf({ toolCalls = [] }: Said): JsonObject {
  return toolCalls.length === 0 ? {} : { tool_calls: toolCalls.map(toolCallOf) };
}

interface WireToolCall extends JsonObject {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
}

function toolCallOf({ id, name, arguments: given }: ScriptedToolCall, place: number): WireToolCall {
  const text = typeof given === 'string' ? given : JSON.stringify(given);
  return { id: id ?? `call_${place}`, type: 'function', function: { name, arguments: text } };
}

/** The finish reason, as scripted or as it follows from what is said. */
export function finishReasonOf({ finishReason, toolCalls = [] }: Said): string {
  return finishReason ?? (toolCalls.length > 0 ? 'tool_calls' : 'stop');
}

/** The pieces in which a text is streamed. */
export function partsOf(said: Said): readonly string[] {
  return said.parts ?? words(said.text ?? '');
}

function textOf(said: Said): string {
  return said.text ?? '';
}

function words(text: string): string[] {
  return (text.match(/\S*\s*/g) ?? []).filter((part) => part !== '');
}

function logprobsOf({ logprob }: Said, tokens: readonly string[]): JsonObject | null {
  if (logprob === undefined) return null;
  const content = tokens.flatMap(words).map((token) => ({
    token,
    logprob,
    bytes: [...Buffer.from(token)],
    top_logprobs: [],
  }));
  return { content, refusal: null };
}

/** The answer to an embeddings request: unit vectors that depend on the text alone. */
export function embeddings(request: JsonObject, options: AnswerOptions = {}): JsonObject {
  const input = request['input'];
  // One list of numbers is one text in tokens.
  const texts = Array.isArray(input) && typeof input[0] !== 'number' ? asArray(input) : [input];
  const dimensions = asNumber(request['dimensions']) ?? DIMENSIONS;
  const { usage = { prompt_tokens: 10, total_tokens: 10 } } = options;
  return {
    object: 'list',
    data: texts.map((text, index) => {
      const vector = vectorOf(JSON.stringify(text ?? null), dimensions);
      const embedding =
        request['encoding_format'] === 'base64'
          ? Buffer.from(vector.buffer).toString('base64')
          : [...vector];
      return { object: 'embedding', index, embedding };
    }),
    model: options.model ?? asString(request['model']) ?? 'fake',
    ...(usage === null ? {} : { usage }),
  };
}

function vectorOf(text: string, dimensions: number): Float32Array {
  const bytes = createHash('shake256', { outputLength: dimensions }).update(text).digest();
  const vector = Float32Array.from(bytes, (byte) => byte - 127.5);
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

/** The list of models. */
export function modelList(ids: readonly string[]): JsonObject {
  const data = ids.map((id) => ({ id, object: 'model', created: CREATED, owned_by: 'fake' }));
  return { object: 'list', data };
}

/** An error body. */
export function openAIError(error: JsonObject): JsonObject {
  return { error: { message: 'failed', type: 'test_error', param: null, code: null, ...error } };
}
