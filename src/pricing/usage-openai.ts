/**
 * Usage as OpenAI-compatible providers report it, into disjoint classes and back.
 *
 * What the providers have in common: `prompt_tokens` includes what was read from and written to the
 * cache, audio and images; `completion_tokens` includes reasoning. Details are a breakdown of these
 * totals and never added to them. What differs is told beside the code.
 *
 * @module
 */
import { type JsonObject, asNumber, asObject, asString } from '../json.ts';
import {
  NO_TOKENS,
  type TokenCounts,
  type Usage,
  divideInto,
  inputTokens,
  outputTokens,
  readCount,
  readDetail,
} from './usage.ts';

/** Nano-dollars of one xAI tick: a dollar has 10^10 ticks (docs.x.ai/developers/cost-tracking). */
const NANO_PER_TICK = 0.1;

/**
 * Reads the `usage` of a chat completion, chunk or embedding: of OpenAI, DeepSeek, xAI, Groq, Mistral,
 * Gemini, Qwen, Together, OpenRouter and the servers that copy them.
 *
 * Undefined where there is none or its totals make no sense, so that it is never taken for zero; a
 * reported zero stays zero. The input classes sum to `prompt_tokens`, the output classes to
 * `completion_tokens`, plus what the total says was produced beyond them (see {@link completionOf}).
 */
export function convertOpenAIUsage(value: unknown): Usage | undefined {
  const usage = asObject(value);
  if (usage === undefined) return undefined;
  const prompt = readCount(usage['prompt_tokens']);
  const completion = completionOf(usage, prompt);
  if (prompt === undefined || completion === undefined) return undefined;
  if (Number.isNaN(prompt) || Number.isNaN(completion.total)) return undefined;
  const reportedCostNano = reportedCost(usage);
  // OpenRouter's name of it, which is Anthropic's.
  const searches = readDetail(asObject(usage['server_tool_use'])?.['web_search_requests']);
  const tokens = { ...NO_TOKENS };
  divideInto(tokens, { total: prompt, parts: promptParts(usage), rest: 'input' });
  divideInto(tokens, { total: completion.total, parts: completion.parts, rest: 'output' });
  return {
    tokens,
    source: 'provider',
    ...(reportedCostNano === undefined ? {} : { reportedCostNano }),
    ...(searches === 0 ? {} : { searches }),
  };
}

/**
 * The service tier that a request asks for, or that a chat completion or chunk was served at. `fast` is
 * another name of `priority`, and billed as it.
 */
export function openaiTier(wire: JsonObject): string | undefined {
  const tier = asString(wire['service_tier']);
  return tier === 'fast' ? 'priority' : tier;
}

function promptParts(usage: JsonObject): Partial<TokenCounts> {
  const details = asObject(usage['prompt_tokens_details']) ?? {};
  return {
    // The same number under the names of OpenAI, DeepSeek, and Moonshot and Together.
    cacheRead: Math.max(
      readDetail(details['cached_tokens']),
      readDetail(usage['prompt_cache_hit_tokens']),
      readDetail(usage['cached_tokens']),
    ),
    ...cacheWrites(details),
    inputAudio: readDetail(details['audio_tokens']),
    inputImage: readDetail(details['image_tokens']),
  };
}

/**
 * Cache writes by time to live. OpenAI's are kept for 30 minutes where no breakdown says otherwise;
 * those of Qwen, which borrows Anthropic's names, for 5 minutes.
 */
function cacheWrites(details: JsonObject): Partial<TokenCounts> {
  const written = readDetail(details['cache_write_tokens']);
  const created = Math.max(
    readDetail(details['cache_creation_input_tokens']),
    readDetail(details['cache_creation_tokens']),
  );
  const byTime = asObject(details['cache_write_tokens_details']);
  const named = asObject(details['cache_creation']);
  // Of most answers nothing was written.
  if (written + created === 0 && byTime === undefined && named === undefined) return {};
  const timed = timedWrites(byTime ?? {}, named ?? {});
  const untimed = (total: number): number =>
    Math.max(0, total - Object.values(timed).reduce((sum, count) => sum + count, 0));
  if (written > 0) return { ...timed, cacheWrite30m: timed.cacheWrite30m + untimed(written) };
  return { ...timed, cacheWrite5m: timed.cacheWrite5m + untimed(created) };
}

function timedWrites(byTime: JsonObject, named: JsonObject) {
  return {
    cacheWrite5m:
      readDetail(byTime['ttl_5m_tokens']) + readDetail(named['ephemeral_5m_input_tokens']),
    cacheWrite30m: readDetail(byTime['ttl_30m_tokens']),
    cacheWrite1h:
      readDetail(byTime['ttl_1h_tokens']) + readDetail(named['ephemeral_1h_input_tokens']),
    cacheWrite12h: readDetail(byTime['ttl_12h_tokens']),
  };
}

/**
 * The answer's total and its parts. Three shapes exist:
 * - embeddings have no `completion_tokens`: the total says that nothing was produced;
 * - most count reasoning inside `completion_tokens`;
 * - xAI and Gemini count it beside them, Gemini without a detail of its own. Only `total_tokens` tells:
 *   what it has beyond prompt and completion is reasoning, and billed as output.
 */
function completionOf(
  usage: JsonObject,
  prompt: number | undefined,
): { readonly total: number; readonly parts: Partial<TokenCounts> } | undefined {
  const total = readCount(usage['total_tokens']);
  const stated = readCount(usage['completion_tokens']);
  if (prompt === undefined || (stated === undefined && total === undefined)) return undefined;
  if (stated === undefined) return { total: Math.max(0, (total ?? 0) - prompt), parts: {} };
  const details = asObject(usage['completion_tokens_details']) ?? {};
  const reasoning = readDetail(details['reasoning_tokens']);
  const beyond = Math.max(0, readDetail(total) - prompt - stated);
  const outside = beyond >= reasoning ? beyond : 0;
  return {
    total: stated + outside,
    parts: {
      reasoning: outside > 0 ? outside : reasoning,
      outputAudio: readDetail(details['audio_tokens']),
    },
  };
}

/**
 * What the provider says it charged. OpenRouter: dollars; with the user's own key, `cost` is its fee
 * alone and the upstream's charge stands beside it. xAI: ticks; hosts that resell its models and bill by
 * themselves, such as Vertex AI, leave them at 0, which therefore says nothing.
 */
function reportedCost(usage: JsonObject): number | undefined {
  const ticks = asNumber(usage['cost_in_usd_ticks']);
  if (ticks !== undefined) return ticks === 0 ? undefined : nano(ticks * NANO_PER_TICK);
  const dollars = asNumber(usage['cost']);
  if (dollars === undefined) return undefined;
  const upstream = asNumber(asObject(usage['cost_details'])?.['upstream_inference_cost']);
  return nano((dollars + (usage['is_byok'] === true ? (upstream ?? 0) : 0)) * 1e9);
}

function nano(amount: number): number | undefined {
  const rounded = Math.round(amount);
  return rounded >= 0 && Number.isSafeInteger(rounded) ? rounded : undefined;
}

/**
 * Usage as a chat completion carries it, for answers that were converted from another format. Reading
 * it again gives the same classes: cache writes carry their time to live, under names that continue
 * OpenAI's.
 */
export function toOpenAIUsage({ tokens }: Usage): JsonObject {
  const prompt = inputTokens(tokens);
  const completion = outputTokens(tokens);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: tokens.cacheRead,
      audio_tokens: tokens.inputAudio,
      ...(tokens.inputImage === 0 ? {} : { image_tokens: tokens.inputImage }),
      ...writesOf(tokens),
    },
    completion_tokens_details: {
      reasoning_tokens: tokens.reasoning,
      audio_tokens: tokens.outputAudio,
    },
  };
}

function writesOf(tokens: TokenCounts): JsonObject {
  const byTime = {
    ttl_5m_tokens: tokens.cacheWrite5m,
    ttl_30m_tokens: tokens.cacheWrite30m,
    ttl_1h_tokens: tokens.cacheWrite1h,
    ttl_12h_tokens: tokens.cacheWrite12h,
  };
  const total = Object.values(byTime).reduce((sum, count) => sum + count, 0);
  return total === 0 ? {} : { cache_write_tokens: total, cache_write_tokens_details: byTime };
}
