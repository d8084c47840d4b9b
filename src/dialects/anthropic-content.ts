/**
 * The messages of a chat completion as Anthropic's turns and content blocks.
 *
 * @module
 */
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

/** One side's say. Neighbouring turns never have the same role. */
export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: JsonObject[];
}

/**
 * Alternating turns: neighbours of one side are one turn, tool results belong to the user's. System
 * messages are left out. Throws `unsupported_parameter` for content that Anthropic cannot take.
 */
export function convertMessages(messages: readonly Json[]): Turn[] {
  const turns: Turn[] = [];
  for (const [index, given] of messages.entries()) {
    const message = asObject(given) ?? {};
    const role = message['role'];
    if (role === 'system' || role === 'developer') continue;
    const side = role === 'assistant' ? 'assistant' : 'user';
    const path = `messages[${index}]`;
    const blocks = marked(
      role === 'tool' || role === 'function' ? toolResult(message, path) : said(message, path),
      message['cache_control'],
    );
    const last = turns.at(-1);
    if (last?.role === side) last.content.push(...blocks);
    else if (blocks.length > 0) turns.push({ role: side, content: blocks });
  }
  return turns;
}

/** System and developer messages: one text, or blocks where a cache mark must be kept; undefined for none. */
export function convertSystem(messages: readonly Json[]): Json | undefined {
  const blocks = messages.flatMap((given, index) => {
    const message = asObject(given) ?? {};
    const { role, content, cache_control: mark } = message;
    if (role !== 'system' && role !== 'developer') return [];
    return marked(contentBlocks(content, `messages[${index}]`), mark);
  });
  if (blocks.length === 0) return undefined;
  if (blocks.some((block) => block['cache_control'] !== undefined)) return blocks;
  return blocks.map((block) => asString(block['text']) ?? '').join('\n');
}

/** A mark on a whole message belongs to its last block: the prompt is cached up to there. */
function marked(blocks: readonly JsonObject[], mark: Json | undefined): JsonObject[] {
  if (mark === undefined || mark === null) return [...blocks];
  return blocks.map((block, index) =>
    index === blocks.length - 1 ? { ...block, cache_control: mark } : block,
  );
}

/** A lone text is sent as a string: fewer bytes, same meaning. */
export function plainIfOne(content: readonly JsonObject[]): Json {
  const [only] = content;
  const isPlain =
    content.length === 1 && only?.['type'] === 'text' && only['cache_control'] === undefined;
  return isPlain ? (only['text'] ?? '') : content;
}

function said(message: JsonObject, path: string): JsonObject[] {
  const content = contentBlocks(message['content'], path);
  if (message['role'] !== 'assistant') return content;
  const refusal = asString(message['refusal']) ?? '';
  return [
    ...asArray(message['thinking_blocks']).flatMap(signedThinking),
    ...content,
    ...(refusal === '' ? [] : [{ type: 'text', text: refusal }]),
    ...asArray(message['tool_calls']).map(toolUse),
  ];
}

/** What a client gives back of an earlier answer; without its signature it would be refused. */
function signedThinking(given: Json): JsonObject[] {
  const { type, thinking, signature, data } = asObject(given) ?? {};
  if (type === 'redacted_thinking' && typeof data === 'string') return [{ type, data }];
  if (type !== 'thinking' || typeof signature !== 'string' || signature === '') return [];
  return [{ type, thinking: thinking ?? '', signature }];
}

function toolUse(given: Json): JsonObject {
  const call = asObject(given) ?? {};
  const called = asObject(call['function']) ?? {};
  const text = asString(called['arguments']) ?? '';
  const input = parseJson(text);
  return {
    type: 'tool_use',
    id: toolId(call['id']),
    name: called['name'] ?? '',
    // The API takes objects only; what a model wrote wrongly is still shown to the next one.
    input: isObject(input) ? input : text.trim() === '' ? {} : { arguments: text },
  };
}

function toolResult(message: JsonObject, path: string): JsonObject[] {
  const blocks = contentBlocks(message['content'], path);
  return [
    {
      type: 'tool_result',
      tool_use_id: toolId(message['tool_call_id'] ?? message['name']),
      content: blocks.length === 0 ? '' : plainIfOne(blocks),
    },
  ];
}

/** Other hosts' ids (`functions.search:0`) have characters that Anthropic refuses. */
function toolId(id: Json | undefined): string {
  const text = typeof id === 'string' || typeof id === 'number' ? String(id) : '';
  return text.replaceAll(/[^\w-]/g, '_');
}

/** Empty texts, which the API refuses, are left out. */
function contentBlocks(content: Json | undefined, path: string): JsonObject[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  return asArray(content).flatMap((given, index) => {
    const part = asObject(given) ?? {};
    const block = convertPart(part, `${path}.content[${index}]`);
    if (block['type'] === 'text' && block['text'] === '') return [];
    return marked([block], part['cache_control']);
  });
}

function convertPart(part: JsonObject, path: string): JsonObject {
  const type = asString(part['type']) ?? '';
  switch (type) {
    case 'text':
    case 'input_text':
      return { type: 'text', text: part['text'] ?? '' };
    case 'refusal':
      return { type: 'text', text: part['refusal'] ?? '' };
    case 'image_url':
      return { type: 'image', source: imageSource(part['image_url'], `${path}.image_url`) };
    case 'file':
      return document(asObject(part['file']) ?? {}, `${path}.file`);
    default:
      throw unsupported(path, `A content part of type "${type.slice(0, 40)}"`);
  }
}

const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)(?:;[\w.+-]+=[^;,]*)*;base64,/;

interface Media {
  readonly type: string;
  readonly data: string;
}

function dataOf(url: string): Media | undefined {
  // The pattern looks at the head only: the rest may be megabytes.
  const head = DATA_URL.exec(url.slice(0, 200));
  return head === null ? undefined : { type: head[1] ?? '', data: url.slice(head[0].length) };
}

function imageSource(given: Json | undefined, path: string): JsonObject {
  const url = asString(given) ?? asString(asObject(given)?.['url']) ?? '';
  const media = dataOf(url);
  if (media !== undefined) return { type: 'base64', media_type: media.type, data: media.data };
  if (/^https?:\/\//i.test(url)) return { type: 'url', url };
  throw unsupported(path, 'An image that is neither a web address nor a base64 data URL');
}

/** PDFs as they are, texts as text; the API takes no other kinds and knows no ids of OpenAI's files. */
function document(file: JsonObject, path: string): JsonObject {
  const media = dataOf(asString(file['file_data']) ?? '');
  const name = asString(file['filename']);
  const title = name === undefined ? {} : { title: name };
  if (media?.type === 'application/pdf') {
    const source = { type: 'base64', media_type: media.type, data: media.data };
    return { type: 'document', source, ...title };
  }
  if (media?.type.startsWith('text/') === true) {
    const data = Buffer.from(media.data, 'base64').toString();
    return { type: 'document', source: { type: 'text', media_type: 'text/plain', data }, ...title };
  }
  throw unsupported(path, 'A file that is no base64 data URL of a PDF or a text');
}

function unsupported(param: string, what: string): FarthingError {
  return new FarthingError(
    'unsupported_parameter',
    `${what} cannot be sent to an Anthropic model.`,
    { param },
  );
}
