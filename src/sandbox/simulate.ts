/**
 * What a simulated model answers: always the same to the same messages.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { contentText, lastUserText, maxOutputTokens } from '../dialects/openai-chat-request.ts';
import { asArray, asObject, asString, type JsonObject } from '../json.ts';
import type { SandboxModel } from './models.ts';
import { labelOf, materialOf, plausibleJson, plausibleText } from './plausible-text.ts';
import { sampleOf } from './schema-sample.ts';
import { tokensOf } from './token-estimate.ts';

/** One simulated answer. */
export interface Simulated {
  readonly text: string | null;
  readonly toolCalls: readonly JsonObject[];
  readonly finishReason: string;
  readonly completionTokens: number;
}

/** How an answer fails. */
export type Failure = 'refuses' | 'breaks' | 'is cut off' | 'says nothing';

/** The hash of a model and messages decides everything that is left to chance. */
interface Luck {
  /** 0 to 1, exclusive. */
  readonly share: number;
  /** A whole number. */
  readonly way: number;
  readonly id: string;
}

function luckOf(model: SandboxModel, request: JsonObject, choice: number): Luck {
  const hash = createHash('sha256')
    .update(JSON.stringify([model.name, request['messages'], choice]))
    .digest();
  return {
    share: hash.readUInt32BE(0) / 2 ** 32,
    way: hash.readUInt32BE(4),
    id: hash.toString('hex', 8, 20),
  };
}

/** How a model fails on a request; undefined where it does not. `choice` is the place among `n`. */
export function failureOf(
  model: SandboxModel,
  request: JsonObject,
  choice = 0,
): Failure | undefined {
  const { share, way } = luckOf(model, request, choice);
  if (share >= model.failureRate) return undefined;
  // A third refuse, a third break their JSON or miss the point, a third stop too early.
  const failures = ['refuses', 'breaks', way % 2 === 0 ? 'is cut off' : 'says nothing'] as const;
  return failures[Math.floor(way / 2) % 3];
}

/** The answer of a model to a request. `choice` varies the answers of one request with `n`. */
export function simulate(model: SandboxModel, request: JsonObject, choice = 0): Simulated {
  const luck = luckOf(model, request, choice);
  const failure = failureOf(model, request, choice);
  const tool = failure === 'refuses' || failure === 'says nothing' ? undefined : toolFor(request);
  if (tool !== undefined) return callTool(request, { tool, failure, id: luck.id });
  const label = labelOf(model.name);
  const json = plausibleJson(request, label);
  const good = json ?? plausibleText(request, label, luck.way);
  const text =
    failure === undefined ? good : spoil(good, { failure, label, isJson: json !== undefined });
  return limited(text, failure === 'is cut off' ? 'length' : 'stop', maxOutputTokens(request));
}

interface Spoiling {
  readonly failure: Failure;
  readonly label: string;
  readonly isJson: boolean;
}

function spoil(good: string, { failure, label, isJson }: Spoiling): string {
  // The label comes last: a real refusal opens with its regret, and that is what checks look at.
  if (failure === 'refuses') return `I'm sorry, but I can't help with that. ${label}`;
  if (failure === 'says nothing') return '';
  if (failure === 'is cut off') {
    const least = isJson ? 1 : label.length + 2;
    const end = Math.max(least, Math.floor(good.length / 3));
    return good.slice(0, Math.min(end, good.length - 1)).toWellFormed();
  }
  if (!isJson) return `${label} Sure.`;
  const withComma = good.replace(/(?<=[^{[])([}\]])$/, ',$1');
  return `Here is the JSON:\n\n\`\`\`json\n${withComma}\n\`\`\``;
}

function limited(text: string, finishReason: string, limit = Infinity): Simulated {
  const cut = tokensOf(text) > limit;
  const said = cut ? text.slice(0, limit * 4).toWellFormed() : text;
  return {
    text: said,
    toolCalls: [],
    finishReason: cut ? 'length' : finishReason,
    completionTokens: tokensOf(said),
  };
}

/** The tool that is demanded, or that the last message names; none after a tool's result. */
function toolFor(request: JsonObject): JsonObject | undefined {
  const last = asObject(asArray(request['messages']).at(-1));
  const choice = request['tool_choice'];
  if (choice === 'none' || last?.['role'] === 'tool') return undefined;
  const tools = asArray(request['tools'])
    .map((tool) => asObject(asObject(tool)?.['function']))
    .filter((tool) => tool !== undefined);
  const wanted = asString(asObject(asObject(choice)?.['function'])?.['name']);
  if (wanted !== undefined) return tools.find(({ name }) => name === wanted);
  const text = lastUserText(request);
  const named = tools.find(({ name }) => typeof name === 'string' && text.includes(name));
  return named ?? (choice === 'required' ? tools[0] : undefined);
}

interface ToolUse {
  readonly tool: JsonObject;
  readonly failure: Failure | undefined;
  readonly id: string;
}

function callTool(request: JsonObject, { tool, failure, id }: ToolUse): Simulated {
  const parameters = asObject(tool['parameters']) ?? { type: 'object' };
  // Arguments carry no label: they are for a program.
  const { terms, ...material } = materialOf(request, '');
  const inputs = { ...material, terms: terms.length > 1 ? terms.slice(1) : terms };
  const good = JSON.stringify(sampleOf(parameters, inputs));
  const cut = failure === 'is cut off';
  const text = cut
    ? good.slice(0, Math.ceil(good.length / 2))
    : failure === 'breaks'
      ? good.replace(/\}$/, ',}')
      : good;
  const call = {
    id: `call_${id}`,
    type: 'function',
    function: { name: asString(tool['name']) ?? '', arguments: text },
  };
  return {
    text: null,
    toolCalls: [call],
    finishReason: cut ? 'length' : 'tool_calls',
    completionTokens: tokensOf(JSON.stringify(call.function)),
  };
}

/** Tokens of a request: its texts, its tools, its schema. */
export function promptTokens(request: JsonObject): number {
  const texts = asArray(request['messages']).map((message) => {
    const { content, tool_calls: calls } = asObject(message) ?? {};
    return contentText(content) + (calls === undefined ? '' : JSON.stringify(calls));
  });
  const extras = [request['tools'], request['response_format']]
    .filter((extra) => extra !== undefined)
    .map((extra) => JSON.stringify(extra));
  return Math.max(1, tokensOf([...texts, ...extras].join('')));
}
