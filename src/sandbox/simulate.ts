/**
 * What a simulated model says: always the same to the same messages, plausible enough for checks to
 * pass, and labelled as simulated.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { lastUserText, maxOutputTokens, systemText } from '../dialects/openai-chat-request.ts';
import { asArray, asObject, asString, type Json, type JsonObject } from '../json.ts';
import type { SandboxModel } from './models.ts';

/** One simulated answer. */
export interface Simulated {
  readonly text: string | null;
  readonly toolCalls: readonly JsonObject[];
  readonly finishReason: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

type Failure = 'refuses' | 'fences' | 'is cut off' | 'says nothing';
const FAILURES: readonly Failure[] = ['refuses', 'fences', 'is cut off', 'says nothing'];

/** The answer of a model to a request. `choice` varies the answers of one request with `n`. */
export function simulate(model: SandboxModel, request: JsonObject, choice = 0): Simulated {
  const luck = createHash('sha256')
    .update(JSON.stringify([model.name, request['messages'], choice]))
    .digest();
  const failure =
    (luck[0] ?? 0) % 12 < model.failsOf12 ? FAILURES[(luck[1] ?? 0) % FAILURES.length] : undefined;
  const tool = wantedTool(request);
  if (tool !== undefined && failure === undefined)
    return finish(request, { text: null, tool, luck });
  const good = answerText(model, request);
  return finish(request, {
    text: spoil(good, failure),
    finishReason: failure === 'is cut off' ? 'length' : 'stop',
    luck,
  });
}

function spoil(good: string, failure: Failure | undefined): string {
  const isJson = good.startsWith('{');
  if (failure === 'refuses') return "I'm sorry, but I can't help with that. [simulated refusal]";
  if (failure === 'is cut off') return good.slice(0, Math.max(8, Math.floor(good.length / 3)));
  if (failure === 'says nothing') return '';
  if (failure === 'fences' && isJson)
    return `Here is the JSON:\n\n\`\`\`json\n${good.replace(/\}$/, ',}')}\n\`\`\``;
  return good;
}

function answerText(model: SandboxModel, request: JsonObject): string {
  const label = `[simulated by ${model.name}]`;
  const format = asObject(request['response_format']);
  const schema = asObject(asObject(format?.['json_schema'])?.['schema']);
  if (schema !== undefined) return JSON.stringify(sample(schema, label));
  if (format?.['type'] === 'json_object')
    return JSON.stringify({ note: label, answer: topic(request) });
  const system = systemText(request).split(/[.\n]/)[0] ?? '';
  const task = system === '' ? 'the question' : `the task "${system.slice(0, 80)}"`;
  return `${label} Regarding ${task}: ${topic(request)} A real model would answer here; this one repeats what matters so that checks have something to look at.`;
}

/** The caller's own words, shortened: names and numbers in it come back. */
function topic(request: JsonObject): string {
  const text = lastUserText(request).replaceAll(/\s+/g, ' ').trim();
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}

/** A value that fits a plain schema. */
function sample(schema: JsonObject, label: string): Json {
  const [first] = asArray(schema['enum']);
  if (first !== undefined) return first;
  if (schema['const'] !== undefined) return schema['const'];
  const type =
    [schema['type']].flat()[0] ?? (schema['properties'] === undefined ? 'string' : 'object');
  if (type === 'object') {
    const properties = Object.entries(asObject(schema['properties']) ?? {});
    return Object.fromEntries(
      properties.map(([name, inner]) => [name, sample(asObject(inner) ?? {}, label)]),
    );
  }
  if (type === 'array') return [sample(asObject(schema['items']) ?? {}, label)];
  if (type === 'number' || type === 'integer') return Number(schema['minimum'] ?? 1);
  if (type === 'boolean') return true;
  return type === 'null' ? null : label;
}

/** A tool is called when the call demands one, or names one in the last message. */
function wantedTool(request: JsonObject): JsonObject | undefined {
  const messages = asArray(request['messages']);
  if (asObject(messages.at(-1))?.['role'] === 'tool') return undefined;
  const tools = asArray(request['tools']).map(
    (tool) => asObject(asObject(tool)?.['function']) ?? {},
  );
  const text = lastUserText(request);
  const named = tools.find(({ name }) => typeof name === 'string' && text.includes(name));
  return named ?? (request['tool_choice'] === 'required' ? tools[0] : undefined);
}

interface Said {
  readonly text: string | null;
  readonly tool?: JsonObject;
  readonly finishReason?: string;
  readonly luck: Buffer;
}

function finish(request: JsonObject, { text, tool, finishReason = 'stop', luck }: Said): Simulated {
  const call = tool === undefined ? undefined : toolCall(tool, luck);
  const limit = maxOutputTokens(request) ?? Infinity;
  const said = text ?? JSON.stringify(call);
  const cut = tokensOf(said) > limit && text !== null;
  return {
    text: cut ? text.slice(0, limit * 4) : text,
    toolCalls: call === undefined ? [] : [call],
    finishReason: cut ? 'length' : call === undefined ? finishReason : 'tool_calls',
    promptTokens: tokensOf(JSON.stringify(request['messages'] ?? request['input'] ?? '')),
    completionTokens: cut ? limit : tokensOf(said),
  };
}

function toolCall(tool: JsonObject, luck: Buffer): JsonObject {
  const parameters = asObject(tool['parameters']) ?? { type: 'object' };
  return {
    id: `call_${luck.toString('hex').slice(0, 16)}`,
    type: 'function',
    function: {
      name: asString(tool['name']) ?? '',
      arguments: JSON.stringify(sample(parameters, 'simulated')),
    },
  };
}

/** Four characters a token: a simulation needs no better. */
export function tokensOf(text: string): number {
  return Math.ceil(text.length / 4);
}
