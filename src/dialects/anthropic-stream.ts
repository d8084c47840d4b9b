/**
 * Anthropic's streams as chat-completion chunks.
 *
 * @module
 */
import { ReplyEvent } from '../call.ts';
import { FarthingError } from '../errors.ts';
import { asNumber, asObject, asString, type Json, type JsonObject, parseJson } from '../json.ts';
import { convertAnthropicUsage } from '../pricing/usage-anthropic.ts';
import { toOpenAIUsage } from '../pricing/usage-openai.ts';
import type { Usage } from '../pricing/usage.ts';
import { decodeErrorObject, mapStopReason } from './anthropic-reply.ts';
import type { StreamDecoder } from './dialect.ts';
import type { SseMessage } from './sse.ts';

/** Decodes one stream. */
export class AnthropicStreamDecoder implements StreamDecoder {
  /** Usage fields as last reported: those of `message_delta` are cumulative and replace earlier ones. */
  #usage: Record<string, Json | undefined> | undefined;
  #model: string | undefined;
  #id: Json = null;
  #stopped = false;
  #complete = false;
  readonly #created = Math.floor(Date.now() / 1000);
  /** Index of a tool call by the index of its content block. */
  readonly #tools = new Map<number, number>();
  readonly #thinking = new Map<number, Record<string, Json | undefined>>();

  push({ data }: SseMessage): readonly ReplyEvent[] {
    if (data === '' || this.#complete) return [];
    const event = asObject(parseJson(data));
    if (event === undefined) {
      throw new FarthingError('upstream_malformed', 'The provider sent an event that is not JSON.');
    }
    switch (event['type']) {
      case 'message_start':
        return this.#start(asObject(event['message']) ?? {});
      case 'content_block_start':
        return this.#startBlock(indexOf(event), asObject(event['content_block']) ?? {});
      case 'content_block_delta':
        return this.#delta(indexOf(event), asObject(event['delta']) ?? {});
      case 'content_block_stop':
        return this.#stopBlock(indexOf(event));
      case 'message_delta':
        return this.#finish(event);
      case 'message_stop':
        this.#complete = true;
        return this.#closing();
      case 'error':
        throw decodeErrorObject(event);
      default:
        // `ping`, and whatever is added later.
        return [];
    }
  }

  end(): readonly ReplyEvent[] {
    if (this.#complete) return [];
    if (this.#stopped) {
      this.#complete = true;
      return this.#closing();
    }
    throw new FarthingError(
      'upstream_truncated',
      'The provider broke off in the middle of its answer.',
    );
  }

  usage(): Usage | undefined {
    const usage = convertAnthropicUsage(this.#usage);
    // What message_start says of the output is the start of it.
    return usage === undefined || this.#stopped ? usage : { ...usage, source: 'partial' };
  }

  model(): string | undefined {
    return this.#model;
  }

  #start(message: JsonObject): readonly ReplyEvent[] {
    this.#usage = { ...asObject(message['usage']) };
    this.#model = asString(message['model']);
    this.#id = message['id'] ?? null;
    return [this.#chunk({ role: 'assistant', content: '' })];
  }

  #startBlock(index: number, block: JsonObject): readonly ReplyEvent[] {
    if (block['type'] === 'tool_use') {
      const place = this.#tools.size;
      this.#tools.set(index, place);
      const call = {
        index: place,
        id: block['id'] ?? '',
        type: 'function',
        function: { name: block['name'] ?? '', arguments: '' },
      };
      return [this.#chunk({ tool_calls: [call] })];
    }
    if (block['type'] === 'thinking' || block['type'] === 'redacted_thinking') {
      this.#thinking.set(index, { ...block });
    }
    const text = asString(block['text']);
    return text === undefined || text === '' ? [] : [this.#chunk({ content: text })];
  }

  #delta(index: number, delta: JsonObject): readonly ReplyEvent[] {
    switch (delta['type']) {
      case 'text_delta':
        return [this.#chunk({ content: delta['text'] ?? '' })];
      case 'thinking_delta':
        this.#addThinking(index, 'thinking', delta['thinking']);
        return [this.#chunk({ reasoning_content: delta['thinking'] ?? '' })];
      case 'signature_delta':
        this.#addThinking(index, 'signature', delta['signature']);
        return [];
      case 'input_json_delta': {
        const call = {
          index: this.#tools.get(index) ?? 0,
          function: { arguments: delta['partial_json'] ?? '' },
        };
        return [this.#chunk({ tool_calls: [call] })];
      }
      default:
        return [];
    }
  }

  #addThinking(index: number, field: string, text: Json | undefined): void {
    const block = this.#thinking.get(index);
    if (block !== undefined) block[field] = (asString(block[field]) ?? '') + (asString(text) ?? '');
  }

  /** A thinking block leaves whole, with its signature, for clients that must return it. */
  #stopBlock(index: number): readonly ReplyEvent[] {
    const block = this.#thinking.get(index);
    return block === undefined ? [] : [this.#chunk({ thinking_blocks: [block] })];
  }

  #finish(event: JsonObject): readonly ReplyEvent[] {
    const given = Object.entries(asObject(event['usage']) ?? {}).filter(
      ([, count]) => count !== null,
    );
    this.#usage = { ...this.#usage, ...Object.fromEntries(given) };
    const reason = asObject(event['delta'])?.['stop_reason'];
    if (reason === undefined || reason === null) return [];
    this.#stopped = true;
    return [this.#chunk({}, mapStopReason(reason))];
  }

  /** The usage chunk, as OpenAI's. */
  #closing(): readonly ReplyEvent[] {
    const usage = this.usage();
    if (usage === undefined) return [];
    return [ReplyEvent.of({ ...this.#frame(), choices: [], usage: toOpenAIUsage(usage) })];
  }

  #chunk(delta: JsonObject, finish: string | null = null): ReplyEvent {
    return ReplyEvent.of({
      ...this.#frame(),
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    });
  }

  #frame(): JsonObject {
    return {
      id: this.#id,
      object: 'chat.completion.chunk',
      created: this.#created,
      model: this.#model ?? null,
    };
  }
}

function indexOf(event: JsonObject): number {
  return asNumber(event['index']) ?? 0;
}
