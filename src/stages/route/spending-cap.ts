/**
 * A cap on what one call may cost, all its attempts together. Before a tier is asked, the most that it
 * can cost is set against what is left: its prompt at an upper bound of the token count, its answer at
 * the limit that is sent along. A tier that could exceed the cap is not asked.
 *
 * @module
 */
import type { Call } from '../../call.ts';
import type { Model, Tier } from '../../config/config.ts';
import { maxOutputTokens } from '../../dialects/openai-chat-request.ts';
import { costNano } from '../../pricing/cost.ts';
import type { PriceLookup } from '../../pricing/price-lookup.ts';
import type { PriceRule } from '../../pricing/price-rule.ts';
import { upperBoundRequestTokens } from '../../pricing/tokens.ts';
import { NO_TOKENS } from '../../pricing/usage.ts';
import { priceAttempt } from '../../pricing/receipt.ts';

/** Output tokens that an answer is expected to need when nothing is known of the call yet. */
const EXPECTED_OUTPUT = 256;

/** Whether a tier may be asked, and with which limit on its answer. */
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
  const rule = dearest(tier.model, prices);
  if (rule === undefined) {
    return { allowed: false, reason: `${tier.model.name} has no known price` };
  }
  const left = cap - spentNano(call, prices);
  const prompt = await upperBoundRequestTokens(call.body.json, tier.model.id);
  const fits = (output: number): boolean =>
    costNano({ ...NO_TOKENS, ...atWorst(rule, prompt), output }, rule) <= left;
  const wanted =
    maxOutputTokens(call.body.json) ?? tier.model.maxOutputTokens ?? rule.maxOutputTokens;
  const choices = Array.isArray(call.body.json['messages']) ? choicesWanted(call) : 0;
  if (choices === 0) return fits(0) ? { allowed: true, maxOutputTokens: undefined } : tooDear(tier);
  if (wanted !== undefined && fits(wanted * choices)) {
    // The limit must be in the request: an unlimited answer has no bound that the provider keeps.
    return { allowed: true, maxOutputTokens: wanted };
  }
  const affordable = Math.floor(
    largest(fits, wanted === undefined ? 1_000_000 : wanted * choices) / choices,
  );
  const needed = Math.min(wanted ?? Infinity, expectedOutput(call));
  return affordable >= needed && affordable > 0
    ? { allowed: true, maxOutputTokens: affordable }
    : tooDear(tier);
}

function tooDear(tier: Tier): Allowance {
  return { allowed: false, reason: `${tier.model.name} could exceed the maximum cost` };
}

/** The prompt in the class that costs most: nobody knows beforehand what the provider caches. */
function atWorst(rule: PriceRule, prompt: number): { input: number } | { cacheWrite1h: number } {
  const asInput = costNano({ ...NO_TOKENS, input: prompt }, rule);
  const asWrite = costNano({ ...NO_TOKENS, cacheWrite1h: prompt }, rule);
  return asWrite > asInput ? { cacheWrite1h: prompt } : { input: prompt };
}

/** Nano-dollars that the call has cost so far. */
export function spentNano(call: Call, prices: PriceLookup): number {
  return call.trace.attempts.reduce(
    (sum, attempt) => sum + (priceAttempt(attempt, prices).costNano ?? 0),
    0,
  );
}

function choicesWanted(call: Call): number {
  const n = call.body.json['n'];
  return typeof n === 'number' ? n : 1;
}

/** Any provider of the model may end up answering. */
function dearest(model: Model, prices: PriceLookup): PriceRule | undefined {
  let dear: PriceRule | undefined;
  for (const provider of model.providers) {
    const rule = prices.find(model, provider);
    if (rule === undefined) return undefined;
    if (dear === undefined || rule.rates.output > dear.rates.output) dear = rule;
  }
  return dear;
}

/** Half as much again as the longest answer of an earlier tier: a dearer model may say more. */
function expectedOutput(call: Call): number {
  const seen = call.trace.attempts.map(({ usage }) =>
    usage === undefined ? 0 : usage.tokens.output + usage.tokens.reasoning,
  );
  const longest = Math.max(0, ...seen);
  return longest === 0 ? EXPECTED_OUTPUT : Math.ceil(longest * 1.5);
}

/** The largest number in [0, most] that fits; fitting numbers come first. */
function largest(fits: (value: number) => boolean, most: number): number {
  let low = 0;
  let high = most;
  if (!fits(0)) return -1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
