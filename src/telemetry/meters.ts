/**
 * Metrics of settled calls: the conventions' own for tokens and times, `farthing.*` for money. Attributes
 * are models, providers, tasks and codes, never what a client writes.
 *
 * @module
 */
import type { Attributes, Histogram, Meter } from '@opentelemetry/api';
import type { Attempt, Call } from '../call.ts';
import { inputTokens, outputTokens } from '../pricing/usage.ts';
import type { SettledCall } from '../stages/ledger/ledger.ts';
import { routeAttributes } from './attributes.ts';

/** Bucket boundaries that the conventions prescribe: tokens, and seconds. */
const TOKENS = Array.from({ length: 14 }, (_, power) => 4 ** power);
const SECONDS = Array.from({ length: 14 }, (_, power) => 2 ** power / 100);

const NANO_DOLLARS = 1e9;

/** The instruments of one meter. */
export class Meters {
  readonly #tokens: Histogram;
  readonly #duration: Histogram;
  readonly #firstChunk: Histogram;
  readonly #cost;
  readonly #reference;
  readonly #saved;
  readonly #unpriced;

  constructor(meter: Meter) {
    const histogram = (name: string, unit: string, description: string): Histogram =>
      meter.createHistogram(`gen_ai.client.${name}`, {
        unit,
        description,
        advice: { explicitBucketBoundaries: unit === 's' ? SECONDS : TOKENS },
      });
    this.#tokens = histogram('token.usage', '{token}', 'Number of input and output tokens used.');
    this.#duration = histogram('operation.duration', 's', 'GenAI operation duration.');
    this.#firstChunk = histogram(
      'operation.time_to_first_chunk',
      's',
      'Time to receive the first chunk of a stream.',
    );
    const dollars = (description: string) => ({ unit: '{USD}', description });
    this.#cost = meter.createCounter('farthing.cost', dollars('What attempts cost.'));
    this.#reference = meter.createCounter(
      'farthing.reference',
      dollars('What calls would have cost at their reference model.'),
    );
    this.#saved = meter.createUpDownCounter(
      'farthing.saved',
      dollars('Reference less cost; falls where Farthing lost money.'),
    );
    this.#unpriced = meter.createCounter('farthing.unpriced', {
      unit: '{call}',
      description: 'Calls whose cost or reference is not known.',
    });
  }

  /** Counts a call and its attempts. */
  record({ call, receipt, endedAt }: SettledCall): void {
    const task = { 'farthing.task': taskOf(call) };
    const { costNano, countedReferenceNano, referenceNano } = receipt;
    this.#reference.add(countedReferenceNano / NANO_DOLLARS, task);
    this.#saved.add((countedReferenceNano - costNano) / NANO_DOLLARS, task);
    if (!receipt.priced || referenceNano === undefined) this.#unpriced.add(1, task);
    for (const [index, attempt] of call.trace.attempts.entries()) {
      const route = routeAttributes(call, attempt);
      this.#measure(attempt, {
        route,
        endedAt,
        streams: call.body.json['stream'] === true && attempt.operation === undefined,
      });
      const cost = receipt.attempts[index]?.costNano;
      if (cost !== undefined) {
        this.#cost.add(cost / NANO_DOLLARS, {
          ...task,
          'gen_ai.provider.name': route['gen_ai.provider.name'],
          'gen_ai.request.model': route['gen_ai.request.model'],
        });
      }
    }
  }

  #measure(
    attempt: Attempt,
    { route, endedAt, streams }: { route: Attributes; endedAt: number; streams: boolean },
  ): void {
    const { startedAt, firstByteMs, usage, error } = attempt;
    this.#duration.record(
      ((attempt.endedAt ?? endedAt) - startedAt) / 1000,
      error === undefined ? route : { ...route, 'error.type': error.code },
    );
    if (streams && firstByteMs !== undefined) this.#firstChunk.record(firstByteMs / 1000, route);
    if (usage === undefined || usage.source === 'unavailable') return;
    this.#tokens.record(inputTokens(usage.tokens), { ...route, 'gen_ai.token.type': 'input' });
    this.#tokens.record(outputTokens(usage.tokens), { ...route, 'gen_ai.token.type': 'output' });
  }
}

/** Tasks that were found by their template are many: they count as one. */
function taskOf({ trace }: Call): string {
  return trace.task === undefined || trace.task.origin === 'found' ? 'found' : trace.task.name;
}
