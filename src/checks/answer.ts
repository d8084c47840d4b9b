/**
 * The choices of an answer: read from a body, gathered from a stream, put back where they were mended.
 *
 * @module
 */
import { asArray, asObject, asString, type Json, type JsonObject } from '../json.ts';
import type { Choice, ToolCall } from './check.ts';

/** The choices of a `chat.completion` body. Any shape is survived. */
export function choicesOf(body: JsonObject): Choice[] {
  return asArray(body['choices']).map((given, position) => {
    const choice = asObject(given) ?? {};
    const message = asObject(choice['message']) ?? {};
    return {
      index: typeof choice['index'] === 'number' ? choice['index'] : position,
      text: textOf(message['content']),
      refusal: asString(message['refusal']),
      toolCalls: toolCallsOf(message),
      finishReason: asString(choice['finish_reason']),
    };
  });
}

function textOf(content: Json | undefined): string {
  if (typeof content === 'string') return content;
  return asArray(content)
    .map((part) => asString(asObject(part)?.['text']) ?? '')
    .join('');
}

function toolCallsOf(message: JsonObject): ToolCall[] {
  const calls = asArray(message['tool_calls']).map((given) => {
    const call = asObject(given) ?? {};
    return toolCall(asString(call['id']) ?? '', asObject(call['function']));
  });
  const legacy = asObject(message['function_call']);
  return legacy === undefined ? calls : [...calls, toolCall('', legacy)];
}

function toolCall(id: string, called: JsonObject | undefined): ToolCall {
  const given = called?.['arguments'];
  return {
    id,
    name: asString(called?.['name']) ?? '',
    // Some hosts send an object where JSON text is meant.
    arguments: typeof given === 'string' ? given : given === undefined ? '' : JSON.stringify(given),
  };
}

/** The body with other texts and tool arguments; all else stays. Choices are found by their index. */
export function withChoices(body: JsonObject, choices: readonly Choice[]): JsonObject {
  const given = asArray(body['choices']);
  if (given.length === 0) return { ...body, choices: choices.map(asCompletionChoice) };
  const replaced = given.map((item, position) => {
    const choice = asObject(item) ?? {};
    const index = typeof choice['index'] === 'number' ? choice['index'] : position;
    const mended = choices.find((candidate) => candidate.index === index);
    return mended === undefined
      ? item
      : { ...choice, message: mendedMessage(choice['message'], mended) };
  });
  return { ...body, choices: replaced };
}

function mendedMessage(message: Json | undefined, choice: Choice): JsonObject {
  const given = asObject(message) ?? {};
  const calls = asArray(given['tool_calls']).map((item, place) => {
    const call = asObject(item) ?? {};
    const mended = choice.toolCalls[place];
    return mended === undefined
      ? item
      : { ...call, function: { ...asObject(call['function']), arguments: mended.arguments } };
  });
  const content = given['content'] === null && choice.text === '' ? null : choice.text;
  return { ...given, content, ...(calls.length === 0 ? {} : { tool_calls: calls }) };
}

/** A choice as it stands in a body. */
function asCompletionChoice(choice: Choice): JsonObject {
  const calls = choice.toolCalls.map(({ id, name, arguments: text }) => ({
    id,
    type: 'function',
    function: { name, arguments: text },
  }));
  return {
    index: choice.index,
    message: {
      role: 'assistant',
      content: choice.text === '' && calls.length > 0 ? null : choice.text,
      refusal: choice.refusal ?? null,
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    },
    logprobs: null,
    finish_reason: choice.finishReason ?? null,
  };
}

interface Gathering {
  text: string;
  refusal: string | undefined;
  finishReason: string | undefined;
  readonly toolCalls: Map<number, { id: string; name: string; arguments: string }>;
}

/** Gathers the choices of a stream. */
export class ChoiceGatherer {
  readonly #choices = new Map<number, Gathering>();

  /** Takes one chunk. */
  push(chunk: JsonObject): void {
    for (const [position, given] of asArray(chunk['choices']).entries()) {
      const choice = asObject(given) ?? {};
      const index = typeof choice['index'] === 'number' ? choice['index'] : position;
      let gathering = this.#choices.get(index);
      if (gathering === undefined) {
        gathering = { text: '', refusal: undefined, finishReason: undefined, toolCalls: new Map() };
        this.#choices.set(index, gathering);
      }
      addDelta(gathering, asObject(choice['delta']) ?? {});
      gathering.finishReason = asString(choice['finish_reason']) ?? gathering.finishReason;
    }
  }

  /** Text of the first choice so far. */
  textSoFar(): string {
    return this.#choices.get(0)?.text ?? '';
  }

  choices(): Choice[] {
    return [...this.#choices.entries()]
      .toSorted(([a], [b]) => a - b)
      .map(([index, { text, refusal, finishReason, toolCalls }]) => ({
        index,
        text,
        refusal,
        finishReason,
        toolCalls: [...toolCalls.values()],
      }));
  }
}

function addDelta(gathering: Gathering, delta: JsonObject): void {
  gathering.text += textOf(delta['content']);
  const refusal = asString(delta['refusal']);
  if (refusal !== undefined) gathering.refusal = (gathering.refusal ?? '') + refusal;
  for (const [position, given] of asArray(delta['tool_calls']).entries()) {
    const call = asObject(given) ?? {};
    const index = typeof call['index'] === 'number' ? call['index'] : position;
    let gathered = gathering.toolCalls.get(index);
    if (gathered === undefined) {
      gathering.toolCalls.set(index, (gathered = { id: '', name: '', arguments: '' }));
    }
    const part = toolCall(asString(call['id']) ?? '', asObject(call['function']));
    gathered.id = gathered.id === '' ? part.id : gathered.id;
    gathered.name += part.name;
    gathered.arguments += part.arguments;
  }
}
