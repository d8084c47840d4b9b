/**
 * What a fake upstream can be told to do, as plain data.
 *
 * @module
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { JsonObject } from '../json.ts';

/** A request as the upstream got it. */
export interface UpstreamRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The body's text, to the byte; what had arrived where the client went away before its end. */
  readonly text: string;
  /** The parsed body; empty where it is no JSON object. */
  readonly body: JsonObject;
  /** True once the client closed the connection before the answer was complete. */
  aborted: boolean;
  /** Resolves when the answer ended, whichever side ended it. */
  readonly over: Promise<void>;
}

/**
 * A bad end: `reset` breaks the connection off (RST), `close` closes it without ending the HTTP message
 * (FIN), `hang` sends nothing more and leaves it open.
 */
export type BadEnd = 'reset' | 'close' | 'hang';

/** One piece of an answer: bytes of one write, a pause in ms, or a bad end. */
export type Piece = string | Buffer | { readonly pause: number } | { readonly end: BadEnd };

/** Header lines; a list of values sends a line for each. */
export type HeaderLines = Readonly<Record<string, string | readonly string[]>>;

/** An answer piece by piece. */
export interface Exchange {
  readonly kind?: 'exchange';
  /** @default 200 */
  readonly status?: number;
  readonly headers?: HeaderLines;
  /** Milliseconds before the headers. */
  readonly delay?: number;
  /** Sent in order, then the answer ends; a bad end as the first piece comes before the headers. */
  readonly pieces: readonly Piece[];
}

/** Bytes for the socket itself, status line and all; then the connection is closed. */
export interface RawExchange {
  readonly kind: 'raw';
  readonly raw: readonly Piece[];
}

/**
 * Where a body is cut off: after a number of bytes; inside the first `character` of several bytes;
 * before the end of the middle `event` (its data is whole, its blank line is missing); inside the `json`
 * of the middle event, or of a JSON body.
 */
export type Cut = number | 'character' | 'event' | 'json';

/** How a body travels; goes with every behaviour that has one. */
export interface Delivery {
  /** Beside those that the body needs, and instead of them where they have the same name. */
  readonly headers?: HeaderLines;
  /** Milliseconds before the headers. */
  readonly delay?: number;
  /** Milliseconds between two writes. */
  readonly pause?: number;
  /** Size of a write in bytes. @default one event, or the whole JSON */
  readonly bytesPerWrite?: number;
  /** Ends of writes as byte offsets, ascending. */
  readonly splitAt?: readonly number[];
  readonly gzip?: boolean;
  readonly cut?: Cut;
  /** What follows the last byte. @default the HTTP message ends properly */
  readonly end?: BadEnd;
}

/** A tool call as it is scripted. */
export interface ScriptedToolCall {
  readonly name: string;
  /** Text is sent as it is, valid or not. */
  readonly arguments: JsonObject | string;
  readonly id?: string;
}

/** What one choice says. */
export interface Said {
  /** @default null */
  readonly text?: string | null;
  /** Chunks of the text in a stream. @default its words */
  readonly parts?: readonly string[];
  readonly refusal?: string;
  readonly toolCalls?: readonly ScriptedToolCall[];
  /** In OpenAI's words, also at an Anthropic path. @default `tool_calls` or `stop` */
  readonly finishReason?: string;
  /** Log-probability of every token. @default -0.1 where the request asks for `logprobs` */
  readonly logprob?: number;
  /** Fields of the message (or of the first delta) beside the content. */
  readonly message?: JsonObject;
}

/** Parts of an answer that can be set. */
export interface AnswerOptions extends Omit<Said, 'text'>, Delivery {
  /** In the format's own words; `null` leaves it out. @default 10 input and 5 output tokens */
  readonly usage?: JsonObject | null;
  /** Whether an OpenAI stream has a usage chunk. @default when the request asked for it */
  readonly usageChunk?: boolean;
  /** Instead of the same answer `n` times. */
  readonly choices?: readonly Said[];
  /** The model that the answer names. @default the one that was asked for */
  readonly model?: string;
  /** Sent before each event, as it is: `: ping\n\n`. */
  readonly keepAlive?: string;
  /** Whether an OpenAI stream ends with `[DONE]`. @default true */
  readonly done?: boolean;
  /** After so many events of a stream comes an error event instead of the rest. */
  readonly failsAfter?: number;
}

/**
 * An answer in the format that the path and the body ask for: chat completion or Anthropic message,
 * JSON or stream; embeddings; the list of models.
 */
export interface Answer extends AnswerOptions {
  readonly kind: 'answer';
  readonly text?: string | null;
}

/** An error in the format of the path: OpenAI's, or Anthropic's at `/messages`. */
export interface Failure extends Delivery {
  readonly kind: 'error';
  readonly status: number;
  readonly message?: string;
  readonly type?: string;
  readonly code?: string | null;
  /** Seconds, or a date for an HTTP-date. */
  readonly retryAfter?: number | Date;
  readonly retryAfterMs?: number;
}

/** Any body with any status: HTML, broken JSON, nothing, an error in a 200, a redirect. */
export interface OtherBody extends Delivery {
  readonly kind: 'body';
  readonly body: string | Buffer | JsonObject;
  /** @default 200 */
  readonly status?: number;
  /** @default `application/json` for an object, else `text/html` */
  readonly contentType?: string;
}

/** What the upstream does with a request. */
export type Behaviour = Exchange | RawExchange | Answer | Failure | OtherBody;

/** How requests are answered. */
export type Script = (request: UpstreamRequest) => Behaviour | Promise<Behaviour>;
