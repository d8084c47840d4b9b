/**
 * Which calls may be answered by the cache, and which answers may be kept. What is in doubt is not.
 *
 * @module
 */
import type { Attempt, Call } from '../../call.ts';
import type { CachePolicy } from '../../config/cache-policy.ts';
import type { Task } from '../../config/config.ts';
import { asArray, asNumber, asObject, asString, type Json, type JsonObject } from '../../json.ts';

/**
 * True for embeddings, and for chats that would be answered alike each time: those of a temperature of 0.
 * One that is left out is the provider's default, which is not 0. Others only where the task says so.
 */
export function mayBeCached({ operation, body }: Call, { sampled }: CachePolicy): boolean {
  return operation === 'embeddings' || sampled || body.json['temperature'] === 0;
}

/** True when the attempt that answered, and the call as a whole, went as they should. */
export function wentWell({ trace, operation }: Call, task: Task, answer: Attempt): boolean {
  const { status, error, usage, tier } = answer;
  if (error !== undefined || usage === undefined || trace.capped === true) return false;
  if (status === undefined || status < 200 || status > 299) return false;
  if (trace.outcome === 'accepted' || trace.outcome === 'repaired') return true;
  // A tier that accepts any answer has accepted this one; one whose checks were not asked has not.
  const unchecked = operation === 'embeddings' || task.tiers[tier]?.accept.length === 0;
  return trace.outcome === 'unchecked' && unchecked;
}

/** True for a whole answer to this request: nothing cut off, held back or refused. */
export function isWhole(answer: JsonObject, { operation, body }: Call): boolean {
  if (answer['error'] !== undefined && answer['error'] !== null) return false;
  if (operation === 'embeddings') return hasVectors(answer, body.json['input']);
  const choices = asArray(answer['choices']);
  return choices.length >= (asNumber(body.json['n']) ?? 1) && choices.every(isWholeChoice);
}

/** How a model ends that has said all it wanted to say. */
const WHOLE = new Set<unknown>(['stop', 'tool_calls', 'function_call']);

function isWholeChoice(given: Json): boolean {
  const choice = asObject(given);
  const message = asObject(choice?.['message']);
  if (choice === undefined || message === undefined) return false;
  if (!WHOLE.has(choice['finish_reason'])) return false;
  if (message['refusal'] !== undefined && message['refusal'] !== null) return false;
  const { content, tool_calls: calls, function_call: legacy, audio } = message;
  const speaks = (asString(content)?.trim() ?? '') !== '' || asArray(content).length > 0;
  return speaks || asArray(calls).length > 0 || Boolean(legacy ?? audio);
}

/** A vector for each text; of a list of numbers (one text as tokens) there is one. */
function hasVectors({ data }: JsonObject, input: Json | undefined): boolean {
  const vectors = asArray(data);
  const texts = Array.isArray(input) && typeof input[0] !== 'number' ? input.length : 1;
  return vectors.length === texts && vectors.every((item) => hasVector(asObject(item)));
}

function hasVector(item: JsonObject | undefined): boolean {
  const vector = item?.['embedding'];
  return typeof vector === 'string' ? vector !== '' : asArray(vector).length > 0;
}
