/**
 * A cap on what one call may cost, all its attempts together. Before a tier is asked, the most that it
 * can cost is set against what is left: its prompt at an upper bound of the token count, its answer at
 * the limit that is sent along. A tier that could exceed the cap is not asked.
 *
 * @module
 */
import type { Call } from '../../call.ts';
import type { Tier } from '../../config/config.ts';
import { maxOutputTokens } from '../../dialects/openai-chat-request.ts';
import { mostCostNano } from '../../pricing/cost.ts';
import type { PriceLookup } from '../../pricing/price-lookup.ts';
import type { PriceRule } from '../../pricing/price-rule.ts';
import { openaiTier } from '../../pricing/usage-openai.ts';
import { spentNano } from '../../pricing/receipt.ts';
import { upperBoundRequestTokens } from '../../pricing/tokens.ts';
import { outputTokens } from '../../pricing/usage.ts';

/** Output tokens that an answer is expected to need when nothing is known of the call yet. */
const EXPECTED_OUTPUT = 256;
/** No model writes longer answers. */
const LONGEST_ANSWER = 1_000_000;

/** Whether a tier may be asked, and with which limit on each choice of its answer. */
export type Allowance =
  | { readonly allowed: true; readonly maxOutputTokens: number | undefined }
  | { readonly allowed: false; readonly reason: string };

/** The lower of the caller's and the task's cap, in nano-dollars; undefined where there is none. */
export function capOf(call: Call): number | undefined {
  const { maxCostNano } = call;
  const ofTask = call.task?.maxCostNano;
  if (maxCostNano === undefined || ofTask === undefined) return maxCostNano ?? ofTask;
  return Math.min(maxCostNano, ofTask);
}

/**
 * Decides about one tier. Where the client's own output limit (or the model's) could exceed the cap but
 * an answer of the expected length could not, the tier is asked with the limit that fits. The expected
 * length is what earlier tiers needed for this very call, else a flat guess.
 */
export async function allow(call: Call, tier: Tier, prices: PriceLookup): Promise<Allowance> {
  const cap = capOf(call);
  if (cap === undefined) return { allowed: true, maxOutputTokens: undefined };
  const rules = rulesOf(call, tier, prices);
  if (rules === undefined) return refused(`${tier.model.name} has no known price`);
  const left = cap - spentNano(call, prices);
  const prompt = await upperBoundRequestTokens(call.body.json, tier.model.id);
  const serviceTier = openaiTier(call.body.json);
  const fits = (output: number): boolean =>
    rules.every((rule) => mostCostNano({ prompt, output }, rule, serviceTier) <= left);
  const wanted = wantedOutput(call, tier, rules);
  // The limit is sent along: an answer without one has no bound that a provider would keep.
  const limit = largestThatFits(fits, wanted);
  const tooDear = `${tier.model.name} could exceed the maximum cost`;
  if (limit === undefined) return refused(tooDear);
  if (call.operation !== 'chat') return { allowed: true, maxOutputTokens: undefined };
  const choices = choicesWanted(call);
  const each = Math.floor(limit / choices);
  const needed = Math.min(wanted / choices, expectedOutput(call));
  return each > 0 && each >= needed ? { allowed: true, maxOutputTokens: each } : refused(tooDear);
}

function refused(reason: string): Allowance {
  return { allowed: false, reason };
}

/** Prices at all providers, since any may end up answering; undefined where one is unpriced. */
function rulesOf(
  { startedAt }: Call,
  { model }: Tier,
  prices: PriceLookup,
): readonly PriceRule[] | undefined {
  const rules = model.providers.map((provider) => prices.find(model, provider, startedAt));
  return rules.every((rule) => rule !== undefined) ? rules : undefined;
}

/** Tokens of the longest answer that the call allows, all choices together; none for embeddings. */
function wantedOutput(call: Call, { model }: Tier, rules: readonly PriceRule[]): number {
  if (call.operation !== 'chat') return 0;
  const each =
    maxOutputTokens(call.body.json) ??
    model.maxOutputTokens ??
    rules[0]?.maxOutputTokens ??
    LONGEST_ANSWER;
  return each * choicesWanted(call);
}

function choicesWanted(call: Call): number {
  const n = call.body.json['n'];
  return typeof n === 'number' ? n : 1;
}

/** Half as much again as the longest answer of an earlier tier: a dearer model may say more. */
function expectedOutput(call: Call): number {
  const seen = call.trace.attempts.map(({ usage }) =>
    usage === undefined ? 0 : outputTokens(usage.tokens),
  );
  const longest = Math.max(0, ...seen);
  return longest === 0 ? EXPECTED_OUTPUT : Math.ceil(longest * 1.5);
}

/** The largest number from 0 to `most` that fits, by halving; undefined where not even 0 does. */
function largestThatFits(fits: (value: number) => boolean, most: number): number | undefined {
  if (fits(most)) return most;
  if (!fits(0)) return undefined;
  let low = 0;
  let high = most;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}
