/**
 * An upstream for benchmarks, a process of its own that spends as little as it can: its answers are made
 * once, and it reads no more of a request than where it ends and whether it streams.
 *
 *     node src/testing/fake-upstream-process.ts --port 0 --body-bytes 1200 --stream-chunks 50
 *
 * Prints `listening http://127.0.0.1:PORT` when it is ready. SIGTERM ends it.
 *
 * @module
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { chunks, completion } from './fake-openai.ts';

/** What is answered, made before the first request. */
interface Prepared {
  readonly json: Buffer;
  /** The writes of a stream, headers in the first: an event each where they are spread, else all in one. */
  readonly stream: readonly Buffer[];
  readonly streamWithUsage: readonly Buffer[];
  readonly delayMs: number;
  readonly chunkDelayMs: number;
}

const OPTIONS = {
  port: { type: 'string', default: '0' },
  /** Bytes of the answer's text. */
  'body-bytes': { type: 'string', default: '1200' },
  /** Events that carry the text. */
  'stream-chunks': { type: 'string', default: '50' },
  /** Between two events, in ms. */
  'chunk-delay-ms': { type: 'string', default: '0' },
  /** Before the first byte, in ms. */
  'delay-ms': { type: 'string', default: '0' },
} as const;

function main(): void {
  const { values } = parseArgs({ options: OPTIONS });
  const count = (name: keyof typeof OPTIONS): number => {
    const given = Number(values[name]);
    if (Number.isSafeInteger(given) && given >= 0) return given;
    throw new RangeError(`--${name} must be a whole number, not "${values[name]}".`);
  };
  const prepared = prepare({
    bytes: count('body-bytes'),
    events: Math.max(1, count('stream-chunks')),
    delayMs: count('delay-ms'),
    chunkDelayMs: count('chunk-delay-ms'),
  });
  const server = createServer({ noDelay: true }, (socket) => void new Connection(socket, prepared));
  server.listen(count('port'), '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    process.stdout.write(`listening http://127.0.0.1:${port}\n`);
  });
}

interface Chosen {
  readonly bytes: number;
  readonly events: number;
  readonly delayMs: number;
  readonly chunkDelayMs: number;
}

function prepare({ bytes, events, delayMs, chunkDelayMs }: Chosen): Prepared {
  const text = 'The quick brown fox minds the lazy dog. '.repeat(bytes / 40 + 1).slice(0, bytes);
  const size = Math.max(1, Math.ceil(bytes / events));
  const parts = text.match(new RegExp(`.{1,${size}}`, 'g')) ?? [];
  const tokens = Math.ceil(bytes / 4);
  const usage = { prompt_tokens: 100, completion_tokens: tokens, total_tokens: 100 + tokens };
  const body = Buffer.from(JSON.stringify(completion(text, { usage })));
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  const writes = (all: readonly object[]): readonly Buffer[] =>
    chunkDelayMs > 0 ? streamed(all) : [Buffer.concat(streamed(all))];
  return {
    json: Buffer.concat([Buffer.from(head), body]),
    stream: writes(chunks(text, { parts, usage: null })),
    streamWithUsage: writes(chunks(text, { parts, usage })),
    delayMs,
    chunkDelayMs,
  };
}

function streamed(events: readonly object[]): Buffer[] {
  const head =
    'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n';
  const lines = [...events.map((event) => JSON.stringify(event)), '[DONE]'];
  return lines.map((line, index) => {
    const data = `data: ${line}\n\n`;
    const chunk = `${Buffer.byteLength(data).toString(16)}\r\n${data}\r\n`;
    const end = index === lines.length - 1 ? '0\r\n\r\n' : '';
    return Buffer.from(`${index === 0 ? head : ''}${chunk}${end}`);
  });
}

const HEAD_END = '\r\n\r\n';
const LAST_CHUNK = '\r\n0\r\n\r\n';

/** One connection; its requests are answered one after the other. */
class Connection {
  readonly #socket: Socket;
  readonly #prepared: Prepared;
  #received: Buffer = Buffer.alloc(0);
  #busy = false;

  constructor(socket: Socket, prepared: Prepared) {
    this.#socket = socket;
    this.#prepared = prepared;
    socket.on('data', (bytes: Buffer) => {
      this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
      this.#next();
    });
    // A client that breaks off is nothing to report.
    socket.on('error', () => socket.destroy());
  }

  #next(): void {
    if (this.#busy) return;
    const request = takeRequest(this.#received);
    if (request === undefined) return;
    this.#received = this.#received.subarray(request.length);
    this.#busy = true;
    const { delayMs } = this.#prepared;
    if (delayMs === 0) this.#answer(request);
    else setTimeout(() => this.#answer(request), delayMs);
  }

  #answer({ body, close }: Request): void {
    const { json, stream, streamWithUsage } = this.#prepared;
    const events = isSet(body, 'include_usage') ? streamWithUsage : stream;
    this.#write(isSet(body, 'stream') ? events : [json], () => {
      if (close) this.#socket.end();
      this.#busy = false;
      this.#next();
    });
  }

  /** One by one at the chosen pace; `done` after the last. */
  #write([first, ...rest]: readonly Buffer[], done: () => void): void {
    if (first === undefined || this.#socket.destroyed) return done();
    this.#socket.write(first);
    if (rest.length === 0) done();
    else setTimeout(() => this.#write(rest, done), this.#prepared.chunkDelayMs);
  }
}

interface Request {
  readonly body: Buffer;
  readonly close: boolean;
  /** Bytes of the whole request. */
  readonly length: number;
}

/** The first request of what was received; undefined until it is there to its end. */
function takeRequest(received: Buffer): Request | undefined {
  const headEnd = received.indexOf(HEAD_END);
  if (headEnd === -1) return undefined;
  const start = headEnd + HEAD_END.length;
  const head = received.toString('latin1', 0, headEnd).toLowerCase();
  const end = bodyEnd(received, head, start);
  if (end > received.length) return undefined;
  return {
    body: received.subarray(start, end),
    close: head.includes('\r\nconnection: close'),
    length: end,
  };
}

/** Where the body ends, Infinity while that is not known. */
function bodyEnd(received: Buffer, head: string, start: number): number {
  if (head.includes('\r\ntransfer-encoding: chunked')) {
    // From two bytes before: a body without any chunk ends at once.
    const last = received.indexOf(LAST_CHUNK, start - 2);
    return last === -1 ? Infinity : last + LAST_CHUNK.length;
  }
  const length = head.indexOf('\r\ncontent-length:');
  return start + (length === -1 ? 0 : Number.parseInt(head.slice(length + 17), 10) || 0);
}

/** True when the field is true, with or without the space that some encoders write. */
function isSet(body: Buffer, field: string): boolean {
  return body.includes(`"${field}":true`) || body.includes(`"${field}": true`);
}

main();
