/**
 * Prometheus metrics. Labels come from the configuration only (tasks, models, providers) or from short
 * lists, never from what a client writes: their number stays bounded.
 *
 * @module
 */
import { Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Attempt } from '../call.ts';
import type { FarthingError } from '../errors.ts';
import type { Gateway } from '../gateway.ts';
import { TOKEN_CLASSES } from '../pricing/usage.ts';
import type { SettledCall } from '../stages/ledger/ledger.ts';
import { Tally } from './tally.ts';

/** Seconds; answers take from milliseconds to minutes. */
const BUCKETS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** All metrics of one gateway. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #calls = this.#counter('calls_total', 'Calls that ended', ['task', 'status', 'outcome']);
  readonly #refused = this.#counter('refused_total', 'Requests refused before they were calls', [
    'code',
  ]);
  readonly #cached = this.#counter('cache_total', 'Calls by what the cache did', ['task', 'state']);
  readonly #attempts = this.#counter('attempts_total', 'Requests sent upstream', [
    'provider',
    'model',
    'status',
  ]);
  readonly #cost = this.#counter('cost_usd_total', 'What all attempts cost', ['task']);
  readonly #reference = this.#counter('reference_usd_total', 'What the reference would have cost', [
    'task',
  ]);
  readonly #unpriced = this.#counter('unpriced_calls_total', 'Calls whose cost is not known', [
    'task',
  ]);
  readonly #tokens = this.#counter('tokens_total', 'Tokens of all attempts', ['model', 'class']);
  readonly #duration = this.#histogram('call_duration_seconds', 'From request to last byte', [
    'task',
  ]);
  readonly #firstByte = this.#histogram(
    'upstream_first_byte_seconds',
    'From attempt to first byte',
    ['provider'],
  );
  readonly #inFlight: Gauge;

  constructor(gateway: Gateway) {
    collectDefaultMetrics({ register: this.#registry, prefix: 'farthing_' });
    this.#inFlight = new Gauge({
      name: 'farthing_calls_in_flight',
      help: 'Calls being answered',
      registers: [this.#registry],
    });
    gateway.onSettled((settled) => this.#settled(settled));
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The exposition text. */
  async render(): Promise<string> {
    return this.#registry.metrics();
  }

  began(): void {
    this.#inFlight.inc();
  }

  ended(): void {
    this.#inFlight.dec();
  }

  /** Counts a request that never became a call. */
  refused(error: FarthingError): void {
    this.#refused.add(1, error.code);
  }

  #settled({ call, receipt, error, endedAt }: SettledCall): void {
    const found = call.trace.task;
    const task = found === undefined || found.origin === 'found' ? 'found' : found.name;
    const status = String(error?.status ?? 200);
    this.#calls.add(1, task, status, call.trace.outcome ?? 'none');
    if (call.trace.cache !== undefined) this.#cached.add(1, task, call.trace.cache);
    this.#duration.observe({ task }, (endedAt - call.startedAt) / 1000);
    this.#cost.add(receipt.costNano / 1e9, task);
    if (!receipt.priced) this.#unpriced.add(1, task);
    // Counters cannot fall: saved is reference less cost, and the difference may be negative.
    this.#reference.add((receipt.referenceNano ?? receipt.costNano) / 1e9, task);
    for (const attempt of call.trace.attempts) this.#attempt(attempt);
  }

  #attempt({ provider, model, status, usage, firstByteMs, error }: Attempt): void {
    this.#attempts.add(1, provider, model.name, String(status ?? error?.code ?? 'none'));
    if (firstByteMs !== undefined) this.#firstByte.observe({ provider }, firstByteMs / 1000);
    if (usage === undefined) return;
    for (const name of TOKEN_CLASSES) {
      const count = usage.tokens[name];
      if (count > 0) this.#tokens.add(count, model.name, name);
    }
  }

  #counter(name: string, help: string, labels: readonly string[]): Tally {
    return new Tally({ name, help, labels, registry: this.#registry });
  }

  #histogram(name: string, help: string, labelNames: readonly string[]): Histogram {
    const registers = [this.#registry];
    return new Histogram({
      name: `farthing_${name}`,
      help,
      labelNames: [...labelNames],
      buckets: BUCKETS,
      registers,
    });
  }
}
