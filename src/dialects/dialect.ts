/**
 * What a wire format must do to be an upstream. Inside the house every call and reply is in
 * chat-completions format; a dialect converts at the very edge, and only where it has to.
 *
 * @module
 */
import type { Ask, Call, ReplyEvent } from '../call.ts';
import type { FarthingError } from '../errors.ts';
import type { Usage } from '../pricing/usage.ts';
import type { SseMessage } from './sse.ts';

/** An HTTP request without its origin. */
export interface WireRequest {
  /** Appended to the provider's base URL: `/chat/completions`. */
  readonly path: string;
  /** Lower-case names; content type and authentication included. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a dialect needs to know of a provider. */
export interface WireTarget {
  /** Base URL. */
  readonly url: string;
  readonly key: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** A whole answer, converted. */
export interface DecodedAnswer {
  readonly event: ReplyEvent;
  /** Undefined where the provider reported none. */
  readonly usage: Usage | undefined;
  /** The model's name in the answer. */
  readonly model: string | undefined;
}

/** Converts one streamed answer, event by event. One instance a stream. */
export interface StreamDecoder {
  /**
   * Zero or more chat-completion chunks for one upstream event. Throws `upstream_rejected` for an error
   * event and `upstream_malformed` for one that is not JSON, unless it is `unclosed`: then the stream was
   * cut, and it is for {@link end} to tell whether anything is missing.
   */
  push(message: SseMessage): readonly ReplyEvent[];
  /** Called when the upstream's bytes end. Throws `upstream_truncated` where the answer is not complete. */
  end(): readonly ReplyEvent[];
  /** Usage as known so far; `partial` before the answer is complete, undefined where nothing was reported. */
  usage(): Usage | undefined;
  /** The model's name in the answer, once known. */
  model(): string | undefined;
}

/** A wire format, as the upstream's. Stateless. */
export interface UpstreamDialect {
  readonly name: string;
  /** The request that puts the call's question to the model of `ask`. Throws `unsupported_parameter` where the format cannot say it. */
  encode(call: Call, ask: Ask, target: WireTarget): WireRequest;
  /** A 2xx JSON body. Throws `upstream_malformed`, or `upstream_rejected` for an error in a 2xx. */
  decode(text: string): DecodedAnswer;
  decodeStream(): StreamDecoder;
  /**
   * A non-2xx answer as an error that keeps the upstream's status, type, code and message; only 401, 402
   * and 403, which are about the gateway's own key, become 502.
   */
  decodeError(status: number, text: string): FarthingError;
}
