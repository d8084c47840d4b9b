/**
 * Recorded answers of several models to the same prompts, one JSON object a line, plain or gzipped.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { contentText } from '../dialects/openai-chat-request.ts';
import { FarthingError } from '../errors.ts';
import {
  asNumber,
  asObject,
  asString,
  isObject,
  type Json,
  type JsonObject,
  parseJson,
} from '../json.ts';

/** One model's answer to one prompt. */
export interface RecordedAnswer {
  readonly text: string;
  /** Whether the answer was right, where somebody judged it. */
  readonly correct: boolean | undefined;
  readonly input_tokens: number;
  readonly output_tokens: number;
}

/** One prompt with its answers. */
export interface RecordedItem {
  readonly id: string;
  readonly task: string;
  readonly messages: readonly JsonObject[];
  readonly gold: Json | undefined;
  readonly answers: Readonly<Record<string, RecordedAnswer>>;
}

/** Reads a file line by line. Throws `invalid_value` that names file and line for one that is wrong. */
export async function* readRecorded(file: string): AsyncGenerator<RecordedItem> {
  const stream = createReadStream(file);
  const opened = new Promise<void>((resolve, reject) => {
    stream.once('open', () => resolve()).once('error', reject);
  });
  await opened.catch((cause: unknown) => {
    throw new FarthingError('invalid_value', `Cannot read ${file}.`, { cause });
  });
  const input = file.endsWith('.gz') ? stream.pipe(createGunzip()) : stream;
  let line = 0;
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    line++;
    if (text.trim() !== '') yield readItem(text, `${file}:${line}`);
  }
}

function readItem(text: string, where: string): RecordedItem {
  const item = parseJson(text);
  const wrong = (what: string): FarthingError =>
    new FarthingError('invalid_value', `${where}: ${what}.`);
  if (!isObject(item)) throw wrong('not a JSON object');
  const { messages } = item;
  if (!Array.isArray(messages) || messages.length === 0 || !messages.every(isObject)) {
    throw wrong('"messages" must be an array of messages');
  }
  const given = asObject(item['answers']);
  if (given === undefined) throw wrong('"answers" must be an object, an answer for each model');
  const answers = Object.entries(given).map(([model, answer]) => [
    model,
    readAnswer(answer, () =>
      wrong(`the answer of ${model} needs "text", "input_tokens" and "output_tokens"`),
    ),
  ]);
  return {
    id: asString(item['id']) ?? where,
    task: asString(item['task']) ?? '',
    messages,
    gold: item['gold'],
    answers: Object.fromEntries(answers) as Record<string, RecordedAnswer>,
  };
}

function readAnswer(given: Json | undefined, wrong: () => FarthingError): RecordedAnswer {
  const answer = asObject(given);
  const text = asString(answer?.['text']);
  const input = asNumber(answer?.['input_tokens']);
  const output = asNumber(answer?.['output_tokens']);
  if (text === undefined || input === undefined || output === undefined) throw wrong();
  const correct = answer?.['correct'];
  return {
    text,
    correct: typeof correct === 'boolean' ? correct : undefined,
    input_tokens: input,
    output_tokens: output,
  };
}

/** What a prompt is found by: roles and texts, whether a text is written as one string or in parts. */
export function promptKey(messages: readonly Json[]): string {
  const hash = createHash('sha256');
  for (const message of messages) {
    const { role, content } = asObject(message) ?? {};
    hash.update(JSON.stringify([role, contentText(content)]));
  }
  return hash.digest('base64');
}
