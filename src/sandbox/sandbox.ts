/**
 * The sandbox: simulated models behind a real HTTP server, so that the first minute needs no key and
 * takes the same way as every other.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toChunks } from '../dialects/openai-chat-chunks.ts';
import { wantsUsage } from '../dialects/openai-chat-request.ts';
import { renderOpenAIError } from '../dialects/openai-error.ts';
import { parseRequestBody } from '../dialects/request-body.ts';
import { FarthingError, toFarthingError } from '../errors.ts';
import { asArray, asNumber, type JsonObject } from '../json.ts';
import { SANDBOX_EMBEDDING, SANDBOX_MODELS } from './models.ts';
import { simulate, tokensOf } from './simulate.ts';

/** A running sandbox. */
export interface Sandbox {
  /** Base URL, ends with `/v1`. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Numbers of a simulated vector. */
const DIMENSIONS = 256;

/** Starts it on an ephemeral port of 127.0.0.1. */
export async function startSandbox(): Promise<Sandbox> {
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { json } = parseRequestBody(Buffer.concat(parts).toString());
    if (request.url === '/v1/embeddings') return sendJson(response, embed(json));
    const body = complete(json);
    if (json['stream'] === true) return sendStream(response, body, wantsUsage(json));
    sendJson(response, body);
  } catch (thrown) {
    const { status, body, headers } = renderOpenAIError(toFarthingError(thrown));
    response.writeHead(status, { ...headers, 'content-type': 'application/json' }).end(body);
  }
}

function complete(request: JsonObject): JsonObject {
  const model = SANDBOX_MODELS.find(({ name }) => name === request['model']);
  if (model === undefined)
    throw new FarthingError('model_not_found', 'The sandbox has no such model.');
  const answers = Array.from({ length: asNumber(request['n']) ?? 1 }, (_, choice) =>
    simulate(model, request, choice),
  );
  const completion = answers.reduce((sum, { completionTokens }) => sum + completionTokens, 0);
  const prompt = answers[0]?.promptTokens ?? 0;
  return {
    id: `chatcmpl-sandbox-${Date.now().toString(36)}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: model.name,
    choices: answers.map(({ text, toolCalls, finishReason }, index) => ({
      index,
      message: {
        role: 'assistant',
        content: text,
        refusal: null,
        ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
      },
      logprobs: null,
      finish_reason: finishReason,
    })),
    usage: {
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
    },
  };
}

function embed(request: JsonObject): JsonObject {
  const input = request['input'];
  const texts = Array.isArray(input) && typeof input[0] !== 'number' ? input : [input];
  const data = texts.map((text, index) => {
    const vector = vectorOf(JSON.stringify(text));
    const embedding =
      request['encoding_format'] === 'base64'
        ? Buffer.from(vector.buffer).toString('base64')
        : [...vector];
    return { object: 'embedding', index, embedding };
  });
  const tokens = tokensOf(JSON.stringify(input ?? ''));
  return {
    object: 'list',
    data,
    model: SANDBOX_EMBEDDING.name,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

/** A unit vector that depends on the text alone. */
function vectorOf(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS);
  for (let block = 0; block < DIMENSIONS / 32; block++) {
    const bytes = createHash('sha256').update(`${block} ${text}`).digest();
    for (let index = 0; index < 32; index++)
      vector[block * 32 + index] = (bytes[index] ?? 0) - 127.5;
  }
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function sendJson(response: ServerResponse, body: JsonObject): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Word by word, as a model would. */
function sendStream(response: ServerResponse, body: JsonObject, withUsage: boolean): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  for (const { value } of toChunks(body)) {
    const [choice] = asArray(value['choices']) as { delta?: { content?: string | null } }[];
    if (choice === undefined && !withUsage) continue;
    const words = choice?.delta?.content?.match(/\s*\S+/g);
    for (const content of words ?? [undefined]) {
      const chunk =
        content === undefined ? value : { ...value, choices: [{ ...choice, delta: { content } }] };
      response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    }
  }
  response.end('data: [DONE]\n\n');
}
