/**
 * Writing replies: one JSON body, or server-sent events with back-pressure and keep-alives.
 *
 * @module
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type Call, batchesOf, readyBatchesOf, type Reply, ReplyEvent } from '../call.ts';
import { renderOpenAIError } from '../dialects/openai-error.ts';
import { type FarthingError, toFarthingError } from '../errors.ts';
import type { KeepAlive, Quiet } from './keep-alive.ts';
import { hasHeader, type HeaderList, replyHeaders } from './reply-headers.ts';

const STREAM_HEADERS: Readonly<HeaderList> = [
  ['content-type', 'text/event-stream; charset=utf-8'],
  // `no-transform` and `x-accel-buffering` keep proxies from collecting the stream.
  ['cache-control', 'no-cache, no-transform'],
  ['x-accel-buffering', 'no'],
].flat();

const NOTHING = new ReplyEvent('');

/** Writes one reply to one response. Nothing is sent before the first event, unless it takes long. */
export class ReplyWriter implements Quiet {
  readonly #response: ServerResponse;
  readonly #keepAlive: KeepAlive;
  lastSentAt = 0;

  constructor(response: ServerResponse, keepAlive: KeepAlive) {
    this.#response = response;
    this.#keepAlive = keepAlive;
  }

  /** Keep-alives from here on; called for streams before their answer is there. */
  expectStream(): void {
    this.lastSentAt = Date.now();
    this.#keepAlive.add(this);
  }

  sendComment(): void {
    const response = this.#response;
    if (!response.headersSent) response.writeHead(200, [...STREAM_HEADERS]);
    // One line feed: a blank line would end an event, which some parsers then take for an empty one.
    if (!response.writableNeedDrain) response.write(': keep-alive\n');
    this.lastSentAt = Date.now();
  }

  /**
   * Writes the reply to its end; undefined where that is done at once. Failures of a reply that has begun
   * become an error event.
   */
  write(call: Call, reply: Reply): Promise<void> | undefined {
    if (reply.form === 'stream') return this.#writeStream(call, reply);
    const ready = readyBatchesOf(reply);
    if (ready === undefined) return batchesOf(reply).then((all) => this.#writeJson(call, all));
    this.#writeJson(call, ready);
    return undefined;
  }

  async #writeStream(call: Call, { events }: Reply): Promise<void> {
    try {
      for await (const batch of events) {
        if (!this.#response.headersSent) {
          this.#response.writeHead(200, [...STREAM_HEADERS, ...replyHeaders(call)]);
        }
        let text = '';
        for (const { data } of batch) text += `data: ${data}\n\n`;
        if (!(await this.#send(text))) return;
      }
      this.#finish(call);
    } catch (thrown) {
      this.fail(toFarthingError(thrown), call);
    }
  }

  /** Answers with an error, in whatever way is still open. */
  fail(error: FarthingError, call?: Call): void {
    const response = this.#response;
    this.#keepAlive.delete(this);
    if (response.destroyed || response.writableEnded) return;
    const { status, body, headers: own } = renderOpenAIError(error);
    if (response.headersSent) {
      response.end(`data: ${body}\n\n`);
      return;
    }
    const headers = call === undefined ? [] : replyHeaders(call);
    // What both tell of stands once: limits refuse with the headers that they tell of themselves.
    for (const name in own) if (!hasHeader(headers, name)) headers.push(name, own[name] ?? '');
    headers.push('content-type', 'application/json');
    headers.push('content-length', String(Buffer.byteLength(body)));
    response.writeHead(status, headers);
    response.end(body);
  }

  #writeJson(call: Call, [batch]: readonly (readonly ReplyEvent[])[]): void {
    // As text: Node then sends head and body in one write.
    const { data: body, bytes } = batch?.[0] ?? NOTHING;
    const headers = replyHeaders(call);
    headers.push('content-type', 'application/json', 'content-length', String(bytes));
    this.#response.writeHead(200, headers);
    // ASCII is the same in both, and cheaper to copy than to encode.
    this.#response.end(body, bytes === body.length ? 'latin1' : 'utf8');
  }

  #finish(call: Call): void {
    this.#keepAlive.delete(this);
    if (!this.#response.headersSent) {
      this.#response.writeHead(200, [...STREAM_HEADERS, ...replyHeaders(call)]);
    }
    this.#response.end('data: [DONE]\n\n');
  }

  /** False when the client is gone. */
  async #send(text: string): Promise<boolean> {
    const response = this.#response;
    this.lastSentAt = Date.now();
    if (response.destroyed) return false;
    if (response.write(text)) return true;
    await Promise.race([once(response, 'drain'), once(response, 'close')]).catch(() => undefined);
    return !response.destroyed;
  }
}
