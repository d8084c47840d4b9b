/**
 * An OpenAI-compatible server of recorded answers: the model is chosen by name, the answer by the
 * messages, the usage is what was recorded. For backtests and tests.
 *
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { toChunks } from '../dialects/openai-chat-chunks.ts';
import { validateChatRequest, wantsUsage } from '../dialects/openai-chat-request.ts';
import { renderOpenAIError } from '../dialects/openai-error.ts';
import { parseRequestBody } from '../dialects/request-body.ts';
import { FarthingError, toFarthingError } from '../errors.ts';
import { asArray, type JsonObject } from '../json.ts';
import { nearest } from '../pricing/nearest.ts';
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

/** Loads the files and serves them on 127.0.0.1. Throws `invalid_value` for files that cannot be read. */
export async function startRecordedUpstream(options: RecordedOptions): Promise<RecordedUpstream> {
  const recording = await load(options.files);
  const latencyMs = options.latencyMs ?? 0;
  const server = createServer(
    (request, response) => void serve(request, response, { recording, latencyMs }),
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    models: [...recording.models],
    items: recording.items.size,
    duplicates: recording.duplicates,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
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
      else items.set(key, item);
      for (const model of Object.keys(item.answers)) models.add(model);
    }
  }
  if (items.size === 0)
    throw new FarthingError(
      'invalid_value',
      `There are no recorded answers in ${files.join(', ')}.`,
    );
  return { items, models, duplicates };
}

interface Serving {
  readonly recording: Recording;
  readonly latencyMs: number;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  serving: Serving,
): Promise<void> {
  try {
    const path = (request.url ?? '').split('?')[0];
    if (path === '/v1/models') return sendJson(response, listModels(serving.recording));
    if (path !== '/v1/chat/completions' || request.method !== 'POST') {
      throw new FarthingError(
        'unknown_url',
        'Recorded answers are served at POST /v1/chat/completions.',
      );
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { json } = parseRequestBody(Buffer.concat(chunks).toString());
    validateChatRequest(json);
    const { item, answer } = find(serving.recording, json);
    if (serving.latencyMs > 0) await sleep(serving.latencyMs);
    response.setHeader('x-recorded-id', encodeURI(item.id));
    const body = completionOf(item, answer, String(json['model']));
    if (json['stream'] === true) sendStream(response, body, wantsUsage(json));
    else sendJson(response, body);
  } catch (thrown) {
    const { status, body, headers } = renderOpenAIError(toFarthingError(thrown));
    response.writeHead(status, { ...headers, 'content-type': 'application/json' }).end(body);
  }
}

function find(
  { items, models }: Recording,
  request: JsonObject,
): { item: RecordedItem; answer: RecordedAnswer } {
  const model = String(request['model']);
  if (!models.has(model)) {
    const close = nearest(model, models);
    const hint = close === undefined ? [...models].join(', ') : `"${close}"`;
    throw new FarthingError(
      'model_not_found',
      `There are no recorded answers of "${model}"; there are of ${hint}.`,
      { param: 'model' },
    );
  }
  const item = items.get(promptKey(asArray(request['messages'])));
  const answer = item?.answers[model];
  if (item === undefined || answer === undefined) {
    const what =
      item === undefined
        ? 'These messages were not recorded'
        : `${item.id} has no answer of "${model}"`;
    throw new FarthingError('invalid_value', `${what}.`, {
      status: 404,
      param: 'messages',
      upstream: { type: 'invalid_request_error', code: 'recording_not_found' },
    });
  }
  return { item, answer };
}

function completionOf(item: RecordedItem, answer: RecordedAnswer, model: string): JsonObject {
  const { input_tokens: prompt, output_tokens: completion } = answer;
  return {
    id: `chatcmpl-${promptKey(item.messages).slice(0, 24)}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: answer.text, refusal: null },
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

function listModels({ models }: Recording): JsonObject {
  const data = [...models].map((id) => ({ id, object: 'model', created: 0, owned_by: 'recorded' }));
  return { object: 'list', data };
}

function sendJson(response: ServerResponse, body: JsonObject): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** The text in pieces of some characters, as a model would send it. */
function sendStream(response: ServerResponse, body: JsonObject, withUsage: boolean): void {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  });
  for (const { value } of toChunks(body)) {
    const [choice] = asArray(value['choices']) as { delta?: { content?: string } }[];
    const pieces = choice?.delta?.content?.match(/[\s\S]{1,24}/g);
    if (choice === undefined && !withUsage) continue;
    for (const content of pieces ?? [undefined]) {
      const chunk =
        content === undefined ? value : { ...value, choices: [{ ...choice, delta: { content } }] };
      response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    }
  }
  response.end('data: [DONE]\n\n');
}
