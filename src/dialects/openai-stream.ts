/**
 * A streamed answer of an OpenAI-compatible upstream. Chunks go on as they came; only those that say
 * more than some text are parsed.
 *
 * @module
 */
import { ReplyEvent } from '../call.ts';
import { FarthingError } from '../errors.ts';
import { asArray, asObject, asString, type Json, type JsonObject, parseJson } from '../json.ts';
import { convertOpenAIUsage, openaiTier } from '../pricing/usage-openai.ts';
import { asPartial, type Usage, withServiceTier } from '../pricing/usage.ts';
import type { StreamDecoder } from './dialect.ts';
import { ToolCallMender } from './openai-tool-calls.ts';
import type { SseMessage } from './sse.ts';
import { TextChunkShape } from './text-chunk-shape.ts';
import { decodeErrorBody, readError } from './upstream-error.ts';

/** Shapes that are looked at in one stream; where they still change after that, every chunk is parsed. */
const LESSONS = 16;

/** Fields of a delta that hold output text. */
const TEXTS = ['content', 'reasoning_content', 'reasoning', 'refusal'] as const;

/**
 * Decodes one stream. The answer is complete when every choice that was begun has its finish reason, or
 * when the host says `[DONE]`: some never name a reason, some never say `[DONE]`.
 */
export class OpenAIStreamDecoder implements StreamDecoder {
  readonly #menders = new Map<number, ToolCallMender>();
  readonly #begun = new Set<number>();
  readonly #finished = new Set<number>();
  #shape: TextChunkShape | undefined;
  #lessons = 0;
  #done = false;
  #usage: Usage | undefined;
  /** Something was said after the usage was told, so that it is not the usage of all. */
  #saidMore = false;
  #model: string | undefined;

  push({ event, data, unclosed }: SseMessage): readonly ReplyEvent[] {
    if (this.#done || data === '') return [];
    if (this.#shape?.fits(data) === true && event !== 'error') {
      this.#saidMore = true;
      return [new ReplyEvent(data)];
    }
    if (data === '[DONE]') {
      this.#done = true;
      return [];
    }
    const chunk = asObject(parseJson(data));
    // A cut connection leaves half an event; what is missing after it is for end() to tell.
    if (chunk === undefined && unclosed === true) return [];
    if (event === 'error') throw announcedError(chunk);
    if (chunk === undefined) {
      throw new FarthingError('upstream_malformed', 'The provider sent an event that is not JSON.');
    }
    if (hasError(chunk)) throw decodeErrorBody(chunk);
    return [this.#read(data, chunk)];
  }

  end(): readonly ReplyEvent[] {
    if (this.#complete()) return [];
    throw new FarthingError(
      'upstream_truncated',
      'The provider broke off in the middle of its answer.',
    );
  }

  usage(): Usage | undefined {
    const usage = this.#usage;
    if (usage === undefined) return undefined;
    return this.#complete() && !this.#saidMore ? usage : asPartial(usage);
  }

  model(): string | undefined {
    return this.#model;
  }

  #complete(): boolean {
    if (this.#begun.size === 0) return false;
    return this.#done || [...this.#begun].every((choice) => this.#finished.has(choice));
  }

  #read(data: string, chunk: JsonObject): ReplyEvent {
    this.#model ??= nameOf(chunk['model']);
    // Groq keeps its usage in a field of its own where nobody asked for OpenAI's.
    const reported = chunk['usage'] ?? asObject(chunk['x_groq'])?.['usage'] ?? null;
    const usage = convertOpenAIUsage(reported);
    if (usage !== undefined) this.#usage = withServiceTier(usage, openaiTier(chunk));
    const choices = chunk['choices'];
    this.#saidMore = usage === undefined && (this.#saidMore || asArray(choices).some(saysMore));
    if (!Array.isArray(choices)) {
      if (reported === null && readError(chunk) !== undefined) throw decodeErrorBody(chunk);
      return ReplyEvent.of({ ...chunk, choices: [] });
    }
    const given = asArray(choices);
    const mended = given.map((choice) => this.#mend(choice));
    if (mended.some((choice, position) => choice !== given[position])) {
      return ReplyEvent.of({ ...chunk, choices: mended });
    }
    this.#learn(data, chunk);
    return new ReplyEvent(data, chunk);
  }

  /**
   * Remembers the shape of a chunk: one that differs from it in nothing but its text says nothing else
   * that has not been read already. Tool calls add up, so that theirs must be read each time.
   */
  #learn(data: string, chunk: JsonObject): void {
    const delta = asObject(asObject(asArray(chunk['choices'])[0])?.['delta']);
    if (delta?.['tool_calls'] !== undefined || this.#lessons >= LESSONS) return;
    this.#lessons++;
    this.#shape = TextChunkShape.of(data, chunk) ?? this.#shape;
  }

  #mend(given: Json): Json {
    const choice = asObject(given) ?? {};
    const index = typeof choice['index'] === 'number' ? choice['index'] : 0;
    this.#begun.add(index);
    if (typeof choice['finish_reason'] === 'string') this.#finished.add(index);
    const delta = asObject(choice['delta']);
    const calls = asArray(delta?.['tool_calls']);
    if (calls.length === 0) return given;
    let mender = this.#menders.get(index);
    if (mender === undefined) this.#menders.set(index, (mender = new ToolCallMender()));
    const named = mender;
    const mended = calls.map((call) => named.mend(asObject(call) ?? {}));
    return mended.every((call, position) => call === calls[position])
      ? given
      : { ...choice, index, delta: { ...delta, tool_calls: mended } };
  }
}

/** True for a choice whose delta has text or a tool call in it. */
function saysMore(choice: Json): boolean {
  const delta = asObject(asObject(choice)?.['delta']) ?? {};
  const spoken = TEXTS.some((name) => (asString(delta[name]) ?? '') !== '');
  return spoken || asArray(delta['tool_calls']).length > 0;
}

/** Azure's first chunk has an empty one. */
function nameOf(model: Json | undefined): string | undefined {
  return typeof model === 'string' && model !== '' ? model : undefined;
}

/** What an `event: error` says, whatever its data is. */
function announcedError(body: JsonObject | undefined): FarthingError {
  if (body !== undefined) return decodeErrorBody(body);
  return new FarthingError('upstream_rejected', 'The provider ended its answer with an error.', {
    retryable: true,
    upstream: { type: 'server_error', code: null },
  });
}

function hasError(body: JsonObject): boolean {
  const error = body['error'];
  return error !== undefined && error !== null && error !== false;
}
