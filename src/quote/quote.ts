/**
 * A quote: what a call would cost and whether it would be let through, without asking anybody.
 *
 * @module
 */
import { expectedNano } from '../accounts/budgets.ts';
import type { Cashier } from '../accounts/cashier.ts';
import type { AnswerCache } from '../cache/answer-cache.ts';
import type { Call } from '../call.ts';
import type { Model, Task, Tier } from '../config/config.ts';
import { maxOutputTokens } from '../dialects/openai-chat-request.ts';
import { asNumber } from '../json.ts';
import { costNano, mostCostNano } from '../pricing/cost.ts';
import type { PriceLookup } from '../pricing/price-lookup.ts';
import { estimateRequestTokens, upperBoundRequestTokens } from '../pricing/tokens.ts';
import { NO_TOKENS } from '../pricing/usage.ts';
import { openaiTier } from '../pricing/usage-openai.ts';
import { allow, capOf } from '../stages/route/spending-cap.ts';
import type { Stores } from '../stores/stores.ts';
import { quoteCache, type QuotedCache } from './quote-cache.ts';
import { quoteBudgets, type QuotedBudget } from './quote-budgets.ts';
import { TierHistory } from './tier-history.ts';

/** What a quote works with. */
export interface QuoteParts {
  readonly prices: PriceLookup;
  readonly cashier: Cashier;
  readonly stores: Stores;
  readonly cache: AnswerCache | undefined;
  readonly referenceOf: (call: Call, task: Task) => Model | undefined;
}

/** What a tier would cost, were it asked. Field names are the JSON contract; null is unknown, never 0. */
export interface QuotedTier {
  /** From 1, as in `x-farthing-tier`. */
  readonly tier: number;
  readonly model: string;
  readonly provider: string;
  readonly input_tokens: number;
  readonly output_tokens: number;
  /** `learned` from such calls of this task, or `guessed` while there were none. */
  readonly tokens_from: 'learned' | 'guessed';
  /** Nano-dollars of that; null where the model is unpriced. */
  readonly cost_nano_usd: number | null;
  /** The most that it can cost, at the longest answer that the request and the model allow. */
  readonly most_nano_usd: number | null;
  /** Share of the task's calls that came to this tier, of the last 30 days; null where there were none. */
  readonly reached: number | null;
  /** The price's id, as in the ledger. */
  readonly price_id: string | null;
  /** Why it would not be asked; null where it would. */
  readonly refused: string | null;
}

/** A quote. Money is integer nano-dollars. */
export interface Quote {
  readonly object: 'farthing.quote';
  readonly task: string;
  readonly tiers: readonly QuotedTier[];
  /** Over all tiers, each by how often it was reached; 0 from the cache; null where one that is needed is unpriced. */
  readonly expected_nano_usd: number | null;
  /** Calls of the task that `reached` and the expectation rest on. */
  readonly calls_seen: number;
  readonly reference: { readonly model: string; readonly cost_nano_usd: number | null } | null;
  readonly saved_nano_usd: number | null;
  /** The caller's or the task's cap, nano-dollars. */
  readonly max_cost_nano_usd: number | null;
  readonly budgets: readonly QuotedBudget[];
  /** Whether an answer that was kept would be given: then the call costs nothing. */
  readonly cache: QuotedCache;
  /** `ok`, or the code of the error that the call would get. */
  readonly verdict: 'ok' | 'max_cost_exceeded' | 'budget_exceeded' | 'unpriced_model';
}

/** Quotes a call of a task. */
export type Quoter = (call: Call, task: Task) => Promise<Quote>;

/** Makes the function that quotes. */
export function createQuoter(parts: QuoteParts): Quoter {
  const history = new TierHistory(parts.stores.ledger);
  return async (call, task) => quote(call, task, { ...parts, history });
}

interface Quoting extends QuoteParts {
  readonly history: TierHistory;
}

async function quote(call: Call, task: Task, parts: Quoting): Promise<Quote> {
  const seen = parts.history.of(task);
  const asking: Call = { ...call, task };
  const tiers: QuotedTier[] = [];
  for (const [index, tier] of task.tiers.entries()) {
    tiers.push({
      ...(await quoteTier(asking, tier, parts)),
      tier: index + 1,
      reached: seen.reached(index),
    });
  }
  const cheapest = tiers.find(({ refused }) => refused === null);
  const payable = task.tiers[(cheapest?.tier ?? 1) - 1]?.model;
  const { prices, cashier } = parts;
  const setAside =
    payable &&
    expectedNano(asking, { model: payable, tier: 0 }, { prices, lengths: cashier.lengths });
  const budgets = await quoteBudgets(asking, setAside, parts);
  const cached = await quoteCache(asking, task, parts.cache);
  const expected = cached.state === 'hit' ? 0 : expectedOf(tiers);
  const reference = await quoteReference(asking, task, parts);
  const withoutIt = reference?.cost_nano_usd ?? null;
  return {
    object: 'farthing.quote',
    task: task.name,
    tiers,
    expected_nano_usd: expected,
    calls_seen: seen.calls,
    reference,
    saved_nano_usd: expected === null || withoutIt === null ? null : withoutIt - expected,
    max_cost_nano_usd: capOf(asking) ?? null,
    budgets,
    cache: cached,
    verdict: cached.state === 'hit' ? 'ok' : verdictOf(cheapest, budgets),
  };
}

function verdictOf(
  cheapest: QuotedTier | undefined,
  budgets: readonly QuotedBudget[],
): Quote['verdict'] {
  if (cheapest === undefined) return 'max_cost_exceeded';
  const refusing = budgets.find(({ verdict }) => verdict !== 'fits' && verdict !== 'warns');
  if (refusing === undefined) return 'ok';
  return refusing.verdict === 'unpriced' ? 'unpriced_model' : 'budget_exceeded';
}

/** Σ cost × share of calls that reached the tier; without any history, the first tier that may be asked. */
function expectedOf(tiers: readonly QuotedTier[]): number | null {
  const asked = tiers.filter(({ refused }) => refused === null);
  const known = asked.some(({ reached }) => reached !== null);
  const weighed = known ? asked.filter(({ reached }) => (reached ?? 0) > 0) : asked.slice(0, 1);
  if (weighed.some((tier) => tier.cost_nano_usd === null)) return null;
  return Math.round(
    weighed.reduce(
      (sum, { cost_nano_usd: cost, reached }) => sum + (cost ?? 0) * (known ? (reached ?? 0) : 1),
      0,
    ),
  );
}

async function quoteTier(
  call: Call,
  tier: Tier,
  parts: QuoteParts,
): Promise<Omit<QuotedTier, 'tier' | 'reached'>> {
  const allowance = await allow(call, tier, parts.prices);
  return {
    ...(await quoteModel(call, tier.model, parts)),
    refused: allowance.allowed ? null : allowance.reason,
  };
}

type QuotedModel = Omit<QuotedTier, 'tier' | 'reached' | 'refused'>;

async function quoteModel(
  call: Call,
  model: Model,
  { prices, cashier }: QuoteParts,
): Promise<QuotedModel> {
  const expected = cashier.lengths.expect(call, model.name);
  const input = expected.learned ? expected.input : await estimateRequestTokens(call.body.json);
  const rule = prices.usual(model, call.startedAt);
  const serviceTier = openaiTier(call.body.json);
  const cost =
    rule === undefined
      ? undefined
      : costNano({ ...NO_TOKENS, input, output: expected.output }, rule, {
          at: call.startedAt,
          serviceTier,
        });
  const longest = longestOutput(call, model, rule?.maxOutputTokens);
  const prompt = await upperBoundRequestTokens(call.body.json, model.id);
  const most =
    rule === undefined || longest === undefined
      ? Infinity
      : mostCostNano({ prompt, output: longest }, rule, serviceTier);
  return {
    model: model.name,
    provider: model.providers[0]?.name ?? '',
    input_tokens: input,
    output_tokens: expected.output,
    tokens_from: expected.learned ? 'learned' : 'guessed',
    cost_nano_usd: cost ?? null,
    most_nano_usd: Number.isFinite(most) ? most : null,
    price_id: rule?.id ?? null,
  };
}

/** Tokens of the longest answer, all choices together; undefined where nothing bounds it. */
function longestOutput(call: Call, model: Model, listed: number | undefined): number | undefined {
  if (call.operation !== 'chat') return 0;
  const each = maxOutputTokens(call.body.json) ?? model.maxOutputTokens ?? listed;
  return each === undefined ? undefined : each * (asNumber(call.body.json['n']) ?? 1);
}

async function quoteReference(
  call: Call,
  task: Task,
  parts: QuoteParts,
): Promise<Quote['reference']> {
  const model = parts.referenceOf(call, task);
  if (model === undefined) return null;
  const { cost_nano_usd } = await quoteModel(call, model, parts);
  return { model: model.name, cost_nano_usd };
}
