/**
 * What a call comes to: worked out once, for its row and for the rollups.
 *
 * @module
 */
import { NO_TIER } from '../../call.ts';
import { inputTokens, outputTokens } from '../../pricing/usage.ts';
import type { AttemptRecord, CallRecord } from '../ledger-store.ts';

/** Sums over a call's attempts. Each is what the function of its name in `ledger-store.ts` says. */
export interface CallSums {
  readonly cost: number;
  readonly countedReference: number;
  readonly isPriced: boolean;
  readonly isEscalated: boolean;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Attempts whose usage was counted here, at least in part. */
  readonly estimated: number;
}

/** All of them in one pass. */
export function sumUp({ attempts, referenceNano }: CallRecord): CallSums {
  let [cost, input, output, estimated] = [0, 0, 0, 0];
  let isPriced = referenceNano !== undefined;
  let isEscalated = false;
  let firstTier: number | undefined;
  for (const attempt of attempts) {
    const { costNano, tokens, tier } = attempt;
    if (costNano === undefined) isPriced = false;
    else cost += costNano;
    input += inputTokens(tokens);
    output += outputTokens(tokens);
    if (isCounted(attempt)) estimated++;
    if (tier === NO_TIER) continue;
    firstTier ??= tier;
    if (tier !== firstTier) isEscalated = true;
  }
  return {
    cost,
    countedReference: isPriced && referenceNano !== undefined ? referenceNano : cost,
    isPriced,
    isEscalated,
    inputTokens: input,
    outputTokens: output,
    estimated,
  };
}

/** True for an attempt whose usage was counted here, at least in part. */
export function isCounted({ usageSource }: AttemptRecord): boolean {
  return usageSource === 'estimated' || usageSource === 'partial';
}
