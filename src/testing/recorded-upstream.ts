/**
 * An OpenAI-compatible server of recorded answers: the model is chosen by name, the answer by the
 * messages, the usage is what was recorded. For backtests and tests.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { FarthingError } from '../errors.ts';
import { asArray, asString, type JsonObject } from '../json.ts';
import { nearest } from '../pricing/nearest.ts';
import { type Completed, startOpenAIServer } from '../sandbox/openai-server.ts';
import {
  promptKey,
  readRecorded,
  type RecordedAnswer,
  type RecordedItem,
} from './recorded-answers.ts';

export { readRecorded, type RecordedAnswer, type RecordedItem } from './recorded-answers.ts';

/** What to serve. */
export interface RecordedOptions {
  readonly files: readonly string[];
  /** 0 takes any free port. */
  readonly port: number;
  /** Milliseconds before each answer. @default 0 */
  readonly latencyMs?: number;
}

/** A running server. */
export interface RecordedUpstream {
  /** Base URL, ends with `/v1`. */
  readonly url: string;
  readonly models: readonly string[];
  /** Prompts that can be asked. */
  readonly items: number;
  /** Prompts that stood in the files more than once; the first counts. */
  readonly duplicates: number;
  close(): Promise<void>;
}

interface Recording {
  readonly items: ReadonlyMap<string, RecordedItem>;
  readonly models: ReadonlySet<string>;
  readonly duplicates: number;
}

/**
 * Loads the files and serves them on 127.0.0.1. Throws `invalid_value` where a file cannot be read, a
 * line is wrong (named by file and number), nothing is recorded at all, or the port cannot be had.
 */
export async function startRecordedUpstream(options: RecordedOptions): Promise<RecordedUpstream> {
  const { files, port, latencyMs = 0 } = options;
  const recording = await load(files);
  const models = [...recording.models];
  const server = await startOpenAIServer(
    {
      models,
      ownedBy: 'recorded',
      complete: async (request) => {
        const completed = complete(recording, request);
        if (latencyMs > 0) await sleep(latencyMs);
        return completed;
      },
    },
    port,
  );
  return {
    ...server,
    models,
    items: recording.items.size,
    duplicates: recording.duplicates,
  };
}

async function load(files: readonly string[]): Promise<Recording> {
  const items = new Map<string, RecordedItem>();
  const models = new Set<string>();
  let duplicates = 0;
  for (const file of files) {
    for await (const item of readRecorded(file)) {
      const key = promptKey(item.messages);
      if (items.has(key)) duplicates++;
      else {
        items.set(key, item);
        for (const model of Object.keys(item.answers)) models.add(model);
      }
    }
  }
  if (items.size > 0) return { items, models, duplicates };
  throw new FarthingError('invalid_value', `Nothing is recorded in ${files.join(', ')}.`);
}

function complete(recording: Recording, request: JsonObject): Completed {
  const model = asString(request['model']) ?? '';
  // A second choice was never recorded; one answer sent twice would look like agreement.
  if (Number(request['n'] ?? 1) > 1) {
    throw new FarthingError(
      'unsupported_parameter',
      'One answer of each model is recorded: leave out n.',
      { param: 'n' },
    );
  }
  const { item, answer, key } = find(recording, { model, request });
  return {
    headers: { 'x-recorded-id': encodeURI(item.id.toWellFormed()) },
    body: completionOf(answer, { model, id: `chatcmpl-${key.slice(0, 24)}` }),
  };
}

interface Found {
  readonly item: RecordedItem;
  readonly answer: RecordedAnswer;
  readonly key: string;
}

function find(
  { items, models }: Recording,
  { model, request }: { readonly model: string; readonly request: JsonObject },
): Found {
  if (!models.has(model)) {
    const close = nearest(model, models);
    const hint = close === undefined ? [...models].join(', ') : `"${close}"`;
    throw new FarthingError(
      'model_not_found',
      `There are no recorded answers of "${model}"; there are of ${hint}.`,
      { param: 'model' },
    );
  }
  const key = promptKey(asArray(request['messages']));
  const item = items.get(key);
  const answer = item?.answers[model];
  if (item !== undefined && answer !== undefined) return { item, answer, key };
  throw new FarthingError(
    'invalid_value',
    item === undefined
      ? `These messages are not among the ${items.size} recorded prompts: roles and texts must be the same to the character.`
      : `${item.id} was recorded without an answer of "${model}"; it has those of ${Object.keys(item.answers).join(', ')}.`,
    {
      status: 404,
      param: 'messages',
      upstream: { type: 'invalid_request_error', code: 'recording_not_found' },
    },
  );
}

function completionOf(
  { text, input_tokens: prompt, output_tokens: completion }: RecordedAnswer,
  { model, id }: { readonly model: string; readonly id: string },
): JsonObject {
  return {
    id,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text, refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
    },
  };
}
