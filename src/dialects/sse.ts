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
  /**
   * True for an event whose closing blank line never came. Careless servers leave it out at the very
   * end; a broken connection leaves it out, too, and then the data may stop in the middle.
   */
  readonly unclosed?: true;
}

/** Longest event in UTF-16 units; a stream that never ends a line must not fill the memory. */
const LONGEST = 16 * 1024 * 1024;

const DATA = 'data: ';

/** Reads events from bytes that may be cut anywhere. One instance a stream. */
export class SseParser {
  readonly #decoder = new TextDecoder();
  /** Text after the last complete line. Grows as a rope and is only searched where it is new. */
  #rest = '';
  /** A CR at the end of the last text may be half of a CR LF. */
  #endedWithCr = false;
  #event: string | undefined;
  #data: string | undefined;

  /** The events that these bytes complete. Throws `upstream_malformed` for an endless one. */
  push(bytes: Uint8Array): SseMessage[] {
    const messages: SseMessage[] = [];
    this.#read(this.#decoder.decode(bytes, { stream: true }), messages);
    return messages;
  }

  /** The bytes have ended. An event whose closing blank line is missing still counts, as `unclosed`. */
  end(): SseMessage[] {
    const messages: SseMessage[] = [];
    this.#read(this.#decoder.decode(), messages);
    const rest = this.#rest;
    this.#rest = '';
    if (rest !== '') this.#line(rest);
    const before = messages.length;
    this.#dispatch(messages);
    return messages.map((message, index) =>
      index < before ? message : { ...message, unclosed: true },
    );
  }

  #read(decoded: string, messages: SseMessage[]): void {
    if (decoded === '') return;
    const text = this.#withoutCr(decoded);
    let start = 0;
    for (;;) {
      const end = text.indexOf('\n', start);
      if (end === -1) break;
      if (this.#rest !== '') {
        const line = this.#rest + text.slice(start, end);
        this.#rest = '';
        this.#line(line);
      } else if (end === start) {
        this.#dispatch(messages);
      } else if (this.#data === undefined && text.startsWith(DATA, start)) {
        // Nearly every line of nearly every stream.
        this.#data = text.slice(start + DATA.length, end);
      } else {
        this.#line(text.slice(start, end));
      }
      start = end + 1;
    }
    this.#rest += start === 0 ? text : text.slice(start);
    if (this.#rest.length + (this.#data?.length ?? 0) > LONGEST) {
      throw new FarthingError('upstream_malformed', 'The provider sent an event without an end.');
    }
  }

  /** CR and CR LF as LF, so that lines end in one way only. */
  #withoutCr(decoded: string): string {
    const text = this.#endedWithCr && decoded.startsWith('\n') ? decoded.slice(1) : decoded;
    this.#endedWithCr = decoded.endsWith('\r');
    return text.includes('\r') ? text.replaceAll('\r\n', '\n').replaceAll('\r', '\n') : text;
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

  #dispatch(messages: SseMessage[]): void {
    const data = this.#data;
    const event = this.#event;
    this.#data = undefined;
    this.#event = undefined;
    // Some hosts send their keep-alive comments as data.
    if (data === undefined || (data.startsWith(':') && !data.includes('\n'))) return;
    messages.push({ event: event === '' ? undefined : event, data });
  }
}
