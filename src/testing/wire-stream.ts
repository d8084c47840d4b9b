/**
 * Reads a stream's bytes through a dialect as a provider does, without HTTP.
 *
 * @module
 */
import type { ReplyEvent } from '../call.ts';
import { ChoiceGatherer } from '../checks/answer.ts';
import type { Choice } from '../checks/check.ts';
import type { StreamDecoder } from '../dialects/dialect.ts';
import { SseParser } from '../dialects/sse.ts';
import { type FarthingError, toFarthingError } from '../errors.ts';

/** What came out of a stream. */
export interface WireAnswer {
  readonly events: readonly ReplyEvent[];
  /** Why it is not complete; undefined for a complete answer. */
  readonly error: FarthingError | undefined;
}

/** Feeds the pieces to a fresh decoder, then its end. Never throws. */
export function readWireStream(decoder: StreamDecoder, pieces: Iterable<Uint8Array>): WireAnswer {
  const parser = new SseParser();
  const events: ReplyEvent[] = [];
  const take = (messages: ReturnType<SseParser['push']>): void => {
    for (const message of messages) events.push(...decoder.push(message));
  };
  try {
    for (const piece of pieces) take(parser.push(piece));
    take(parser.end());
    events.push(...decoder.end());
    return { events, error: undefined };
  } catch (thrown) {
    return { events, error: toFarthingError(thrown) };
  }
}

/** The choices that the events add up to. */
export function gatherChoices(events: readonly ReplyEvent[]): Choice[] {
  const gatherer = new ChoiceGatherer();
  for (const { value } of events) gatherer.push(value);
  return gatherer.choices();
}
