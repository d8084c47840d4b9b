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
import { asPartial, type Usage } from '../pricing/usage.ts';
import { mapStopReason, refusalOf } from './anthropic-reply.ts';
import type { StreamDecoder } from './dialect.ts';
import type { SseMessage } from './sse.ts';
import { decodeErrorBody } from './upstream-error.ts';

/** A content block that is not finished. */
interface OpenBlock {
  /** Grows with thinking and signature deltas. */
  readonly thinking?: Record<string, Json | undefined>;
  readonly tool?: { readonly index: number; hasArguments: boolean };
}

/**
 * Decodes one stream. The answer is complete once a stop reason was seen, which comes with the final
 * usage; `message_stop` says nothing more and may be missing.
 */
export class AnthropicStreamDecoder implements StreamDecoder {
  /** Usage fields as last reported: those of `message_delta` are cumulative. */
  #usage: Record<string, Json | undefined> | undefined;
  /** The output was counted after `message_start`, which knows only its beginning. */
  #outputTold = false;
  #model: string | undefined;
  #id: Json = null;
  #stopped = false;
  #closed = false;
  #tools = 0;
  #thinkingBlocks = 0;
  readonly #created = Math.floor(Date.now() / 1000);
  /** By the index of the content block. */
  readonly #open = new Map<number, OpenBlock>();

  push({ data, unclosed }: SseMessage): readonly ReplyEvent[] {
    // Hosts that copy the format may end with OpenAI's marker.
    if (this.#closed || data === '' || data === '[DONE]') return [];
    const event = asObject(parseJson(data));
    if (event !== undefined) return this.#read(event);
    // A cut connection leaves half an event; what is missing after it is for end() to tell.
    if (unclosed === true) return [];
    throw new FarthingError('upstream_malformed', 'The provider sent an event that is not JSON.');
  }

  end(): readonly ReplyEvent[] {
    if (this.#stopped) return this.#close();
    throw new FarthingError(
      'upstream_truncated',
      'The provider broke off in the middle of its answer.',
    );
  }

  usage(): Usage | undefined {
    const usage = convertAnthropicUsage(this.#usage);
    return usage === undefined || (this.#stopped && this.#outputTold) ? usage : asPartial(usage);
  }

  model(): string | undefined {
    return this.#model;
  }

  #read(event: JsonObject): readonly ReplyEvent[] {
    const index = asNumber(event['index']) ?? 0;
    const type = asString(event['type']) ?? '';
    switch (type) {
      case 'message_start':
        return this.#start(asObject(event['message']) ?? {});
      case 'content_block_start':
        return this.#startBlock(index, asObject(event['content_block']) ?? {});
      case 'content_block_delta':
        return this.#addDelta(index, asObject(event['delta']) ?? {});
      case 'content_block_stop':
        return this.#stopBlock(index);
      case 'message_delta':
        return this.#stop(event);
      case 'message_stop':
        // Without a stop reason the answer is not complete, whatever this says.
        return this.#stopped ? this.#close() : [];
      case 'error':
        throw decodeErrorBody(event);
      default:
        // `ping`, and whatever is added later.
        return [];
    }
  }

  #start(message: JsonObject): readonly ReplyEvent[] {
    this.#usage = { ...asObject(message['usage']) };
    this.#model = asString(message['model']);
    this.#id = message['id'] ?? null;
    return [this.#chunk({ role: 'assistant', content: '', refusal: null })];
  }

  #startBlock(index: number, block: JsonObject): readonly ReplyEvent[] {
    if (block['type'] === 'tool_use') return [this.#startTool(index, block)];
    if (block['type'] === 'thinking' || block['type'] === 'redacted_thinking') {
      this.#open.set(index, { thinking: { ...block } });
      return [];
    }
    const text = block['type'] === 'text' ? (asString(block['text']) ?? '') : '';
    return text === '' ? [] : [this.#chunk({ content: text })];
  }

  /** The input comes in deltas; hosts that copy the format may send it whole at once. */
  #startTool(index: number, block: JsonObject): ReplyEvent {
    const input = asObject(block['input']) ?? {};
    const whole = Object.keys(input).length > 0;
    const tool = { index: this.#tools++, hasArguments: whole };
    this.#open.set(index, { tool });
    const call = {
      index: tool.index,
      id: block['id'] ?? '',
      type: 'function',
      function: { name: block['name'] ?? '', arguments: whole ? JSON.stringify(input) : '' },
    };
    return this.#chunk({ tool_calls: [call] });
  }

  #addDelta(index: number, delta: JsonObject): readonly ReplyEvent[] {
    const { thinking, tool } = this.#open.get(index) ?? {};
    const type = asString(delta['type']) ?? '';
    switch (type) {
      case 'text_delta':
        return [this.#chunk({ content: delta['text'] ?? '' })];
      case 'thinking_delta':
        append(thinking, 'thinking', delta['thinking']);
        return [this.#chunk({ reasoning_content: delta['thinking'] ?? '' })];
      case 'signature_delta':
        append(thinking, 'signature', delta['signature']);
        return [];
      case 'input_json_delta': {
        const text = asString(delta['partial_json']) ?? '';
        // Input of tools that run at the provider is none of the client's.
        if (tool === undefined || text === '') return [];
        tool.hasArguments = true;
        return [this.#argumentsChunk(tool.index, text)];
      }
      default:
        return [];
    }
  }

  /**
   * A thinking block leaves whole, with its signature, for clients that must return it; a tool without
   * input leaves with the empty object that clients parse.
   */
  #stopBlock(index: number): readonly ReplyEvent[] {
    const { thinking, tool } = this.#open.get(index) ?? {};
    this.#open.delete(index);
    if (thinking !== undefined) {
      const block = { index: this.#thinkingBlocks++, ...thinking };
      return [this.#chunk({ thinking_blocks: [block] })];
    }
    if (tool === undefined || tool.hasArguments) return [];
    return [this.#argumentsChunk(tool.index, '{}')];
  }

  #stop(event: JsonObject): readonly ReplyEvent[] {
    this.#addUsage(asObject(event['usage']) ?? {});
    const delta = asObject(event['delta']) ?? {};
    const reason = delta['stop_reason'];
    if (reason === undefined || reason === null || this.#stopped) return [];
    this.#stopped = true;
    const refusal = refusalOf(delta);
    return [this.#chunk(refusal === undefined ? {} : { refusal }, mapStopReason(reason))];
  }

  /**
   * Merges what a `message_delta` reports. Counts of the prompt are cumulative and never shrink: SGLang and
   * others that copy the format send 0 for what `message_start` has told. Nulls tell nothing.
   */
  #addUsage(told: JsonObject): void {
    const merged: Record<string, Json | undefined> = { ...this.#usage };
    for (const [name, value] of Object.entries(told)) {
      const before = asNumber(merged[name]) ?? 0;
      const shrinks = name !== 'output_tokens' && typeof value === 'number' && value < before;
      if (value !== null && !shrinks) merged[name] = value;
    }
    this.#usage = merged;
    this.#outputTold ||= asNumber(told['output_tokens']) !== undefined;
  }

  /** The usage chunk, as OpenAI's; none where the usage is not the usage of all. */
  #close(): readonly ReplyEvent[] {
    if (this.#closed) return [];
    this.#closed = true;
    const usage = this.usage();
    if (usage?.source !== 'provider') return [];
    return [ReplyEvent.of({ ...this.#frame(), choices: [], usage: toOpenAIUsage(usage) })];
  }

  #argumentsChunk(index: number, text: string): ReplyEvent {
    return this.#chunk({ tool_calls: [{ index, function: { arguments: text } }] });
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

function append(
  block: Record<string, Json | undefined> | undefined,
  field: string,
  text: Json | undefined,
): void {
  if (block !== undefined) block[field] = (asString(block[field]) ?? '') + (asString(text) ?? '');
}
