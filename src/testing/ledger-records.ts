/**
 * Records of a ledger for tests and benchmarks.
 *
 * @module
 */
import fc from 'fast-check';
import { NO_TOKENS, TOKEN_CLASSES, type TokenCounts } from '../pricing/usage.ts';
import {
  type AttemptRecord,
  type CallRecord,
  costOf,
  countedReference,
} from '../stores/ledger-store.ts';
import { ulid, ulidAt } from '../stores/ulid.ts';

/** An attempt with what is of no interest filled in. */
export function attemptRecord(more: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    provider: 'openai',
    model: 'small',
    modelId: 'small-v1',
    answeredBy: undefined,
    tier: 0,
    startedAt: 1_700_000_000_000,
    firstByteMs: 12,
    durationMs: 40,
    status: 200,
    errorCode: undefined,
    outcome: undefined,
    reasons: [],
    tokens: { ...NO_TOKENS, input: 10, output: 5 },
    usageSource: 'provider',
    costNano: 1000,
    computedNano: 1000,
    reportedNano: undefined,
    priceId: 'openai/small@2026-01-01',
    serviceTier: undefined,
    ...more,
  };
}

/** A call with what is of no interest filled in; the answer is the last attempt's. */
export function callRecord(more: Partial<CallRecord> = {}): CallRecord {
  const startedAt = more.startedAt ?? Date.now();
  const attempts = more.attempts ?? [attemptRecord()];
  const last = attempts.at(-1);
  const made = {
    // Ids rise within a process; these stand for calls of any time.
    id: ulidAt(startedAt).slice(0, 10) + ulid().slice(10),
    startedAt,
    durationMs: 50,
    tenant: '',
    operation: 'chat',
    task: 'draft',
    template: undefined,
    requestedModel: 'task/draft',
    model: last?.model,
    provider: last?.provider,
    tier: last?.tier,
    stream: false,
    status: 200,
    errorCode: undefined,
    outcome: 'accepted',
    capped: false,
    tags: {},
    referenceModel: 'large',
    referenceNano: 10_000,
    referenceSource: 'estimated',
    savedNano: { cache: 0, coalesce: 0, route: 0, service: 0 },
    overheadNano: 0,
    arm: undefined,
    unit: undefined,
    stale: false,
    cache: undefined,
    coalescedWith: undefined,
    avoidedNano: undefined,
    attempts,
    ...more,
  };
  // The whole difference is the route's saving, unless the test says otherwise.
  const route = countedReference(made) - costOf(made) + made.overheadNano;
  return more.savedNano === undefined
    ? { ...made, savedNano: { cache: 0, coalesce: 0, route, service: 0 } }
    : made;
}

const counts: fc.Arbitrary<TokenCounts> = fc.record(
  Object.fromEntries(TOKEN_CLASSES.map((name) => [name, fc.nat(10_000)])),
) as fc.Arbitrary<TokenCounts>;

const attempts = fc.array(
  fc.record({
    tier: fc.nat(2),
    model: fc.constantFrom('small', 'large'),
    tokens: counts,
    costNano: fc.option(fc.nat(10_000_000), { nil: undefined }),
    usageSource: fc.constantFrom('provider', 'estimated', 'partial', 'unavailable'),
  }),
  { maxLength: 3 },
);

/** Calls of a few days, of all kinds that sums tell apart. */
export const anyCall: fc.Arbitrary<CallRecord> = fc
  .record({
    attempts,
    task: fc.constantFrom('a', 'b'),
    referenceNano: fc.option(fc.nat(10_000_000), { nil: undefined }),
    tenant: fc.constantFrom('', 'team'),
    tags: fc.constantFrom({}, { feature: 'a' }, { feature: 'b', user: 'u\n1' }, { user: 'u' }),
    arm: fc.constantFrom(undefined, 'treated', 'hold-out'),
    overheadNano: fc.nat(5000),
    stale: fc.boolean(),
    // A few days: whole days, whole hours and ragged ends all occur in a random period.
    startedAt: fc.integer({ min: 1_760_000_000_000, max: 1_760_400_000_000 }),
  })
  .map((more) =>
    callRecord({
      ...more,
      attempts: more.attempts.map((one) => attemptRecord(one as Partial<AttemptRecord>)),
    }),
  );
