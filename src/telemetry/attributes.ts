/**
 * What spans tell of a call and of an attempt. Names in `gen_ai.*`, `server.*` and `error.*` are those of
 * OpenTelemetry's GenAI conventions (github.com/open-telemetry/semantic-conventions-genai, status
 * Development); money, for which there is no convention, is ours, in `farthing.*`. Never a prompt, an
 * answer, a tag or a key.
 *
 * @module
 */
import type { Attributes, AttributeValue } from '@opentelemetry/api';
import type { Attempt, AttemptPrice, Call, Receipt } from '../call.ts';
import { asNumber, asObject, asString, type JsonObject } from '../json.ts';
import { inputTokens, outputTokens, type Usage } from '../pricing/usage.ts';
import type { SettledCall } from '../stages/ledger/ledger.ts';
import { destinationOf } from './destination.ts';

/** Longest model name of a client that is told, in UTF-16 units. */
const LONGEST_NAME = 200;

/** The model that the client asked for, in its own words. */
export function askedModel({ body }: Call): string {
  return String(body.json['model']).slice(0, LONGEST_NAME);
}

/**
 * The call as a whole. Its tokens stand at its attempts only, so that who sums `gen_ai.usage.*` over spans
 * counts none twice.
 */
export function callAttributes({ call, receipt, error }: SettledCall): Attributes {
  const { trace, tenant } = call;
  return present({
    'gen_ai.operation.name': call.operation,
    'gen_ai.request.model': askedModel(call),
    'gen_ai.request.stream': call.body.json['stream'] === true || undefined,
    'error.type': error?.code,
    'http.response.status_code': error?.status ?? 200,
    'farthing.call_id': call.id,
    'farthing.tenant': tenant === '' ? undefined : tenant,
    'farthing.task': trace.task?.name,
    'farthing.model': trace.answer?.model.name,
    'farthing.tier': trace.answer?.tier,
    'farthing.outcome': trace.outcome,
    'farthing.attempts': trace.attempts.length,
    'farthing.capped': trace.capped,
    'farthing.arm': trace.arm,
    ...money(receipt),
  });
}

/** A call that is not wholly priced has a cost, that of its priced attempts, but no reference and no saving. */
function money(receipt: Receipt): Record<string, AttributeValue | undefined> {
  const { costNano, referenceNano, referenceSource, countedReferenceNano } = receipt;
  const priced = receipt.priced && referenceNano !== undefined;
  return {
    'farthing.priced': priced,
    'farthing.cost_nano_usd': costNano,
    'farthing.reference_model': receipt.reference?.name,
    'farthing.reference_source': referenceSource,
    'farthing.reference_nano_usd': priced ? countedReferenceNano : undefined,
    'farthing.saved_nano_usd': priced ? countedReferenceNano - costNano : undefined,
  };
}

/** One request that was sent upstream. Tokens and money that are not known are left out, never 0. */
export function attemptAttributes(
  call: Call,
  attempt: Attempt,
  price: AttemptPrice | undefined,
): Attributes {
  const { usage, error, firstByteMs, operation } = attempt;
  const streams = call.body.json['stream'] === true && operation === undefined;
  return present({
    ...routeAttributes(call, attempt),
    ...(operation === undefined ? requestAttributes(call.body.json) : {}),
    'gen_ai.response.time_to_first_chunk':
      streams && firstByteMs !== undefined ? firstByteMs / 1000 : undefined,
    ...usageAttributes(usage),
    'error.type': error?.code,
    'http.response.status_code': attempt.status,
    'farthing.task': call.trace.task?.name,
    'farthing.model': attempt.model.name,
    'farthing.tier': attempt.tier,
    'farthing.outcome': attempt.outcome,
    'farthing.usage_source': usage?.source ?? 'unavailable',
    'farthing.service_tier': usage?.serviceTier,
    'farthing.priced': price?.costNano !== undefined,
    'farthing.price_id': price?.rule?.id,
    'farthing.cost_nano_usd': price?.costNano,
  });
}

/** What was asked of whom: the part that metrics share with spans. */
export function routeAttributes({ operation }: Call, attempt: Attempt): Attributes {
  const { model, provider: name, answeredBy, usage } = attempt;
  const provider = model.providers.find((candidate) => candidate.name === name);
  return present({
    'gen_ai.operation.name': attempt.operation ?? operation,
    ...(provider === undefined ? { 'gen_ai.provider.name': name } : destinationOf(provider)),
    'gen_ai.request.model': model.id,
    // Only an answer has a model; where it does not name it, it is the one that was asked.
    'gen_ai.response.model': usage === undefined ? answeredBy : (answeredBy ?? model.id),
  });
}

function requestAttributes(json: JsonObject): Record<string, AttributeValue | undefined> {
  const choices = asNumber(json['n']);
  return {
    'gen_ai.request.stream': json['stream'] === true || undefined,
    'gen_ai.request.max_tokens':
      asNumber(json['max_completion_tokens']) ?? asNumber(json['max_tokens']),
    'gen_ai.request.temperature': asNumber(json['temperature']),
    'gen_ai.request.top_p': asNumber(json['top_p']),
    'gen_ai.request.frequency_penalty': asNumber(json['frequency_penalty']),
    'gen_ai.request.presence_penalty': asNumber(json['presence_penalty']),
    'gen_ai.request.seed': asNumber(json['seed']),
    'gen_ai.request.choice.count': choices === 1 ? undefined : choices,
    'gen_ai.output.type': outputType(asString(asObject(json['response_format'])?.['type'])),
    'gen_ai.embeddings.dimension.count': asNumber(json['dimensions']),
  };
}

function outputType(format: string | undefined): string | undefined {
  if (format === 'json_object' || format === 'json_schema') return 'json';
  return format === 'text' ? 'text' : undefined;
}

function usageAttributes(usage: Usage | undefined): Record<string, AttributeValue | undefined> {
  if (usage === undefined || usage.source === 'unavailable') return {};
  const { tokens } = usage;
  return {
    'gen_ai.usage.input_tokens': inputTokens(tokens),
    'gen_ai.usage.output_tokens': outputTokens(tokens),
    'gen_ai.usage.cache_read.input_tokens': tokens.cacheRead,
    'gen_ai.usage.cache_creation.input_tokens':
      tokens.cacheWrite5m + tokens.cacheWrite30m + tokens.cacheWrite1h + tokens.cacheWrite12h,
    'gen_ai.usage.reasoning.output_tokens': tokens.reasoning,
  };
}

/** Without the attributes that have no value. */
function present(attributes: Record<string, AttributeValue | undefined>): Attributes {
  for (const name in attributes) if (attributes[name] === undefined) delete attributes[name];
  return attributes;
}
