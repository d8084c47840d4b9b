/**
 * Anthropic's answers as chat completions.
 *
 * @module
 */
import { ReplyEvent } from '../call.ts';
import { FarthingError } from '../errors.ts';
import {
  asArray,
  asObject,
  asString,
  isObject,
  type Json,
  type JsonObject,
  parseJson,
} from '../json.ts';
import { convertAnthropicUsage } from '../pricing/usage-anthropic.ts';
import { toOpenAIUsage } from '../pricing/usage-openai.ts';
import type { DecodedAnswer } from './dialect.ts';
import { decodeErrorBody, describeBody } from './upstream-error.ts';

const FINISH_REASONS: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'content_filter',
};

/** A stop reason in OpenAI's words; one that is not known yet counts as an ordinary end. */
export function mapStopReason(reason: Json | undefined): string {
  return typeof reason === 'string' && Object.hasOwn(FINISH_REASONS, reason)
    ? (FINISH_REASONS[reason] ?? 'stop')
    : 'stop';
}

/** A refusal in the place where OpenAI puts it; undefined where the model did not refuse. */
export function refusalOf(delta: JsonObject): string | undefined {
  if (delta['stop_reason'] !== 'refusal') return undefined;
  const explanation = asString(asObject(delta['stop_details'])?.['explanation']) ?? '';
  return explanation === '' ? 'The model declined to answer.' : explanation;
}

/** Converts a whole message. Throws `upstream_malformed` for anything else. */
export function decodeMessage(text: string): DecodedAnswer {
  const message = parseJson(text);
  if (!isObject(message)) {
    throw new FarthingError(
      'upstream_malformed',
      `The provider answered with ${describeBody(text)}.`,
    );
  }
  if (message['type'] === 'error' || isObject(message['error'])) throw decodeErrorBody(message);
  if (!Array.isArray(message['content'])) {
    throw new FarthingError('upstream_malformed', 'The provider answered without content.');
  }
  const usage = convertAnthropicUsage(message['usage']);
  const body: JsonObject = {
    id: message['id'] ?? null,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: message['model'] ?? null,
    choices: [
      {
        index: 0,
        message: messageOf(asArray(message['content']), refusalOf(message)),
        logprobs: null,
        finish_reason: mapStopReason(message['stop_reason']),
      },
    ],
    ...(usage === undefined ? {} : { usage: toOpenAIUsage(usage) }),
  };
  return { event: ReplyEvent.of(body), usage, model: asString(message['model']) };
}

function messageOf(content: readonly Json[], refusal: string | undefined): JsonObject {
  const blocks = content.map((block) => asObject(block) ?? {});
  const joined = (type: string, field: string): string =>
    blocks
      .filter((block) => block['type'] === type)
      .map((block) => asString(block[field]) ?? '')
      .join('');
  const calls = blocks
    .filter(({ type }) => type === 'tool_use')
    .map(({ id, name, input }) => ({
      id: id ?? '',
      type: 'function',
      function: { name: name ?? '', arguments: JSON.stringify(input ?? {}) },
    }));
  const text = joined('text', 'text');
  const reasoning = joined('thinking', 'thinking');
  // Signed blocks must come back unchanged in a tool loop: a client that echoes the message returns them.
  const thinking = blocks.filter(({ type }) => type === 'thinking' || type === 'redacted_thinking');
  return {
    role: 'assistant',
    content: text === '' && (calls.length > 0 || refusal !== undefined) ? null : text,
    refusal: refusal ?? null,
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(thinking.length === 0 ? {} : { thinking_blocks: thinking }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}
