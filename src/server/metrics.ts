/**
 * Prometheus metrics. Labels come from the configuration only (tasks, models, providers) or from short
 * lists, never from what a client writes: their number stays bounded.
 *
 * @module
 */
import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { isOfEach } from '../accounts/whose.ts';
import { type Attempt, type Call, type Receipt, SAVING_STAGES } from '../call.ts';
import type { FarthingError } from '../errors.ts';
import type { Gateway } from '../gateway.ts';
import { TOKEN_CLASSES } from '../pricing/usage.ts';
import type { SettledCall } from '../stages/ledger/ledger.ts';
import { Distribution } from './distribution.ts';
import { ModelSums } from './model-sums.ts';
import { Tally } from './tally.ts';
import { TaskSums } from './task-sums.ts';

/** Seconds; answers take from milliseconds to minutes. */
const BUCKETS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

const NANO = 1e9;

/** Models that have a label of their own. */
const MOST_MODELS = 500;
/** The label of all others. */
const OTHER_MODEL = '(other)';

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
  readonly #tasks = new Map<string, TaskSums>();
  readonly #models = new Map<string, ModelSums>();
  /** In nano-dollars, since the start. */
  readonly #saved = { cache: 0, coalesce: 0, route: 0, service: 0 };
  #inFlight = 0;

  constructor(gateway: Gateway) {
    collectDefaultMetrics({ register: this.#registry, prefix: 'farthing_' });
    this.#watchCalls();
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
    this.#inFlight++;
  }

  ended(): void {
    this.#inFlight--;
  }

  /** Counts a request that never became a call. */
  refused(error: FarthingError): void {
    this.#refused.of(error.code).amount++;
  }

  #settled({ call, receipt, error, endedAt }: SettledCall): void {
    const { outcome, cache, attempts } = call.trace;
    const task = this.#sumsOf(call);
    task.ended(error?.status ?? 200, outcome).amount++;
    if (cache !== undefined) task.cached(cache).amount++;
    task.duration.add((endedAt - call.startedAt) / 1000);
    task.cost.amount += receipt.costNano / NANO;
    task.overhead.amount += Math.max(0, receipt.overheadNano) / NANO;
    this.#save(receipt.savedNano);
    if (!receipt.priced) task.unpriced.amount++;
    // Counters cannot fall: saved is reference less cost, and the difference may be negative.
    task.reference.amount += (receipt.referenceNano ?? receipt.costNano) / NANO;
    for (const attempt of attempts) this.#attempt(attempt);
  }

  /** Written out: in a loop each amount would be looked up by its name. */
  #save({ cache, coalesce, route, service }: Receipt['savedNano']): void {
    this.#saved.cache += cache;
    this.#saved.coalesce += coalesce;
    this.#saved.route += route;
    this.#saved.service += service;
  }

  /** Tasks that were found are one: a client must not make labels. */
  #sumsOf({ trace: { task } }: Call): TaskSums {
    const name = task === undefined || task.origin === 'found' ? 'found' : task.name;
    let sums = this.#tasks.get(name);
    if (sums === undefined) {
      const tallies = {
        calls: this.#calls,
        cached: this.#cached,
        cost: this.#cost,
        reference: this.#reference,
        overhead: this.#overhead,
        unpriced: this.#unpriced,
      };
      this.#tasks.set(name, (sums = new TaskSums(name, tallies, this.#duration.of(name))));
    }
    return sums;
  }

  #attempt({ provider, model, status, usage, firstByteMs, error }: Attempt): void {
    const sums = this.#sumsOfModel(model.name);
    sums.attempted(provider, status ?? error?.code ?? 'none').amount++;
    if (firstByteMs !== undefined) this.#firstByte.of(provider).add(firstByteMs / 1000);
    if (usage === undefined) return;
    for (const tokens of TOKEN_CLASSES) {
      const count = usage.tokens[tokens];
      if (count > 0) sums.tokens(tokens).amount += count;
    }
  }

  /** A client may name any model of a provider: beyond so many, names are one. */
  #sumsOfModel(model: string): ModelSums {
    const known = this.#models.get(model);
    if (known !== undefined) return known;
    const name = this.#models.size >= MOST_MODELS ? OTHER_MODEL : model;
    const sums =
      this.#models.get(name) ??
      new ModelSums(name, { attempts: this.#attempts, tokens: this.#tokens });
    this.#models.set(name, sums);
    return sums;
  }

  /** Told when somebody asks: a gauge that is set by each call costs each call. */
  #watchCalls(): void {
    const inFlight: Gauge = new Gauge({
      name: 'farthing_calls_in_flight',
      help: 'Calls being answered',
      registers: [this.#registry],
      collect: () => inFlight.set(this.#inFlight),
    });
    const saved: Gauge = new Gauge({
      name: 'farthing_saved_usd',
      help: 'What each stage saved since the start; falls where it loses',
      labelNames: ['stage'],
      registers: [this.#registry],
      collect: () => {
        for (const stage of SAVING_STAGES) saved.set({ stage }, this.#saved[stage] / NANO);
      },
    });
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
    for (const { id, limitNano } of shared) limit.set({ budget: id }, limitNano / NANO);
    const spent = new Gauge({
      name: 'farthing_budget_spent_usd',
      help: 'What is spent of it so far',
      ...labels,
      collect: async () => {
        for (const { budget, account } of cashier.book.shared(Date.now())) {
          const { used } = await stores.accounts.state(account);
          spent.set({ budget: budget.id }, used / NANO);
        }
      },
    });
  }

  #counter(name: string, help: string, labels: readonly string[]): Tally {
    return new Tally({ name, help, labels, registry: this.#registry });
  }
}
