/**
 * What in a request becomes prompt tokens: its texts, and how many messages, tools, images and other
 * things stand between them.
 *
 * @module
 */
import { type Json, type JsonObject, asArray, asObject, asString } from '../json.ts';

/**
 * Tokens of one image. `usual` and `low`: a 1024 x 1024 image at gpt-4o, in high and low detail
 * (developers.openai.com/api/docs/guides/images-vision). `most`, `mostLow`: the dearest that is documented
 * for any model, gpt-4o-mini's 2833 and 5667 for each of eight tiles.
 */
export const IMAGE_TOKENS = { usual: 765, low: 85, most: 2833 + 8 * 5667, mostLow: 2833 } as const;

/** Tokens around a message. `most` is generous: headers of chat templates have five to eight. */
export const MESSAGE_TOKENS = { usual: 3, most: 16 } as const;

/**
 * Tokens around a request. `most` holds the default system prompts that templates put before messages
 * that have none (a few dozen tokens in Llama's and Qwen's, under 100 in gpt-oss's).
 */
export const REPLY_TOKENS = { usual: 3, most: 256 } as const;

/**
 * Tokens around a tool's definition. `preamble`: the instructions on how to call tools; the longest that
 * is documented is Anthropic's, with 346 to 735 tokens.
 */
export const TOOL_TOKENS = { usual: 7, most: 64, preamble: 1024 } as const;

/**
 * No model has a larger context window (10M tokens for Llama 4 Scout, 2M for the largest hosted ones).
 */
export const LARGEST_CONTEXT = 10_000_000;

/** Tokens a second of sound has at most: Gemini's 32, OpenAI's 10 (their audio guides). */
const SOUND_TOKENS_PER_SECOND = { usual: 10, most: 32 };
/** Bytes a second of sound: 24 kHz 16-bit WAV, MP3 at 128 kbit/s. */
const SOUND_BYTES_PER_SECOND = { wav: 48_000, other: 16_000 };
/** Bytes of a PDF for each token that it becomes, text and page images together. A guess. */
const FILE_BYTES_PER_TOKEN = 40;
/** What a file or sound is taken for whose size is not in the request. A guess: some pages, some minutes. */
const UNSEEN_TOKENS = 5000;

/** A chat request's content. */
export interface ChatContent {
  readonly kind: 'chat';
  readonly texts: string[];
  messages: number;
  names: number;
  tools: number;
  images: number;
  lowImages: number;
  /** Sounds and files. */
  estimatedMediaTokens: number;
  mostMediaTokens: number;
}

/** An embeddings request's content. */
export interface EmbeddingsContent {
  readonly kind: 'embeddings';
  readonly texts: readonly string[];
  /** Inputs given as token ids. */
  readonly tokens: number;
}

/** Reads a request in chat-completions or embeddings format. What makes no sense in it counts as its JSON. */
export function readRequest(request: JsonObject): ChatContent | EmbeddingsContent {
  if (request['messages'] === undefined && request['input'] !== undefined) {
    return readEmbeddings(request['input']);
  }
  const content: ChatContent = {
    kind: 'chat',
    texts: [],
    messages: 0,
    names: 0,
    tools: 0,
    images: 0,
    lowImages: 0,
    estimatedMediaTokens: 0,
    mostMediaTokens: 0,
  };
  for (const message of asArray(request['messages'])) readMessage(message, content);
  for (const name of ['tools', 'functions']) {
    const listed = asArray(request[name]);
    content.tools += listed.length;
    content.texts.push(...listed.map((tool) => JSON.stringify(tool)));
  }
  for (const name of ['response_format', 'prediction']) {
    const value = asObject(request[name]);
    if (value !== undefined) content.texts.push(JSON.stringify(value));
  }
  return content;
}

function readEmbeddings(input: Json): EmbeddingsContent {
  const texts: string[] = [];
  let tokens = 0;
  const read = (item: Json): void => {
    if (typeof item === 'string') texts.push(item);
    else if (typeof item === 'number') tokens++;
    else if (Array.isArray(item)) for (const below of item as readonly Json[]) read(below);
    else texts.push(JSON.stringify(item));
  };
  read(input);
  return { kind: 'embeddings', texts, tokens };
}

/** Fields of a message that are sent to the model as they are. */
const MESSAGE_TEXTS = ['role', 'name', 'refusal', 'reasoning_content', 'tool_call_id'] as const;

function readMessage(value: Json, content: ChatContent): void {
  content.messages++;
  const message = asObject(value);
  if (message === undefined) {
    content.texts.push(JSON.stringify(value));
    return;
  }
  for (const name of MESSAGE_TEXTS) {
    const text = asString(message[name]);
    if (text !== undefined) content.texts.push(text);
  }
  if (message['name'] !== undefined) content.names++;
  for (const name of ['tool_calls', 'function_call']) {
    const calls = message[name];
    if (calls !== undefined && calls !== null) content.texts.push(JSON.stringify(calls));
  }
  // An earlier answer in sound, which the provider kept.
  if (asObject(message['audio']) !== undefined) addUnseen(content);
  const body = message['content'];
  if (typeof body === 'string') content.texts.push(body);
  else if (Array.isArray(body)) for (const part of body as readonly Json[]) readPart(part, content);
  else if (body !== undefined && body !== null) content.texts.push(JSON.stringify(body));
}

function readPart(value: Json, content: ChatContent): void {
  const part = asObject(value) ?? {};
  switch (asString(part['type']) ?? '') {
    case 'text':
    case 'refusal':
      content.texts.push(asString(part['text']) ?? asString(part['refusal']) ?? '');
      break;
    case 'image_url':
      if (asObject(part['image_url'])?.['detail'] === 'low') content.lowImages++;
      else content.images++;
      break;
    case 'input_audio':
      readSound(asObject(part['input_audio']) ?? {}, content);
      break;
    case 'file':
      readFile(asObject(part['file']) ?? {}, content);
      break;
    case 'video_url':
      addUnseen(content);
      break;
    default:
      content.texts.push(JSON.stringify(value));
  }
}

function readSound(sound: JsonObject, content: ChatContent): void {
  const bytes = decodedBytes(asString(sound['data']) ?? '');
  const rate = SOUND_BYTES_PER_SECOND[sound['format'] === 'wav' ? 'wav' : 'other'];
  content.estimatedMediaTokens += Math.ceil((bytes / rate) * SOUND_TOKENS_PER_SECOND.usual);
  // No codec for speech needs less than 32 bytes for a second: one token a byte is more than enough.
  content.mostMediaTokens += Math.max(bytes, SOUND_TOKENS_PER_SECOND.most);
}

function readFile(file: JsonObject, content: ChatContent): void {
  const data = asString(file['file_data']);
  if (data === undefined) {
    addUnseen(content);
    return;
  }
  content.estimatedMediaTokens += Math.ceil(decodedBytes(data) / FILE_BYTES_PER_TOKEN);
  // A file may be compressed and its pages become images: its size bounds nothing.
  content.mostMediaTokens += LARGEST_CONTEXT;
}

function addUnseen(content: ChatContent): void {
  content.estimatedMediaTokens += UNSEEN_TOKENS;
  content.mostMediaTokens += LARGEST_CONTEXT;
}

function decodedBytes(base64: string): number {
  return Math.ceil((base64.length * 3) / 4);
}
