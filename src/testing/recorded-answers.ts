/**
 * Recorded answers of several models to the same prompts, one JSON object a line, plain or gzipped.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { asObject, asString, isObject, type Json, type JsonObject, parseJson } from '../json.ts';
import { FarthingError } from '../errors.ts';
import { contentText } from '../dialects/openai-chat-request.ts';
import { readLines } from './text-lines.ts';

/** One model's answer to one prompt. */
export interface RecordedAnswer {
  readonly text: string;
  /** Whether the answer was right, where somebody judged it. */
  readonly correct: boolean | undefined;
  /** Tokens of the prompt, by this model's tokenizer. */
  readonly input_tokens: number;
  readonly output_tokens: number;
}

/** One prompt with its answers. */
export interface RecordedItem {
  /** File and line where the line itself has none. */
  readonly id: string;
  readonly task: string;
  readonly messages: readonly JsonObject[];
  /** The right answer, in whatever form the recording has it. */
  readonly gold: Json | undefined;
  /** By model. */
  readonly answers: Readonly<Record<string, RecordedAnswer>>;
}

/**
 * Reads a file line by line, without holding it in memory. Blank lines are skipped. Throws
 * `invalid_value` that names the file, and the line where one is wrong.
 */
export async function* readRecorded(file: string): AsyncGenerator<RecordedItem> {
  for await (const { text, line } of readLines(file)) {
    if (text.trim() !== '') yield readItem(text, `${file}:${line}`);
  }
}

function readItem(text: string, where: string): RecordedItem {
  const item = parseJson(text);
  const wrong = (what: string): FarthingError =>
    new FarthingError('invalid_value', `${where}: ${what}.`);
  if (!isObject(item)) throw wrong('this line is not a JSON object');
  const { messages, id } = item;
  if (!Array.isArray(messages) || messages.length === 0 || !messages.every(hasRole)) {
    throw wrong('"messages" must be an array of messages, each with a "role"');
  }
  const given = asObject(item['answers']);
  if (given === undefined || Object.keys(given).length === 0) {
    throw wrong('"answers" must be an object with an answer for each model');
  }
  const answers = Object.entries(given).map(([model, answer]): [string, RecordedAnswer] => [
    model,
    readAnswer(answer, (what) => wrong(`the answer of ${model} needs ${what}`)),
  ]);
  return {
    id: typeof id === 'number' ? String(id) : (asString(id) ?? where),
    task: asString(item['task']) ?? '',
    messages,
    gold: item['gold'],
    // Without a prototype's names: a model may be called "constructor".
    answers: Object.assign(Object.create(null) as object, Object.fromEntries(answers)),
  };
}

function hasRole(message: Json): message is JsonObject {
  return isObject(message) && typeof message['role'] === 'string';
}

function readAnswer(
  given: Json | undefined,
  wrong: (what: string) => FarthingError,
): RecordedAnswer {
  const answer = asObject(given);
  const text = asString(answer?.['text']);
  if (text === undefined) throw wrong('a "text"');
  const tokens = (field: string): number => {
    const count = answer?.[field];
    if (Number.isSafeInteger(count) && Number(count) >= 0) return Number(count);
    throw wrong(`"${field}", a whole number`);
  };
  const correct = answer?.['correct'];
  return {
    text,
    correct: typeof correct === 'boolean' ? correct : undefined,
    input_tokens: tokens('input_tokens'),
    output_tokens: tokens('output_tokens'),
  };
}

/**
 * What a prompt is found by: roles and texts, whether a text is written as one string or in parts, and
 * whether the prompt of the system is called that or the developer's. SHA-256 in base64url.
 */
export function promptKey(messages: readonly Json[]): string {
  const hash = createHash('sha256');
  for (const message of messages) {
    const { role, content } = asObject(message) ?? {};
    hash.update(JSON.stringify([role === 'developer' ? 'system' : role, contentText(content)]));
  }
  return hash.digest('base64url');
}
