/**
 * Prometheus metrics. Labels come from the configuration only (tasks, models, providers) or from short
 * lists, never from what a client writes: their number stays bounded.
 *
 * @module
 */
import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { isOfEach } from '../accounts/whose.ts';
import { type Attempt, SAVING_STAGES } from '../call.ts';
import type { FarthingError } from '../errors.ts';
import type { Gateway } from '../gateway.ts';
import { TOKEN_CLASSES } from '../pricing/usage.ts';
import type { SettledCall } from '../stages/ledger/ledger.ts';
import { Distribution } from './distribution.ts';
import { Tally } from './tally.ts';

/** Seconds; answers take from milliseconds to minutes. */
const BUCKETS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** Models that have a label of their own. */
const MOST_MODELS = 500;

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
  readonly #overhead = this.#counter(
    'overhead_usd_total',
    'What was paid for answers that were not given',
    ['task'],
  );
  readonly #unpriced = this.#counter('unpriced_calls_total', 'Calls whose cost is not known', [
    'task',
  ]);
  readonly #tokens = this.#counter('tokens_total', 'Tokens of all attempts', ['model', 'class']);
  readonly #duration = new Distribution({
    name: 'call_duration_seconds',
    help: 'From request to last byte',
    label: 'task',
    bounds: BUCKETS,
  });
  readonly #firstByte = new Distribution({
    name: 'upstream_first_byte_seconds',
    help: 'From attempt to first byte',
    label: 'provider',
    bounds: BUCKETS,
  });
  readonly #inFlight: Gauge;
  readonly #saved: Gauge;
  readonly #models = new Set<string>();

  constructor(gateway: Gateway) {
    collectDefaultMetrics({ register: this.#registry, prefix: 'farthing_' });
    this.#inFlight = new Gauge({
      name: 'farthing_calls_in_flight',
      help: 'Calls being answered',
      registers: [this.#registry],
    });
    this.#saved = new Gauge({
      name: 'farthing_saved_usd',
      help: 'What each stage saved since the start; falls where it loses',
      labelNames: ['stage'],
      registers: [this.#registry],
    });
    this.#watchBudgets(gateway);
    gateway.onSettled((settled) => this.#settled(settled));
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The exposition text. */
  async render(): Promise<string> {
    const counted = await this.#registry.metrics();
    return [counted, this.#duration.text(), this.#firstByte.text()].join('\n');
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
    this.#duration.observe(task, (endedAt - call.startedAt) / 1000);
    this.#cost.add(receipt.costNano / 1e9, task);
    this.#overhead.add(Math.max(0, receipt.overheadNano) / 1e9, task);
    for (const stage of SAVING_STAGES) {
      const nano = receipt.savedNano[stage];
      if (nano !== 0) this.#saved.inc({ stage }, nano / 1e9);
    }
    if (!receipt.priced) this.#unpriced.add(1, task);
    // Counters cannot fall: saved is reference less cost, and the difference may be negative.
    this.#reference.add((receipt.referenceNano ?? receipt.costNano) / 1e9, task);
    for (const attempt of call.trace.attempts) this.#attempt(attempt);
  }

  #attempt({ provider, model, status, usage, firstByteMs, error }: Attempt): void {
    const name = this.#bounded(model.name);
    this.#attempts.add(1, provider, name, String(status ?? error?.code ?? 'none'));
    if (firstByteMs !== undefined) this.#firstByte.observe(provider, firstByteMs / 1000);
    if (usage === undefined) return;
    for (const tokens of TOKEN_CLASSES) {
      const count = usage.tokens[tokens];
      if (count > 0) this.#tokens.add(count, name, tokens);
    }
  }

  /** A client may name any model of a provider: beyond so many, names are one. */
  #bounded(model: string): string {
    if (this.#models.has(model)) return model;
    if (this.#models.size >= MOST_MODELS) return '(other)';
    this.#models.add(model);
    return model;
  }

  /** Looked up when somebody asks. A budget that is one for each key or user would be a label for each. */
  #watchBudgets({ config, cashier, stores }: Gateway): void {
    const shared = config.spending.budgets.filter(({ whose }) => !isOfEach(whose));
    if (shared.length === 0) return;
    const labels = { labelNames: ['budget'], registers: [this.#registry] };
    const limit = new Gauge({
      name: 'farthing_budget_limit_usd',
      help: 'What may be spent in the budget’s period',
      ...labels,
    });
    for (const { id, limitNano } of shared) limit.set({ budget: id }, limitNano / 1e9);
    const spent = new Gauge({
      name: 'farthing_budget_spent_usd',
      help: 'What is spent of it so far',
      ...labels,
      collect: async () => {
        for (const { budget, account } of cashier.book.shared(Date.now())) {
          const { used } = await stores.accounts.state(account);
          spent.set({ budget: budget.id }, used / 1e9);
        }
      },
    });
  }

  #counter(name: string, help: string, labels: readonly string[]): Tally {
    return new Tally({ name, help, labels, registry: this.#registry });
  }
}
