/**
 * A whole chat completion as the chunks of a stream.
 *
 * @module
 */
import { ReplyEvent } from '../call.ts';
import { type Json, type JsonObject, asArray, asObject } from '../json.ts';

/**
 * The events that say the same as `body`, a `chat.completion`: for each choice its role, its message in
 * one delta, and its finish reason; then the usage, where the body has one.
 */
export function toChunks(body: JsonObject): ReplyEvent[] {
  const { id, created, model, system_fingerprint: fingerprint, service_tier: tier } = body;
  const chunk = (rest: JsonObject): ReplyEvent =>
    ReplyEvent.of({
      id,
      object: 'chat.completion.chunk',
      created,
      model,
      system_fingerprint: fingerprint,
      service_tier: tier,
      ...rest,
    });
  const events = asArray(body['choices']).flatMap((choice, position) =>
    deltasOf(asObject(choice) ?? {}, position).map((delta) => chunk({ choices: [delta] })),
  );
  const usage = asObject(body['usage']);
  if (usage !== undefined) events.push(chunk({ choices: [], usage }));
  return events;
}

function deltasOf(choice: JsonObject, position: number): JsonObject[] {
  const { message, finish_reason: reason, logprobs } = choice;
  const index = typeof choice['index'] === 'number' ? choice['index'] : position;
  const { role, tool_calls: calls, ...rest } = asObject(message) ?? {};
  const delta: Record<string, Json | undefined> = { ...rest };
  const tools = asArray(calls);
  if (tools.length > 0) {
    delta['tool_calls'] = tools.map((call, place) => ({ index: place, ...asObject(call) }));
  }
  return [
    { index, delta: { role: role ?? 'assistant' }, finish_reason: null },
    { index, delta, finish_reason: null, ...(logprobs === undefined ? {} : { logprobs }) },
    { index, delta: {}, finish_reason: reason ?? 'stop' },
  ];
}
