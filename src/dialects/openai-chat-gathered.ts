/**
 * The chunks of a stream as one whole chat completion: the reverse of `openai-chat-chunks.ts`.
 *
 * @module
 */
import { asArray, asObject, asString, type Json, type JsonObject } from '../json.ts';

type Fields = Record<string, Json | undefined>;

/** Fields of a delta that are texts in pieces. */
const TEXTS: ReadonlySet<string> = new Set([
  'content',
  'refusal',
  'reasoning',
  'reasoning_content',
]);
/** Fields of a delta that are lists in pieces. */
const LISTS: ReadonlySet<string> = new Set(['annotations', 'thinking_blocks']);
/** Fields of a chunk that say nothing about the answer. */
const OF_CHUNKS: ReadonlySet<string> = new Set(['object', 'choices', 'usage', 'obfuscation']);

/**
 * Gathers one answer. A delta with a field that nobody here knows how to put together is not gathered
 * wrongly: there is no whole answer then.
 */
export class CompletionGatherer {
  readonly #choices = new Map<number, Choice>();
  #frame: Fields = {};
  #usage: JsonObject | undefined;
  #understood = true;

  /** Takes one chunk. Never throws. */
  push(chunk: JsonObject): void {
    for (const name in chunk) {
      const value = chunk[name];
      if (value !== null && !OF_CHUNKS.has(name)) this.#frame[name] ??= value;
    }
    this.#usage = asObject(chunk['usage']) ?? this.#usage;
    for (const [position, given] of asArray(chunk['choices']).entries()) {
      const choice = asObject(given) ?? {};
      const index = typeof choice['index'] === 'number' ? choice['index'] : position;
      let gathering = this.#choices.get(index);
      if (gathering === undefined) this.#choices.set(index, (gathering = new Choice(index)));
      this.#understood &&= gathering.push(choice);
    }
  }

  /** The `chat.completion`; undefined where some chunk was not understood. */
  body(): JsonObject | undefined {
    if (!this.#understood) return undefined;
    const choices = [...this.#choices.entries()]
      .toSorted(([a], [b]) => a - b)
      .map(([, choice]) => choice.whole());
    const usage = this.#usage === undefined ? {} : { usage: this.#usage };
    return { ...this.#frame, object: 'chat.completion', choices, ...usage };
  }
}

class Choice {
  readonly #index: number;
  readonly #message: Fields = { role: 'assistant', content: null };
  readonly #calls = new Map<number, Fields>();
  readonly #details = new Map<string, Fields>();
  #rest: Fields = {};
  #logprobs: Fields | null = null;

  constructor(index: number) {
    this.#index = index;
  }

  /** False for what is not understood. */
  push({ delta, logprobs, ...rest }: JsonObject): boolean {
    for (const [name, value] of Object.entries(rest)) {
      if (value !== null && name !== 'index') this.#rest[name] = value;
    }
    for (const [name, list] of Object.entries(asObject(logprobs) ?? {})) {
      this.#logprobs ??= {};
      if (Array.isArray(list)) append(this.#logprobs, name, list);
      else this.#logprobs[name] ??= list;
    }
    return Object.entries(asObject(delta) ?? {}).every(([name, value]) => this.#add(name, value));
  }

  whole(): JsonObject {
    const calls = [...this.#calls.entries()].toSorted(([a], [b]) => a - b).map(([, call]) => call);
    const details = [...this.#details.values()];
    return {
      finish_reason: null,
      ...this.#rest,
      index: this.#index,
      message: {
        refusal: null,
        ...this.#message,
        ...(calls.length === 0 ? {} : { tool_calls: calls }),
        ...(details.length === 0 ? {} : { reasoning_details: details }),
      },
      logprobs: this.#logprobs,
    };
  }

  #add(name: string, value: Json | undefined): boolean {
    if (value === null || value === undefined) return true;
    if (name === 'role') this.#message['role'] = value;
    else if (TEXTS.has(name)) return addText(this.#message, name, value);
    else if (LISTS.has(name)) append(this.#message, name, asArray(value).map(withoutIndex));
    else if (name === 'function_call') return this.#addLegacy(asObject(value) ?? {});
    else if (name === 'reasoning_details') return asArray(value).every((one) => this.#detail(one));
    else if (name !== 'tool_calls') return isEmpty(value);
    else return asArray(value).every((call, position) => this.#addCall(call, position));
    return true;
  }

  #addCall(given: Json, position: number): boolean {
    const { index, function: called, custom, ...rest } = asObject(given) ?? {};
    const at = typeof index === 'number' ? index : position;
    let call = this.#calls.get(at);
    if (call === undefined) this.#calls.set(at, (call = {}));
    for (const [name, value] of Object.entries(rest)) call[name] ??= value;
    if (called !== undefined) call['function'] = added(call['function'], called);
    if (custom !== undefined) call['custom'] = added(call['custom'], custom);
    return true;
  }

  #addLegacy(called: JsonObject): boolean {
    this.#message['function_call'] = added(this.#message['function_call'], called);
    return true;
  }

  /** OpenRouter's: pieces of one detail have its type and index. */
  #detail(given: Json): boolean {
    const piece = asObject(given) ?? {};
    const key = `${asString(piece['type']) ?? ''} ${String(piece['index'])}`;
    let detail = this.#details.get(key);
    if (detail === undefined) this.#details.set(key, (detail = {}));
    for (const [name, value] of Object.entries(piece)) {
      const isText = name === 'text' || name === 'summary' || name === 'data';
      if (isText && typeof value === 'string') addText(detail, name, value);
      else if (value !== null) detail[name] = value;
    }
    return true;
  }
}

/** False for what is no text. */
function addText(to: Fields, name: string, value: Json): boolean {
  if (typeof value !== 'string') return false;
  to[name] = (asString(to[name]) ?? '') + value;
  return true;
}

function append(to: Fields, name: string, list: readonly Json[]): void {
  to[name] = [...asArray(to[name]), ...list];
}

/** Name once, arguments (or a custom tool's input) in pieces. */
function added(before: Json | undefined, piece: Json): JsonObject {
  const whole: Fields = { ...asObject(before) };
  for (const [name, value] of Object.entries(asObject(piece) ?? {})) {
    if ((name === 'arguments' || name === 'input') && typeof value === 'string') {
      addText(whole, name, value);
    } else if (whole[name] === undefined || whole[name] === '') whole[name] = value;
  }
  return whole;
}

function withoutIndex(item: Json): Json {
  const { index: _, ...rest } = asObject(item) ?? {};
  return rest;
}

function isEmpty(value: Json): boolean {
  return value === '' || (Array.isArray(value) && value.length === 0);
}
