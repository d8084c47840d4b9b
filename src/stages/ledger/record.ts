/**
 * A settled call as the ledger's rows.
 *
 * @module
 */
import type { Attempt } from '../../call.ts';
import type { AttemptPrice } from '../../call.ts';
import { NO_TOKENS } from '../../pricing/usage.ts';
import type { AttemptRecord, CallRecord } from '../../stores/ledger-store.ts';
import type { SettledCall } from './ledger.ts';

/** Longest model name of a client that is kept, in UTF-16 units. */
const LONGEST_NAME = 200;

/** One row for the call and one for each attempt. */
export function recordCall({ call, receipt, endedAt, error }: SettledCall): CallRecord {
  const { trace, body } = call;
  const answer = trace.answer;
  return {
    id: call.id,
    startedAt: call.startedAt,
    durationMs: endedAt - call.startedAt,
    tenant: call.tenant,
    operation: call.operation,
    task: trace.task?.name ?? '',
    template: trace.template,
    requestedModel: String(body.json['model']).slice(0, LONGEST_NAME),
    model: answer?.model.name,
    provider: answer?.provider,
    tier: answer?.tier,
    stream: body.json['stream'] === true,
    status: error?.status ?? 200,
    errorCode: error?.code,
    outcome: trace.outcome,
    capped: trace.capped === true,
    tags: call.tags,
    referenceModel: receipt.reference?.name,
    referenceNano: receipt.referenceNano,
    referenceSource: receipt.referenceSource,
    savedNano: receipt.savedNano,
    overheadNano: receipt.overheadNano,
    arm: trace.arm,
    unit: trace.unit,
    stale: receipt.stale,
    cache: trace.cache,
    avoidedNano: trace.avoidedNano,
    coalescedWith: trace.coalescedWith,
    attempts: trace.attempts.map((attempt, index) =>
      recordAttempt(attempt, receipt.attempts[index]),
    ),
  };
}

function recordAttempt(attempt: Attempt, price: AttemptPrice | undefined): AttemptRecord {
  const { usage } = attempt;
  return {
    provider: attempt.provider,
    model: attempt.model.name,
    modelId: attempt.model.id,
    answeredBy: attempt.answeredBy,
    tier: attempt.tier,
    startedAt: attempt.startedAt,
    firstByteMs: attempt.firstByteMs,
    durationMs: (attempt.endedAt ?? Date.now()) - attempt.startedAt,
    status: attempt.status,
    errorCode: attempt.error?.code,
    outcome: attempt.outcome,
    reasons: attempt.reasons ?? [],
    tokens: usage?.tokens ?? NO_TOKENS,
    usageSource: usage?.source ?? 'unavailable',
    costNano: price?.costNano,
    computedNano: price?.computedNano,
    reportedNano: usage?.reportedCostNano,
    priceId: price?.rule?.id,
    serviceTier: usage?.serviceTier,
  };
}
