/**
 * What a call cost, what the reference would have cost, and the difference: pure arithmetic over the
 * call's trace.
 *
 * @module
 */
import type { Attempt, AttemptPrice, Call, Receipt } from '../call.ts';
import type { Model, Task } from '../config/config.ts';
import type { ModelRegistry } from '../config/models.ts';
import { costNano } from './cost.ts';
import type { PriceLookup } from './price-lookup.ts';

/** Where prices and models are looked up. */
export interface ReceiptOptions {
  readonly prices: PriceLookup;
  readonly models: ModelRegistry;
  /** The configuration's `reference`. */
  readonly reference: Model | undefined;
}

/**
 * Prices a call whose attempts have all ended. Reference (design, section 8): the configured one, else
 * the model the client asked for, else the last tier's. Saved is reference less cost, for calls where
 * both are known.
 */
export function writeReceipt(call: Call, options: ReceiptOptions): Receipt {
  const { prices } = options;
  const attempts = call.trace.attempts.map((attempt) => priceAttempt(attempt, prices));
  const reference = referenceOf(call, options, call.trace.task);
  return {
    attempts,
    costNano: attempts.reduce((sum, { costNano: cost }) => sum + (cost ?? 0), 0),
    priced: attempts.every(({ costNano: cost }) => cost !== undefined),
    reference,
    ...priceReference(call, reference, prices),
  };
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

function priceReference(
  { trace, startedAt }: Call,
  reference: Model | undefined,
  prices: PriceLookup,
): Pick<Receipt, 'referenceNano' | 'referenceSource'> {
  const answer = trace.answer;
  if (answer === undefined) return { referenceNano: 0, referenceSource: 'none' };
  if (reference === undefined) return { referenceNano: undefined, referenceSource: 'none' };
  const measured = trace.attempts.find(
    ({ model, usage, error }) => model === reference && usage !== undefined && error === undefined,
  );
  if (measured !== undefined) {
    return { referenceNano: priceAttempt(measured, prices).costNano, referenceSource: 'measured' };
  }
  const tokens = answer.usage?.tokens;
  const rule = prices.usual(reference);
  if (tokens === undefined || rule === undefined) {
    return { referenceNano: undefined, referenceSource: 'none' };
  }
  return { referenceNano: costNano(tokens, rule, startedAt), referenceSource: 'estimated' };
}

/** Prices one attempt: the provider's own figure where it gives one, else ours. */
export function priceAttempt(attempt: Attempt, prices: PriceLookup): AttemptPrice {
  const { usage, model } = attempt;
  const provider = model.providers.find(({ name }) => name === attempt.provider);
  const rule = provider === undefined ? undefined : prices.find(model, provider);
  // An attempt without an answer is not billed; one whose answer began always has a usage.
  if (usage === undefined) return { costNano: 0, computedNano: 0, rule };
  const computedNano =
    rule === undefined ? undefined : costNano(usage.tokens, rule, attempt.startedAt);
  return { costNano: usage.reportedCostNano ?? computedNano, computedNano, rule };
}
