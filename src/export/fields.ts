/**
 * What exports tell of a call and of an attempt. Names and units are the product's contract: money in
 * integer nano-dollars (`_nano_usd`), times ISO 8601 in UTC; null is unknown, never 0.
 *
 * @module
 */
import { inputTokens, outputTokens, TOKEN_CLASSES } from '../pricing/usage.ts';
import {
  type AttemptRecord,
  type CallRecord,
  costOf,
  countedReference,
  isEscalated,
  isPriced,
} from '../stores/ledger-store.ts';
import { TOKEN_COLUMNS } from '../stores/sqlite/call-tables.ts';

/** A field's value. */
export type FieldValue = string | number | boolean | null;

/** Fields of something, by name, in the order of columns. */
export type Fields<Of> = Readonly<Record<string, (of: Of) => FieldValue>>;

/**
 * A call without its attempts and tags. Its money and tokens are those that reports sum up: of a call that
 * is not wholly priced, cost is what is known, and reference the same.
 */
export const CALL_FIELDS: Fields<CallRecord> = {
  id: ({ id }) => id,
  started_at: ({ startedAt }) => isoTime(startedAt),
  duration_ms: ({ durationMs }) => durationMs,
  tenant: ({ tenant }) => tenant,
  operation: ({ operation }) => operation,
  task: ({ task }) => task,
  template: ({ template }) => template ?? null,
  requested_model: ({ requestedModel }) => requestedModel,
  model: ({ model }) => model ?? null,
  provider: ({ provider }) => provider ?? null,
  tier: ({ tier }) => tier ?? null,
  stream: ({ stream }) => stream,
  status: ({ status }) => status,
  error_code: ({ errorCode }) => errorCode ?? null,
  outcome: ({ outcome }) => outcome ?? null,
  capped: ({ capped }) => capped,
  escalated: isEscalated,
  arm: ({ arm }) => arm ?? null,
  input_tokens: ({ attempts }) => sum(attempts, ({ tokens }) => inputTokens(tokens)),
  output_tokens: ({ attempts }) => sum(attempts, ({ tokens }) => outputTokens(tokens)),
  priced: isPriced,
  stale: ({ stale }) => stale,
  cost_nano_usd: costOf,
  reference_model: ({ referenceModel }) => referenceModel ?? null,
  reference_source: ({ referenceSource }) => referenceSource,
  reference_nano_usd: countedReference,
  saved_nano_usd: (record) => countedReference(record) - costOf(record),
  saved_by_cache_nano_usd: ({ savedNano }) => savedNano.cache,
  saved_by_coalesce_nano_usd: ({ savedNano }) => savedNano.coalesce,
  saved_by_route_nano_usd: ({ savedNano }) => savedNano.route,
  saved_by_service_nano_usd: ({ savedNano }) => savedNano.service,
  overhead_nano_usd: ({ overheadNano }) => overheadNano,
  cache: ({ cache }) => cache ?? null,
  avoided_nano_usd: ({ avoidedNano }) => avoidedNano ?? null,
  coalesced_with: ({ coalescedWith }) => coalescedWith ?? null,
};

/** An attempt without its tokens and reasons. */
export const ATTEMPT_FIELDS: Fields<AttemptRecord> = {
  started_at: ({ startedAt }) => isoTime(startedAt),
  first_byte_ms: ({ firstByteMs }) => firstByteMs ?? null,
  duration_ms: ({ durationMs }) => durationMs,
  provider: ({ provider }) => provider,
  model: ({ model }) => model,
  model_id: ({ modelId }) => modelId,
  answered_by: ({ answeredBy }) => answeredBy ?? null,
  tier: ({ tier }) => tier,
  status: ({ status }) => status ?? null,
  error_code: ({ errorCode }) => errorCode ?? null,
  outcome: ({ outcome }) => outcome ?? null,
  service_tier: ({ serviceTier }) => serviceTier ?? null,
  usage_source: ({ usageSource }) => usageSource,
  price_id: ({ priceId }) => priceId ?? null,
  cost_nano_usd: ({ costNano }) => costNano ?? null,
  computed_nano_usd: ({ computedNano }) => computedNano ?? null,
  reported_nano_usd: ({ reportedNano }) => reportedNano ?? null,
};

/** Tokens of an attempt by class, each token in one; null where nothing is known of them. */
export const TOKEN_FIELDS: Fields<AttemptRecord> = Object.fromEntries(
  TOKEN_CLASSES.map((name, index) => [
    TOKEN_COLUMNS[index] ?? name,
    ({ tokens, usageSource }: AttemptRecord) =>
      usageSource === 'unavailable' ? null : tokens[name],
  ]),
);

/** The values of something's fields, by name. */
export function valuesOf<Of>(fields: Fields<Of>, of: Of): Record<string, FieldValue> {
  return Object.fromEntries(Object.entries(fields).map(([name, read]) => [name, read(of)]));
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function sum(attempts: readonly AttemptRecord[], of: (attempt: AttemptRecord) => number): number {
  return attempts.reduce((total, attempt) => total + of(attempt), 0);
}
