/**
 * What of a request makes its template: the instructions, the tools, the form of the answer.
 *
 * @module
 */
import { contentText, systemText } from '../../dialects/openai-chat-request.ts';
import { asArray, asObject, asString, type JsonObject } from '../../json.ts';

/** The source of a template. */
export interface TemplateSource {
  /** `system`: the text is all instruction. `user`: it is a message, with instructions around what varies. */
  readonly kind: 'system' | 'user';
  readonly text: string;
  /** Names of tools and form of the answer: requests that differ here are never one template. */
  readonly frame: string;
}

/** UTF-16 units that are looked at, from the start and from the end: instructions stand at either. */
const FROM_START = 24_000;
const FROM_END = 8_000;

/** Reads a request of any shape. */
export function templateSource(request: JsonObject): TemplateSource {
  const frame = frameOf(request);
  const system = systemText(request);
  if (system.trim() !== '') return { kind: 'system', text: ends(system), frame };
  const first = asArray(request['messages']).find(
    (message) => asObject(message)?.['role'] === 'user',
  );
  return { kind: 'user', text: ends(contentText(asObject(first)?.['content'])), frame };
}

function ends(text: string): string {
  if (text.length <= FROM_START + FROM_END) return text;
  return `${text.slice(0, FROM_START)}\n${text.slice(-FROM_END)}`;
}

function frameOf(request: JsonObject): string {
  const tools = request['tools'];
  const format = asObject(request['response_format']);
  if (tools === undefined && format === undefined && request['input'] === undefined) return '';
  const names = asArray(tools).map((tool) => {
    const { function: described, type } = asObject(tool) ?? {};
    return asString(asObject(described)?.['name']) ?? asString(type) ?? '';
  });
  const schema = asObject(format?.['json_schema']);
  const shape = Object.keys(asObject(asObject(schema?.['schema'])?.['properties']) ?? {});
  const input = request['input'] === undefined ? '' : 'embeddings';
  return [
    names.toSorted().join(','),
    asString(format?.['type']) ?? '',
    asString(schema?.['name']) ?? '',
    shape.join(','),
    input,
  ].join('|');
}
