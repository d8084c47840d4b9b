/**
 * A chat-completions request as one of Anthropic's Messages API.
 *
 * @module
 */
import type { Ask } from '../call.ts';
import { FarthingError } from '../errors.ts';
import { asArray, asNumber, asObject, asString, type Json, type JsonObject } from '../json.ts';
import { convertMessages, convertSystem, plainIfOne, type Turn } from './anthropic-content.ts';
import { generationOf, thinkingFields } from './anthropic-thinking.ts';
import { convertFormat, convertTools } from './anthropic-tools.ts';
import { maxOutputTokens } from './openai-chat-request.ts';

/** The API demands a limit; what is sent where neither the client nor the price book names one. */
const DEFAULT_MAX_TOKENS = 4096;
/**
 * Largest limits sent where only the model's own is known. A whole answer must end within ten minutes,
 * which the official client takes for about 21,000 tokens; a stream need not.
 */
const MOST_MAX_TOKENS = 16_384;
const MOST_STREAMED_TOKENS = 64_000;
/** Room for an answer behind a client's thinking budget, in tokens. */
const ANSWER_ROOM = 4096;

/**
 * Fields that change the answer and that no Anthropic request can say, with what is harmless of them.
 * Mere hints (`seed`, penalties, `logit_bias`, `prediction`, `verbosity`, `store`) are left out silently,
 * as Anthropic's own compatible endpoint does.
 */
const UNSUPPORTED: readonly (readonly [field: string, harmless: (value: Json) => boolean])[] = [
  ['n', (value) => value === 1],
  ['logprobs', (value) => value === false],
  ['top_logprobs', (value) => value === 0],
  ['audio', () => false],
  ['modalities', (value) => asArray(value).every((kind) => kind === 'text')],
  ['web_search_options', () => false],
  ['functions', (value) => asArray(value).length === 0],
];

/**
 * Converts the body for the model of `ask`, under a version of the API. System messages move to the
 * front, wherever they stood. Throws `unsupported_parameter` for what the format cannot say.
 */
export function convertRequest(request: JsonObject, ask: Ask, version: string): JsonObject {
  refuseUnsupported(request);
  const messages = asArray(request['messages']);
  const system = convertSystem(messages);
  const turns = convertMessages(messages);
  const maxTokens = limitOf(request, ask);
  const generation = generationOf(ask.model.id);
  const { thinking, effort, sampling } = thinkingFields({
    request,
    generation,
    maxTokens,
    turns,
    version,
  });
  const outputConfig: JsonObject = {
    ...asObject(request['output_config']),
    ...convertFormat(request['response_format']),
    ...(effort === undefined ? {} : { effort }),
  };
  return {
    model: ask.model.id,
    max_tokens: maxTokens,
    ...conversation(system, turns),
    ...(request['stream'] === true ? { stream: true } : {}),
    ...sampling,
    ...stopSequences(request['stop']),
    ...convertTools(request),
    ...(thinking === undefined ? {} : { thinking }),
    ...(Object.keys(outputConfig).length === 0 ? {} : { output_config: outputConfig }),
    ...passedThrough(request),
  };
}

function refuseUnsupported(request: JsonObject): void {
  for (const [param, harmless] of UNSUPPORTED) {
    const value = request[param];
    if (value === undefined || value === null || harmless(value)) continue;
    throw new FarthingError(
      'unsupported_parameter',
      `'${param}' cannot be asked of an Anthropic model.`,
      { param },
    );
  }
}

/** The API wants a user's turn; a request of nothing but a system prompt gets that as one. */
function conversation(system: Json | undefined, turns: readonly Turn[]): JsonObject {
  if (turns.length === 0 && system !== undefined) {
    return { messages: [{ role: 'user', content: system }] };
  }
  const messages = turns.map(({ role, content }) => ({ role, content: plainIfOne(content) }));
  return system === undefined ? { messages } : { system, messages };
}

function limitOf(request: JsonObject, ask: Ask): number {
  const limit = ask.maxOutputTokens ?? maxOutputTokens(request);
  if (limit !== undefined) return limit;
  const most = request['stream'] === true ? MOST_STREAMED_TOKENS : MOST_MAX_TOKENS;
  const usual = Math.min(ask.model.maxOutputTokens ?? DEFAULT_MAX_TOKENS, most);
  const budget = asNumber(asObject(request['thinking'])?.['budget_tokens']);
  return budget === undefined ? usual : Math.max(usual, budget + ANSWER_ROOM);
}

function stopSequences(stop: Json | undefined): JsonObject {
  const given = typeof stop === 'string' ? [stop] : asArray(stop);
  // The API refuses sequences of nothing but white space.
  const sequences = given.filter((text) => typeof text === 'string' && text.trim() !== '');
  return sequences.length === 0 ? {} : { stop_sequences: sequences };
}

/** Anthropic's own fields, which a client may send through OpenAI's format. */
const OWN_FIELDS = ['cache_control', 'speed', 'inference_geo'] as const;

function passedThrough(request: JsonObject): JsonObject {
  const kept: Record<string, Json | undefined> = {};
  for (const field of OWN_FIELDS) {
    if (request[field] !== undefined) kept[field] = request[field];
  }
  const user =
    asString(asObject(request['metadata'])?.['user_id']) ??
    asString(request['user']) ??
    asString(request['safety_identifier']);
  if (user !== undefined) kept['metadata'] = { user_id: user };
  // OpenAI's cheaper and dearer tiers have no counterpart.
  const tier = asString(request['service_tier']);
  if (tier === 'auto') kept['service_tier'] = 'auto';
  else if (tier === 'default' || tier === 'standard_only') kept['service_tier'] = 'standard_only';
  return kept;
}
