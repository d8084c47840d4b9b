/**
 * Usage as Anthropic's Messages API reports it, into disjoint classes.
 *
 * @module
 */
import { type JsonObject, asObject, asString } from '../json.ts';
import {
  NO_TOKENS,
  type TokenCounts,
  type Usage,
  divideTokens,
  readCount,
  readDetail,
  withServiceTier,
} from './usage.ts';

/**
 * Reads the `usage` of a message, or of a stream's `message_start` and `message_delta` merged.
 *
 * Unlike OpenAI's, `input_tokens` is what was *not* cached: cache reads and writes stand beside it and
 * are part of no other number. `output_tokens` includes thinking. Undefined where there is no usage or
 * `input_tokens` or `output_tokens` make no sense; a reported zero stays zero.
 */
export function convertAnthropicUsage(value: unknown): Usage | undefined {
  const usage = asObject(value);
  if (usage === undefined) return undefined;
  const input = readCount(usage['input_tokens']);
  const output = readCount(usage['output_tokens']);
  if (input === undefined || output === undefined) return undefined;
  if (Number.isNaN(input) || Number.isNaN(output)) return undefined;
  const details = asObject(usage['output_tokens_details']) ?? {};
  const reasoning = readDetail(details['thinking_tokens']);
  const tokens: TokenCounts = {
    ...NO_TOKENS,
    input,
    cacheRead: readDetail(usage['cache_read_input_tokens']),
    ...cacheWrites(usage),
    ...divideTokens({ total: output, parts: { reasoning }, rest: 'output' }),
  };
  const region = asString(usage['inference_geo']);
  const searches = readDetail(asObject(usage['server_tool_use'])?.['web_search_requests']);
  const known: Usage = {
    tokens,
    source: 'provider',
    ...(region === undefined || region === 'not_available' ? {} : { region }),
    ...(searches === 0 ? {} : { searches }),
  };
  return withServiceTier(known, tierOf(usage));
}

/** Writes by time to live; all are 5-minute writes where the answer has no breakdown. */
function cacheWrites(usage: JsonObject): Partial<TokenCounts> {
  const split = asObject(usage['cache_creation']) ?? {};
  const hour = readDetail(split['ephemeral_1h_input_tokens']);
  const minutes = readDetail(split['ephemeral_5m_input_tokens']);
  const stated = readCount(usage['cache_creation_input_tokens']);
  const total = stated === undefined || Number.isNaN(stated) ? hour + minutes : stated;
  return divideTokens({ total, parts: { cacheWrite1h: hour }, rest: 'cacheWrite5m' });
}

/** Fast mode has a price of its own and is told by `speed`, whatever the service tier. */
function tierOf(usage: JsonObject): string | undefined {
  return usage['speed'] === 'fast' ? 'fast' : asString(usage['service_tier']);
}
