/**
 * A loopback server in OpenAI's format whose answers come from functions: the sandbox's and the recorded
 * upstream's way onto the wire.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toChunks } from '../dialects/openai-chat-chunks.ts';
import {
  validateChatRequest,
  validateEmbeddingsRequest,
  wantsUsage,
} from '../dialects/openai-chat-request.ts';
import { renderOpenAIError } from '../dialects/openai-error.ts';
import { parseRequestBody } from '../dialects/request-body.ts';
import { FarthingError, toFarthingError } from '../errors.ts';
import { asArray, asObject, asString, type JsonObject } from '../json.ts';

/** A `chat.completion` with headers of its own. */
export interface Completed {
  readonly body: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Who answers. What the functions throw is rendered in OpenAI's error format. */
export interface Answering {
  /** For the list of models. */
  readonly models: readonly string[];
  /** Who owns them, for the list. */
  readonly ownedBy: string;
  /** Answers a request whose shape is checked. */
  readonly complete: (request: JsonObject) => Completed | Promise<Completed>;
  /** Left out, embeddings are refused. */
  readonly embed?: (request: JsonObject) => JsonObject;
}

/** A running server. */
export interface OpenAIServer {
  /** Base URL, ends with `/v1`. */
  readonly url: string;
  /** Ends what is open, too. */
  readonly close: () => Promise<void>;
}

/** Largest body that is read, in bytes. */
const MOST_BYTES = 64 * 1024 * 1024;
const CREATED = 1_700_000_000;

/** Starts it on 127.0.0.1; port 0 takes any. Throws `invalid_value` where the port cannot be had. */
export async function startOpenAIServer(answering: Answering, port = 0): Promise<OpenAIServer> {
  const server = createServer((request, response) => void serve(request, response, answering));
  await listen(server, port);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: Error & { readonly code?: string }) => {
      const why = cause.code === 'EADDRINUSE' ? 'the port is taken' : (cause.code ?? cause.message);
      reject(
        new FarthingError('invalid_value', `Cannot listen on 127.0.0.1:${port}: ${why}.`, {
          cause,
        }),
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  answering: Answering,
): Promise<void> {
  try {
    await route(request, response, answering);
  } catch (thrown) {
    const { status, body, headers } = renderOpenAIError(toFarthingError(thrown));
    if (response.headersSent) return void response.destroy();
    response.writeHead(status, { ...headers, 'content-type': 'application/json' }).end(body);
  }
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  answering: Answering,
): Promise<void> {
  const path = (request.url ?? '').split('?')[0] ?? '';
  const asked = `${request.method} ${path}`;
  if (asked === 'GET /v1/models') return sendJson(response, { body: listModels(answering) });
  if (asked.startsWith('GET /v1/models/')) {
    const id = decode(path.slice('/v1/models/'.length));
    return sendJson(response, { body: describeModel(id, answering) });
  }
  if (asked === 'POST /v1/chat/completions') return answerChat(request, response, answering);
  if (asked === 'POST /v1/embeddings' && answering.embed !== undefined) {
    const json = await readJson(request);
    validateEmbeddingsRequest(json);
    return sendJson(response, { body: answering.embed(json) });
  }
  throw new FarthingError('unknown_url', `Nothing is served at ${asked}.`);
}

async function answerChat(
  request: IncomingMessage,
  response: ServerResponse,
  { complete }: Answering,
): Promise<void> {
  const json = await readJson(request);
  validateChatRequest(json);
  const completed = await complete(json);
  if (json['stream'] === true) sendStream(response, completed, wantsUsage(json));
  else sendJson(response, completed);
}

async function readJson(request: IncomingMessage): Promise<JsonObject> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    length += (part as Buffer).length;
    if (length > MOST_BYTES) {
      throw new FarthingError('request_too_large', `The body has over ${MOST_BYTES} bytes.`);
    }
    parts.push(part as Buffer);
  }
  return parseRequestBody(Buffer.concat(parts).toString()).json;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function modelObject(id: string, { ownedBy }: Answering): JsonObject {
  return { id, object: 'model', created: CREATED, owned_by: ownedBy };
}

function listModels(answering: Answering): JsonObject {
  return { object: 'list', data: answering.models.map((id) => modelObject(id, answering)) };
}

function describeModel(id: string, answering: Answering): JsonObject {
  if (answering.models.includes(id)) return modelObject(id, answering);
  throw new FarthingError('model_not_found', `There is no model "${id}".`, { param: 'model' });
}

function sendJson(response: ServerResponse, { body, headers }: Completed): void {
  response.writeHead(200, { ...headers, 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function sendStream(response: ServerResponse, completed: Completed, withUsage: boolean): void {
  response.writeHead(200, {
    ...completed.headers,
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
  });
  for (const { value } of toChunks(completed.body)) {
    const isUsage = asArray(value['choices']).length === 0;
    if (isUsage && !withUsage) continue;
    for (const chunk of inPieces(value)) {
      const shown = withUsage && !isUsage ? { ...chunk, usage: null } : chunk;
      response.write(`data: ${JSON.stringify(shown)}\n\n`);
    }
  }
  response.end('data: [DONE]\n\n');
}

/** Roughly what models send as one token: a word with the space before it, long words in parts. */
const PIECE = /\s*\S{1,12}|\s+/gu;

/** A chunk whose text is long as several, the text in pieces that never cut a character. */
function inPieces(chunk: JsonObject): readonly JsonObject[] {
  const choice = asObject(asArray(chunk['choices'])[0]);
  const delta = asObject(choice?.['delta']);
  const pieces = asString(delta?.['content'])?.match(PIECE);
  if (pieces === undefined || pieces === null) return [chunk];
  return pieces.map((content, index) => ({
    ...chunk,
    choices: [{ ...choice, delta: index === 0 ? { ...delta, content } : { content } }],
  }));
}
