/**
 * Usage as OpenAI's Responses API reports it, into disjoint classes and back.
 *
 * @module
 */
import { type JsonObject, asObject, asString } from '../json.ts';
import { type Usage, asPartial, withServiceTier } from './usage.ts';
import { convertOpenAIUsage, openaiTier, toOpenAIUsage } from './usage-openai.ts';

/** What a response's status, and the last word of its last event, can be once nothing more is generated. */
const OVER = new Set(['completed', 'incomplete', 'failed', 'cancelled']);

/**
 * The usage of a parsed stream event or of a whole response, with the service tier that it was served at.
 *
 * Every way in which a response ends carries its usage: `response.completed`, and just as much
 * `response.incomplete`, `response.failed` and `response.cancelled`, which are billed alike. Undefined where
 * none is told, so that it is never taken for zero; `partial` where the response is still being generated.
 */
export function readResponsesUsage(wire: JsonObject): Usage | undefined {
  const response = asObject(wire['response']) ?? wire;
  const usage = convertResponsesUsage(response['usage']);
  if (usage === undefined) return undefined;
  const known = withServiceTier(usage, openaiTier(response));
  const event = asString(wire['type']);
  const state = event?.startsWith('response.') ? event.slice('response.'.length) : undefined;
  const status = state ?? asString(response['status']) ?? 'completed';
  return OVER.has(status) ? known : asPartial(known);
}

/**
 * Reads the `usage` of a response. It is that of a chat completion under other names: `input_tokens`
 * includes cache reads and writes, `output_tokens` includes reasoning. Undefined where there is none or its
 * totals make no sense.
 */
export function convertResponsesUsage(value: unknown): Usage | undefined {
  const usage = asObject(value);
  return usage === undefined
    ? undefined
    : convertOpenAIUsage({
        ...usage,
        prompt_tokens: usage['input_tokens'],
        prompt_tokens_details: usage['input_tokens_details'],
        completion_tokens: usage['output_tokens'],
        completion_tokens_details: usage['output_tokens_details'],
      });
}

/** Usage as a response carries it. Reading it again gives the same classes. */
export function toResponsesUsage(usage: Usage): JsonObject {
  const chat = toOpenAIUsage(usage);
  return {
    input_tokens: chat['prompt_tokens'],
    input_tokens_details: chat['prompt_tokens_details'],
    output_tokens: chat['completion_tokens'],
    output_tokens_details: chat['completion_tokens_details'],
    total_tokens: chat['total_tokens'],
  };
}
