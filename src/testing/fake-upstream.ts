/**
 * An upstream that fails in every way upstreams fail: a real HTTP server on loopback whose answers are
 * scripted. It speaks OpenAI's format at `/v1/chat/completions`, `/v1/embeddings` and `/v1/models`, and
 * Anthropic's at `/v1/messages`.
 *
 * @module
 */
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { asObject, parseJson } from '../json.ts';
import type {
  BadEnd,
  Behaviour,
  Exchange,
  Piece,
  RawExchange,
  Script,
  UpstreamRequest,
} from './behaviour.ts';
import { answers, exchangeFor } from './fake-answer.ts';

// What scripts are written with comes from the same place as what runs them.
export type * from './behaviour.ts';
export { answers, fails, jsonAnswer, rawStream, streamOf } from './fake-answer.ts';
export { anthropicError, anthropicEvents, anthropicMessage } from './fake-anthropic.ts';
export { chunks, completion, embeddings, openAIError } from './fake-openai.ts';

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
  /** Stops listening and breaks off what is open: from here on connections are refused. */
  refuse(): Promise<void>;
  /** Listens again, on the same port. */
  accept(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts a fake upstream on an ephemeral port of 127.0.0.1. Without a script it answers "Hello." to
 * everything.
 *
 * ```ts
 * const upstream = await startFakeUpstream({ kind: 'answer', text: 'Good morning.' });
 * upstream.respondOnce({ kind: 'error', status: 429, retryAfter: 2 });
 * ```
 */
export async function startFakeUpstream(
  script: Script | Behaviour = answers('Hello.'),
): Promise<FakeUpstream> {
  const requests: UpstreamRequest[] = [];
  const queue: (Script | Behaviour)[] = [];
  let standing = script;
  const server = createServer((request, response) => {
    void serve(request, response, async (read) => {
      requests.push(read);
      const chosen = queue.shift() ?? standing;
      return exchangeFor(typeof chosen === 'function' ? await chosen(read) : chosen, read);
    });
  });
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    respond: (next) => {
      standing = next;
    },
    respondOnce: (...next) => void queue.push(...next),
    refuse: async () => stop(server),
    accept: async () => listen(server, port),
    close: async () => stop(server),
  };
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function stop(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

type Choose = (request: UpstreamRequest) => Promise<Exchange | RawExchange>;

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  choose: Choose,
): Promise<void> {
  const sending = new Sending(response);
  const read = await readRequest(request, sending);
  try {
    const exchange = await choose(read);
    if ('raw' in exchange) await sending.sendRaw(exchange, request.socket);
    else await sending.send(exchange);
  } catch (thrown) {
    if (sending.over.aborted) return;
    // A script that throws must not look like an upstream that hangs.
    response.writeHead(500, { 'content-type': 'text/plain' });
    response.end(`The fake upstream's script failed: ${String(thrown)}`);
  }
}

async function readRequest(request: IncomingMessage, sending: Sending): Promise<UpstreamRequest> {
  const chunks: Buffer[] = [];
  let complete = false;
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
    complete = true;
  } catch {
    // The client went away in the middle of its body; what came is recorded.
  }
  const text = Buffer.concat(chunks).toString();
  const read: UpstreamRequest = {
    method: request.method ?? 'GET',
    path: request.url ?? '/',
    headers: request.headers,
    text,
    body: asObject(parseJson(text)) ?? {},
    aborted: !complete,
    over: sending.ended,
  };
  sending.whenCut(() => {
    read.aborted = true;
  });
  return read;
}

/** One answer on its way out. */
class Sending {
  /** Aborts when the connection is gone or the answer complete. */
  readonly over: AbortSignal;
  /** Resolves at the same moment. */
  readonly ended: Promise<void>;
  readonly #response: ServerResponse;
  /** Whether this side has said all it was to say, well or badly. */
  #done = false;
  #tell: (() => void) | undefined;

  constructor(response: ServerResponse) {
    const controller = new AbortController();
    this.over = controller.signal;
    this.#response = response;
    this.ended = new Promise((resolve) => {
      response.once('close', () => {
        controller.abort();
        if (!this.#isDone()) this.#tell?.();
        resolve();
      });
    });
  }

  /** Tells once the client broke off before this side was done. */
  whenCut(tell: () => void): void {
    if (this.over.aborted && !this.#isDone()) tell();
    this.#tell = tell;
  }

  #isDone(): boolean {
    return this.#done || this.#response.writableFinished;
  }

  async send({ status = 200, headers = {}, delay = 0, pieces }: Exchange): Promise<void> {
    if (delay > 0) await sleep(delay, undefined, { signal: this.over });
    const response = this.#response;
    const [first] = pieces;
    // A bad end before any byte comes before the headers, too.
    if (!isEnd(first)) {
      response.writeHead(status, headers as OutgoingHttpHeaders);
      response.flushHeaders();
    }
    const broken = await this.#write(pieces, (bytes) => this.#flush(response, bytes));
    if (!broken && !this.over.aborted) response.end();
  }

  async sendRaw({ raw }: RawExchange, socket: Socket): Promise<void> {
    const broken = await this.#write(raw, (bytes) => this.#flush(socket, bytes));
    if (broken || this.over.aborted) return;
    this.#done = true;
    socket.end();
  }

  /** True when the pieces end badly. */
  async #write(
    pieces: readonly Piece[],
    write: (bytes: string | Buffer) => Promise<void>,
  ): Promise<boolean> {
    for (const piece of pieces) {
      if (this.over.aborted) return false;
      if (isEnd(piece)) {
        this.#endBadly(piece.end);
        return true;
      }
      if (typeof piece === 'object' && 'pause' in piece) {
        await sleep(piece.pause, undefined, { signal: this.over });
      } else if (piece.length > 0) await write(piece);
    }
    return false;
  }

  /** Waits for each write, so that writes stay apart on the wire; gives up when the connection is gone. */
  async #flush(
    target: { write(bytes: string | Buffer, done: () => void): boolean },
    bytes: string | Buffer,
  ): Promise<void> {
    await Promise.race([
      new Promise<void>((resolve) => target.write(bytes, () => resolve())),
      this.ended,
    ]);
  }

  #endBadly(how: BadEnd): void {
    const { socket } = this.#response;
    if (how === 'hang') return;
    this.#done = true;
    if (how === 'reset') socket?.resetAndDestroy();
    else socket?.end();
  }
}

function isEnd(piece: Piece | undefined): piece is { readonly end: BadEnd } {
  return typeof piece === 'object' && 'end' in piece;
}
