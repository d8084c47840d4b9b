/**
 * Thinking, effort and sampling: what an Anthropic model takes of them depends on its generation and on
 * the API's version.
 *
 * @module
 */
import { asNumber, asObject, asString, type Json, type JsonObject } from '../json.ts';
import type { Turn } from './anthropic-content.ts';

/** From this version of the API on, sampling parameters are refused even at their defaults. */
const VERSION_WITHOUT_SAMPLING = '2026-10-21';

/** Generations as `100 × major + minor`. */
const FIRST_THINKING = 307;
/** From here on the model itself decides how much to think; budgets are deprecated, then refused. */
const FIRST_ADAPTIVE = 406;
/** From here on sampling parameters are refused under every version of the API, and `xhigh` is known. */
const FIRST_WITHOUT_SAMPLING = 407;

/** Smallest budget the API takes, in tokens. */
const LEAST_BUDGET = 1024;

/** Budgets of models that cannot decide for themselves, in tokens. */
const BUDGETS: Readonly<Record<string, number>> = {
  minimal: LEAST_BUDGET,
  low: 2048,
  medium: 8192,
  high: 16_384,
  xhigh: 32_768,
  max: 32_768,
};

/**
 * A Claude's generation, `100 × major + minor`: 405 for `claude-haiku-4-5-20251001`. Infinite for a
 * Claude without a number, which is newer than this table; undefined for other makers' models, which
 * some hosts serve in Anthropic's format.
 */
export function generationOf(model: string): number | undefined {
  if (!model.toLowerCase().includes('claude')) return undefined;
  const found = /claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/i.exec(model);
  if (found === null) return Number.POSITIVE_INFINITY;
  return Number(found[1]) * 100 + Number(found[2] ?? 0);
}

/** What the fields depend on. */
export interface ThinkingContext {
  readonly request: JsonObject;
  /** The model's, by {@link generationOf}. */
  readonly generation: number | undefined;
  /** The limit that is sent, in tokens. */
  readonly maxTokens: number;
  readonly turns: readonly Turn[];
  /** `anthropic-version`. */
  readonly version: string;
}

/** Fields of the converted request; absent ones are not sent. */
export interface ThinkingFields {
  readonly thinking?: JsonObject;
  readonly effort?: string;
  readonly sampling: JsonObject;
}

/**
 * The client's own `thinking` where it gave one; else what `reasoning_effort` asks for. That is a wish
 * and gives way to what the API refuses beside thinking: a forced tool, and a tool loop that began
 * without thinking. Sampling parameters give way to thinking.
 */
export function thinkingFields(context: ThinkingContext): ThinkingFields {
  const own = asObject(context.request['thinking']);
  const { thinking, effort } = own === undefined ? wished(context) : { thinking: own };
  const fitting = thinking === undefined ? undefined : withinLimit(thinking, context.maxTokens);
  const thinks = fitting !== undefined && fitting['type'] !== 'disabled';
  return {
    ...(fitting === undefined ? {} : { thinking: fitting }),
    ...(effort === undefined ? {} : { effort }),
    sampling: thinks ? {} : sampling(context),
  };
}

interface Wish {
  readonly thinking?: JsonObject;
  readonly effort?: string;
}

function wished(context: ThinkingContext): Wish {
  const { request, generation, maxTokens } = context;
  const level = asString(request['reasoning_effort']);
  if (level === undefined) return {};
  const adaptive = generation !== undefined && generation >= FIRST_ADAPTIVE;
  if (level === 'none') return adaptive ? { thinking: { type: 'disabled' } } : {};
  if (adaptive) {
    const effort = effortOf(level, generation);
    return mayThink(context) ? { thinking: { type: 'adaptive' }, effort } : { effort };
  }
  const budget = Math.min(BUDGETS[level] ?? LEAST_BUDGET, Math.floor(maxTokens / 2));
  const able = generation === undefined || generation >= FIRST_THINKING;
  if (!able || budget < LEAST_BUDGET || !mayThink(context)) return {};
  return { thinking: { type: 'enabled', budget_tokens: budget } };
}

function effortOf(level: string, generation: number): string {
  if (level === 'minimal') return 'low';
  return level === 'xhigh' && generation < FIRST_WITHOUT_SAMPLING ? 'high' : level;
}

function mayThink({ request, turns }: ThinkingContext): boolean {
  const choice = request['tool_choice'];
  if (choice === 'required' || asObject(choice)?.['function'] !== undefined) return false;
  const inLoop = turns.at(-1)?.content[0]?.['type'] === 'tool_result';
  const first = asString(turns.at(-2)?.content[0]?.['type']);
  return !inLoop || first === 'thinking' || first === 'redacted_thinking';
}

/** A budget must stay below the limit, which a cap on the call's cost may have lowered. */
function withinLimit(thinking: JsonObject, maxTokens: number): JsonObject {
  const budget = asNumber(thinking['budget_tokens']);
  if (budget === undefined || budget < maxTokens) return thinking;
  const half = Math.floor(maxTokens / 2);
  return half < LEAST_BUDGET ? { type: 'disabled' } : { ...thinking, budget_tokens: half };
}

/** Temperature and `top_p` together are refused by newer models: temperature is the one that clients mean. */
function sampling({ request, generation, version }: ThinkingContext): JsonObject {
  if (version >= VERSION_WITHOUT_SAMPLING) return {};
  if (generation !== undefined && generation >= FIRST_WITHOUT_SAMPLING) return {};
  const { temperature, top_p: topP, top_k: topK } = request;
  const fields: Record<string, Json> = {};
  // OpenAI's range ends at 2, Anthropic's at 1.
  if (typeof temperature === 'number') fields['temperature'] = Math.min(1, temperature);
  else if (typeof topP === 'number') fields['top_p'] = topP;
  if (typeof topK === 'number') fields['top_k'] = topK;
  return fields;
}
