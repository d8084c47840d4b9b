/**
 * What a call cost, what the reference would have cost, and the difference: pure arithmetic over the
 * call's trace.
 *
 * @module
 */
import { type Attempt, type AttemptPrice, type Call, NO_TIER, type Receipt } from '../call.ts';
import type { Model, Task } from '../config/config.ts';
import type { ModelRegistry } from '../config/models.ts';
import { costNano } from './cost.ts';
import { isStale } from './freshness.ts';
import type { PriceLookup } from './price-lookup.ts';
import { isSpecialTier, type PriceRule } from './price-rule.ts';
import { openaiTier } from './usage-openai.ts';

/** Where prices and models are looked up. */
export interface ReceiptOptions {
  readonly prices: PriceLookup;
  readonly models: ModelRegistry;
  /** The configuration's `reference`. */
  readonly reference: Model | undefined;
  /** Age in ms from which a price counts as stale. */
  readonly priceMaxAgeMs: number;
}

/**
 * Prices a call whose attempts have all ended. Reference (design, section 8): the task's, else the
 * configured one, else the model the client asked for, else the last tier's.
 */
export function writeReceipt(call: Call, options: ReceiptOptions): Receipt {
  const { prices } = options;
  const attempts = call.trace.attempts.map((attempt) => priceAttempt(attempt, prices));
  const reference = referenceOf(call, options, call.trace.task);
  const { referenceNano, referenceSource, rule } = priceReference(call, reference, {
    prices,
    attempts,
  });
  let paid = 0;
  let priced = true;
  for (const { costNano: cost } of attempts) {
    if (cost === undefined) priced = false;
    else paid += cost;
  }
  const known = priced ? referenceNano : undefined;
  const { savedNano, overheadNano } =
    known === undefined
      ? NOTHING_SAVED
      : attribute(call, {
          referenceNano: known,
          referenceSource,
          priced: { prices, attempts },
          costNano: paid,
        });
  return {
    attempts,
    costNano: paid,
    priced,
    reference,
    referenceNano,
    referenceSource,
    countedReferenceNano: known ?? paid,
    stale:
      isAnyStale(call, attempts, options.priceMaxAgeMs) ||
      (rule !== undefined && isStale(rule, call.startedAt, options.priceMaxAgeMs)),
    savedNano,
    overheadNano,
  };
}

/** Prices, and what was priced already: the attempts of the call, in their order. */
interface Priced {
  readonly prices: PriceLookup;
  readonly attempts: readonly AttemptPrice[];
}

/** What an attempt cost: of this call, or of the one whose answer it was given. */
function knownPrice(attempt: Attempt, { trace }: Call, { prices, attempts }: Priced): AttemptPrice {
  return attempts[trace.attempts.indexOf(attempt)] ?? priceAttempt(attempt, prices);
}

/** The model that a call of this task is compared with. */
export function referenceOf(
  call: Call,
  { models, reference }: ReceiptOptions,
  task: Task | undefined,
): Model | undefined {
  const asked = call.body.json['model'];
  return (
    task?.reference ??
    reference ??
    (typeof asked === 'string' ? models.find(asked) : undefined) ??
    task?.tiers.at(-1)?.model
  );
}

/** True when the price of an attempt had been read too long before. */
function isAnyStale(
  { startedAt, trace }: Call,
  attempts: readonly AttemptPrice[],
  maxAgeMs: number,
): boolean {
  return attempts.some(
    ({ rule }, index) =>
      rule !== undefined &&
      trace.attempts[index]?.usage !== undefined &&
      isStale(rule, startedAt, maxAgeMs),
  );
}

interface ReferencePrice extends Pick<Receipt, 'referenceNano' | 'referenceSource'> {
  /** The price that it was estimated by. */
  readonly rule?: PriceRule;
}

function priceReference(call: Call, reference: Model | undefined, priced: Priced): ReferencePrice {
  const { trace, startedAt } = call;
  const answer = trace.answer;
  // Nobody asked for a revalidation: it costs, and what it saves is the saving of the hits it makes.
  if (answer === undefined || trace.cache === 'revalidate') {
    return { referenceNano: 0, referenceSource: 'none' };
  }
  if (reference === undefined) return { referenceNano: undefined, referenceSource: 'none' };
  const measured = trace.attempts.find(
    ({ model, tier, usage, error }) =>
      model === reference && tier !== NO_TIER && usage !== undefined && error === undefined,
  );
  if (measured !== undefined) {
    return {
      referenceNano: knownPrice(measured, call, priced).costNano,
      referenceSource: 'measured',
    };
  }
  const tokens = answer.usage?.tokens;
  const rule = priced.prices.usual(reference, startedAt);
  if (tokens === undefined || rule === undefined) {
    return { referenceNano: undefined, referenceSource: 'none' };
  }
  const serviceTier = tierWithout(call, answer.usage?.serviceTier, rule);
  return {
    referenceNano: costNano(tokens, rule, { at: startedAt, serviceTier }),
    referenceSource: 'estimated',
    rule,
  };
}

/** The tier at which a call would have been served without Farthing: what the client itself asked for and got. */
function tierWithout(call: Call, served: string | undefined, rule: PriceRule): string | undefined {
  const asked = openaiTier(call.body.json);
  if (!isSpecialTier(asked) || served !== asked) return undefined;
  // The answering model may be sold at a tier that the reference is not.
  return Object.hasOwn(rule.tiers ?? {}, asked) ? asked : undefined;
}

/** Prices one attempt: the provider's own figure where it gives one, else ours. */
export function priceAttempt(attempt: Attempt, prices: PriceLookup): AttemptPrice {
  const { usage, model, startedAt } = attempt;
  const provider = model.providers.find(({ name }) => name === attempt.provider);
  const rule = provider === undefined ? undefined : prices.find(model, provider, startedAt);
  // An attempt without an answer is not billed; one whose answer began always has a usage.
  if (usage === undefined) return { costNano: 0, computedNano: 0, rule };
  const { tokens, serviceTier, region, searches } = usage;
  const computedNano =
    rule === undefined
      ? undefined
      : costNano(tokens, rule, { at: startedAt, serviceTier, region, searches });
  return { costNano: usage.reportedCostNano ?? computedNano, computedNano, rule };
}

/** Nano-dollars that attempts cost together; undefined where one of them is unpriced. */
export function priceOf(attempts: readonly Attempt[], prices: PriceLookup): number | undefined {
  let sum = 0;
  for (const attempt of attempts) {
    const { costNano: cost } = priceAttempt(attempt, prices);
    if (cost === undefined) return undefined;
    sum += cost;
  }
  return sum;
}

/** Nano-dollars that a call has cost so far, as far as its prices are known. */
export function spentNano({ trace }: Call, prices: PriceLookup): number {
  return trace.attempts.reduce(
    (sum, attempt) => sum + (priceAttempt(attempt, prices).costNano ?? 0),
    0,
  );
}

const NO_SAVINGS = { cache: 0, coalesce: 0, route: 0, service: 0 } as const;
/** Of a call that saves nothing, because it is not wholly priced. */
const NOTHING_SAVED = { savedNano: NO_SAVINGS, overheadNano: 0 } as const;

interface Attributing extends ReferencePrice {
  readonly referenceNano: number;
  readonly costNano: number;
  readonly priced: Priced;
}

/**
 * Divides what a call saved among the stages, in the order of the pipeline (design, section 8): `cache`
 * is the whole reference of a hit, `coalesce` that of a call that was given another's answer; `route` is the reference less the answering model's list price on the
 * same tokens; `service` is that less what the answer did cost (service tier, region, the provider's own
 * reckoning); overhead is every attempt whose answer was not given. Reference − savings + overhead =
 * cost, exactly.
 */
function attribute(
  call: Call,
  { referenceNano, referenceSource, costNano: cost, priced }: Attributing,
): Pick<Receipt, 'savedNano' | 'overheadNano'> {
  const { answer, cache } = call.trace;
  if (answer === undefined || cache === 'revalidate') {
    return { ...NOTHING_SAVED, overheadNano: cost - referenceNano };
  }
  if (cache === 'hit' || cache === 'semantic') {
    return { savedNano: { ...NO_SAVINGS, cache: referenceNano }, overheadNano: cost };
  }
  if (call.trace.coalescedWith !== undefined) {
    return { savedNano: { ...NO_SAVINGS, coalesce: referenceNano }, overheadNano: cost };
  }
  const price = knownPrice(answer, call, priced);
  const { costNano: paid = 0 } = price;
  const list =
    referenceSource === 'measured' ? referenceNano : (listPrice(call, answer, price) ?? paid);
  return {
    savedNano: { ...NO_SAVINGS, route: referenceNano - list, service: list - paid },
    overheadNano: cost - paid,
  };
}

/** What the answer would have cost at the service that the client asked for. */
function listPrice(
  call: Call,
  { usage, startedAt }: Attempt,
  { rule, computedNano }: AttemptPrice,
): number | undefined {
  if (usage === undefined || rule === undefined) return undefined;
  const { tokens, searches, serviceTier: served, region } = usage;
  const serviceTier = tierWithout(call, served, rule);
  // Served as asked, in no region with a price of its own: what was computed of the attempt is the list price.
  const isOrdinary = serviceTier === undefined && !isSpecialTier(served);
  if (region === undefined && (isOrdinary || served === serviceTier)) return computedNano;
  return costNano(tokens, rule, { at: startedAt, serviceTier, searches });
}
