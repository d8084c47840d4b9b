/**
 * A fake upstream's answers in Anthropic's format.
 *
 * @module
 */
import { asNumber, type Json, type JsonObject, parseJson } from '../json.ts';
import type { AnswerOptions, Said } from './behaviour.ts';
import { choicesOf, finishReasonOf, partsOf } from './fake-openai.ts';

const USAGE = { input_tokens: 10, output_tokens: 5 };

/** Finish reasons in Anthropic's words; others are sent as they are. */
const STOP_REASONS: Readonly<Record<string, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'refusal',
};

/** A `message`. */
export function anthropicMessage(
  text: string | null,
  options: AnswerOptions = {},
  model = 'fake',
): JsonObject {
  const said = firstOf(text, options);
  const { usage = USAGE } = options;
  return {
    ...messageHead(options.model ?? model),
    content: blocksOf(said),
    stop_reason: stopReasonOf(said),
    stop_sequence: null,
    ...said.message,
    ...(usage === null ? {} : { usage }),
  };
}

/** The events of a stream, from `message_start` to `message_stop`. */
export function anthropicEvents(
  text: string | null,
  options: AnswerOptions = {},
  model = 'fake',
): JsonObject[] {
  const said = firstOf(text, options);
  const { usage = USAGE } = options;
  const started = usage === null ? {} : { usage: { ...usage, output_tokens: 1 } };
  const head = { ...messageHead(options.model ?? model), content: [], stop_reason: null };
  return [
    { type: 'message_start', message: { ...head, stop_sequence: null, ...started } },
    { type: 'ping' },
    ...blocksOf(said).flatMap((block, index) => blockEvents(block, index, said)),
    {
      type: 'message_delta',
      delta: { stop_reason: stopReasonOf(said), stop_sequence: null },
      // Cumulative; the input's share stands in `message_start` alone.
      ...(usage === null
        ? {}
        : { usage: { output_tokens: asNumber(usage['output_tokens']) ?? USAGE.output_tokens } }),
    },
    { type: 'message_stop' },
  ];
}

function messageHead(model: string): JsonObject {
  return { id: 'msg_fake', type: 'message', role: 'assistant', model };
}

/** The format has no choices: the first is the answer. */
function firstOf(text: string | null, options: AnswerOptions): Said {
  return choicesOf(text, options)[0] ?? { text };
}

function stopReasonOf(said: Said): string {
  if (said.finishReason === undefined && said.refusal !== undefined) return 'refusal';
  const reason = finishReasonOf(said);
  return STOP_REASONS[reason] ?? reason;
}

function blocksOf(said: Said): JsonObject[] {
  const text = said.text ?? said.refusal;
  const tools = (said.toolCalls ?? []).map(({ id, name, arguments: given }, place) => ({
    type: 'tool_use',
    id: id ?? `toolu_${place}`,
    name,
    input: typeof given === 'string' ? (parseJson(given) ?? given) : given,
  }));
  return [...(text === undefined || text === '' ? [] : [{ type: 'text', text }]), ...tools];
}

function blockEvents(block: JsonObject, index: number, said: Said): JsonObject[] {
  const isText = block['type'] === 'text';
  const empty = isText ? { type: 'text', text: '' } : { ...block, input: {} };
  const deltas = isText ? textDeltas(said) : inputDeltas(block['input']);
  return [
    { type: 'content_block_start', index, content_block: empty },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ];
}

function textDeltas(said: Said): JsonObject[] {
  return partsOf({ ...said, text: said.text ?? said.refusal ?? '' }).map((text) => ({
    type: 'text_delta',
    text,
  }));
}

function inputDeltas(input: Json | undefined): JsonObject[] {
  const text = typeof input === 'string' ? input : JSON.stringify(input ?? {});
  const pieces = text.match(/[\s\S]{1,9}/gu) ?? [];
  return pieces.map((piece) => ({ type: 'input_json_delta', partial_json: piece }));
}

/** The list of models, as Anthropic's clients read it. */
export function anthropicModelList(ids: readonly string[]): JsonObject {
  return {
    data: ids.map((id) => ({
      type: 'model',
      id,
      display_name: id,
      created_at: '2023-11-14T00:00:00Z',
    })),
    has_more: false,
    first_id: ids[0] ?? null,
    last_id: ids.at(-1) ?? null,
  };
}

/** An error body, which is also the data of an `error` event. */
export function anthropicError(error: JsonObject): JsonObject {
  return {
    type: 'error',
    error: { type: 'api_error', message: 'failed', ...error },
    request_id: 'req_fake',
  };
}
