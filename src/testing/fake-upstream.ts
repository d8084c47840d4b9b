/**
 * An upstream that fails in every way upstreams fail: a real HTTP server on loopback whose answers are
 * scripted.
 *
 * @module
 */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { asObject, type JsonObject, parseJson } from '../json.ts';

/** A request as the upstream got it. */
export interface UpstreamRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The body's text, to the byte. */
  readonly text: string;
  readonly body: JsonObject;
  /** True once the client closed the connection before the answer was complete. */
  aborted: boolean;
}

/** One piece of an answer: bytes, or a pause in ms, or a bad end: the socket is reset, or nothing more comes. */
export type Piece =
  | string
  | Buffer
  | { readonly pause: number }
  | { readonly end: 'reset' | 'hang' };

/** What the upstream does with a request. */
export interface Behaviour {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds before the headers. */
  readonly delay?: number;
  /** Sent in order, then the answer ends; a bad end as the first piece comes before the headers. */
  readonly pieces: readonly Piece[];
}

/** How requests are answered. */
export type Script = (request: UpstreamRequest) => Behaviour;

/** A running fake. */
export interface FakeUpstream {
  /** Base URL, as SDKs take it: ends with `/v1`. */
  readonly url: string;
  /** All requests so far. */
  readonly requests: readonly UpstreamRequest[];
  /** Answers all requests from here on. */
  respond(script: Script | Behaviour): void;
  /** Answers the next requests, one each, before the standing script. */
  respondOnce(...behaviours: readonly (Script | Behaviour)[]): void;
  close(): Promise<void>;
}

/** Starts a fake upstream on an ephemeral port of 127.0.0.1. Without a script it answers "Hello." to everything. */
export async function startFakeUpstream(
  script: Script | Behaviour = answers('Hello.'),
): Promise<FakeUpstream> {
  const requests: UpstreamRequest[] = [];
  const queue: (Script | Behaviour)[] = [];
  let standing = script;
  const server = createServer((request, response) => {
    void serve(request, response, (read) => {
      requests.push(read);
      const chosen = queue.shift() ?? standing;
      return typeof chosen === 'function' ? chosen(read) : chosen;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    respond: (next) => {
      standing = next;
    },
    respondOnce: (...next) => void queue.push(...next),
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  choose: Script,
): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  const read: UpstreamRequest = {
    path: request.url ?? '/',
    headers: request.headers,
    text,
    body: asObject(parseJson(text)) ?? {},
    aborted: false,
  };
  response.once('close', () => {
    read.aborted = !response.writableFinished;
  });
  const { status = 200, headers = {}, delay = 0, pieces } = choose(read);
  if (delay > 0) await sleep(delay);
  await send(response, { status, headers, pieces });
}

async function send(
  response: ServerResponse,
  { status, headers, pieces }: Required<Pick<Behaviour, 'status' | 'headers' | 'pieces'>>,
): Promise<void> {
  const [first] = pieces;
  // A bad end before any byte comes before the headers, too.
  if (isEnd(first)) return endBadly(response, first.end);
  response.writeHead(status, headers);
  for (const piece of pieces) {
    if (response.destroyed) return;
    if (isEnd(piece)) return endBadly(response, piece.end);
    if (typeof piece === 'object' && 'pause' in piece) await sleep(piece.pause);
    else await new Promise((resolve) => response.write(piece, resolve));
  }
  response.end();
}

function isEnd(piece: Piece | undefined): piece is { readonly end: 'reset' | 'hang' } {
  return typeof piece === 'object' && 'end' in piece;
}

function endBadly(response: ServerResponse, how: 'reset' | 'hang'): void {
  if (how === 'reset') response.socket?.resetAndDestroy();
}

const JSON_HEADERS = { 'content-type': 'application/json' };
const STREAM_HEADERS = { 'content-type': 'text/event-stream; charset=utf-8' };

/** Parts of an answer that can be set. */
export interface AnswerOptions {
  /** `null` leaves the usage out. @default 10 prompt and 5 completion tokens */
  readonly usage?: JsonObject | null;
  readonly finishReason?: string;
  /** Fields of the message (or delta) beside the content. */
  readonly message?: JsonObject;
  /** Milliseconds between the chunks of a stream. */
  readonly pause?: number;
  /** Chunks of the text in a stream. @default its words */
  readonly parts?: readonly string[];
}

const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

/** Answers with a text, as JSON or as a stream, whichever is asked for. */
export function answers(text: string, options: AnswerOptions = {}): Script {
  return ({ body }) => {
    if (body['stream'] !== true)
      return jsonAnswer(completion(text, options, String(body['model'])));
    const wantsUsage = asObject(body['stream_options'])?.['include_usage'] === true;
    const events = chunks(
      text,
      wantsUsage ? options : { ...options, usage: null },
      String(body['model']),
    );
    return streamOf([...events.map((event) => JSON.stringify(event)), '[DONE]'], options.pause);
  };
}

/** A 200 with this JSON. */
export function jsonAnswer(body: JsonObject): Behaviour {
  return { headers: JSON_HEADERS, pieces: [JSON.stringify(body)] };
}

/** A stream of these data lines. */
export function streamOf(data: readonly string[], pause = 0): Behaviour {
  const pieces = data.flatMap((line): Piece[] =>
    pause > 0 ? [`data: ${line}\n\n`, { pause }] : [`data: ${line}\n\n`],
  );
  return { headers: STREAM_HEADERS, pieces };
}

/** A stream of exactly these pieces. */
export function rawStream(...pieces: readonly Piece[]): Behaviour {
  return { headers: STREAM_HEADERS, pieces };
}

/** A refusal in OpenAI's error format. */
export function fails(
  status: number,
  error: JsonObject = {},
  headers: Readonly<Record<string, string>> = {},
): Behaviour {
  const body = {
    error: {
      message: `failed with ${status}`,
      type: 'test_error',
      param: null,
      code: null,
      ...error,
    },
  };
  return { status, headers: { ...JSON_HEADERS, ...headers }, pieces: [JSON.stringify(body)] };
}

/** A `chat.completion`. */
export function completion(
  text: string | null,
  options: AnswerOptions = {},
  model = 'fake',
): JsonObject {
  const { usage = USAGE, finishReason = 'stop', message = {} } = options;
  return {
    id: 'chatcmpl-fake',
    object: 'chat.completion',
    created: 1_700_000_000,
    model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text, refusal: null, ...message },
        logprobs: null,
        finish_reason: finishReason,
      },
    ],
    ...(usage === null ? {} : { usage }),
  };
}

/** The chunks of a stream; the last carries the usage, unless that is null. */
export function chunks(text: string, options: AnswerOptions = {}, model = 'fake'): JsonObject[] {
  const {
    usage = USAGE,
    finishReason = 'stop',
    message = {},
    parts = text.match(/\S*\s*/g) ?? [],
  } = options;
  const chunk = (delta: JsonObject, reason: string | null = null): JsonObject => ({
    id: 'chatcmpl-fake',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }],
    ...(usage === null ? {} : { usage: null }),
  });
  const texts = parts.filter((part) => part !== '').map((content) => chunk({ content }));
  const last = { ...chunk({}), choices: [], usage };
  return [
    chunk({ role: 'assistant', content: '', refusal: null, ...message }),
    ...texts,
    chunk({}, finishReason),
    ...(usage === null ? [] : [last]),
  ];
}
