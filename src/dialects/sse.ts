/**
 * Server-sent events, as upstreams send them (WHATWG HTML, "Server-sent events").
 *
 * @module
 */
import { FarthingError } from '../errors.ts';

/** One event of a stream. */
export interface SseMessage {
  /** The `event:` field; undefined where the event has none. */
  readonly event: string | undefined;
  /** All `data:` lines, joined by line feeds. */
  readonly data: string;
}

/** Longest event in UTF-16 units; a stream that never ends a line must not fill the memory. */
const LONGEST = 16 * 1024 * 1024;

/** Reads events from bytes that may be cut anywhere. One instance a stream. */
export class SseParser {
  readonly #decoder = new TextDecoder();
  /** Text after the last complete line. */
  #rest = '';
  /** A CR at the end of the last text may be half of a CR LF. */
  #endedWithCr = false;
  #event: string | undefined;
  #data: string | undefined;

  /** The events that these bytes complete. Throws `upstream_malformed` for an endless one. */
  push(bytes: Uint8Array): SseMessage[] {
    return this.#read(this.#decoder.decode(bytes, { stream: true }));
  }

  /** The bytes have ended. An event whose closing blank line is missing still counts. */
  end(): SseMessage[] {
    const messages = this.#read(this.#decoder.decode());
    if (this.#rest !== '') {
      this.#line(this.#rest);
      this.#rest = '';
    }
    const last = this.#take();
    if (last !== undefined) messages.push(last);
    return messages;
  }

  #read(decoded: string): SseMessage[] {
    let text = decoded;
    if (this.#endedWithCr && text.startsWith('\n')) text = text.slice(1);
    if (text !== '') this.#endedWithCr = text.endsWith('\r');
    text = this.#rest + text;
    const messages: SseMessage[] = [];
    const hasCr = text.includes('\r');
    let start = 0;
    for (;;) {
      const end = hasCr ? lineEnd(text, start) : text.indexOf('\n', start);
      if (end === -1) break;
      if (end === start) {
        const message = this.#take();
        if (message !== undefined) messages.push(message);
      } else this.#line(text.slice(start, end));
      start = text.charCodeAt(end) === 13 && text.charCodeAt(end + 1) === 10 ? end + 2 : end + 1;
    }
    this.#rest = text.slice(start);
    if (this.#rest.length + (this.#data?.length ?? 0) > LONGEST) {
      throw new FarthingError('upstream_malformed', 'The provider sent an event without an end.');
    }
    return messages;
  }

  #line(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const field = colon === -1 ? line : line.slice(0, colon);
    const from = line.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1;
    const value = colon === -1 ? '' : line.slice(from);
    if (field === 'data') this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    else if (field === 'event') this.#event = value;
  }

  #take(): SseMessage | undefined {
    const data = this.#data;
    const event = this.#event;
    this.#data = undefined;
    this.#event = undefined;
    // Some hosts send their keep-alive comments as data.
    if (data === undefined || (data.startsWith(':') && !data.includes('\n'))) return undefined;
    return { event: event === '' ? undefined : event, data };
  }
}

/** Index of the next CR or LF. */
function lineEnd(text: string, start: number): number {
  const lf = text.indexOf('\n', start);
  const cr = text.indexOf('\r', start);
  if (lf === -1 || cr === -1) return Math.max(lf, cr);
  return Math.min(lf, cr);
}
