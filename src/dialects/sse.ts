/** Server-sent events, as upstreams send them. @module */

/** One event of a stream. */
export interface SseMessage {
  /** The `event:` field; undefined where the event has none. */
  readonly event: string | undefined;
  /** All `data:` lines, joined by line feeds. */
  readonly data: string;
}
