/** What budgets and limits cost a call: setting aside, charging with its rows, putting right. */
import { Cashier } from '../../src/accounts/cashier.ts';
import type { Receipt } from '../../src/call.ts';
import type { Budget, RateLimit } from '../../src/config/spending.ts';
import { PriceBook } from '../../src/pricing/price-book.ts';
import { PriceLookup } from '../../src/pricing/price-lookup.ts';
import { NO_TOKENS } from '../../src/pricing/usage.ts';
import { openSqliteStores } from '../../src/stores/sqlite/sqlite-stores.ts';
import type { Stores } from '../../src/stores/stores.ts';
import { callRecord } from '../../src/testing/ledger-records.ts';
import { callOf, modelAt, nowhere, taskOf, tierOf } from '../../src/testing/stage-fixtures.ts';
import { median } from '../overhead/statistics.ts';
import { cpuMicros } from './cpu.ts';

const ROUNDS = 9;
const CALLS = 6400;
const CALLERS = 32;
/** Nano-dollars that are never reached. */
const PLENTY = 1e15;

/** A configuration, and what it adds to a call. */
export interface SpendingCost {
  readonly budgets: number;
  readonly limits: number;
  /** CPU of the whole call, with its rows, in µs. */
  readonly micros: number;
  /** Beyond that of a call without budgets and limits, in the same round. */
  readonly added: number;
}

const SETUPS = [
  { budgets: 0, limits: 0 },
  { budgets: 1, limits: 0 },
  { budgets: 3, limits: 0 },
  { budgets: 3, limits: 1 },
] as const;

/** Measures all setups in turn, several times; `fileOf` names a new file for each. */
export async function spendingCosts(fileOf: (name: string) => string): Promise<SpendingCost[]> {
  const desks = SETUPS.map((setup, index) => ({
    ...setup,
    desk: new Desk(openSqliteStores(fileOf(`spending-${index}`)), setup),
    micros: [] as number[],
  }));
  for (const { desk } of desks) await desk.serve(CALLS);
  for (let round = 0; round < ROUNDS; round++) {
    for (const { desk, micros } of desks) micros.push(await desk.serve(CALLS));
  }
  for (const { desk } of desks) await desk.close();
  const [without] = desks;
  return desks.map(({ budgets, limits, micros }) => ({
    budgets,
    limits,
    micros: median(micros),
    added: median(micros.map((value, round) => value - (without?.micros[round] ?? Number.NaN))),
  }));
}

const MODEL = modelAt('bench', 1, 2);
const TASK = taskOf([tierOf(MODEL)]);
const TOKENS = { ...NO_TOKENS, input: 100, output: 20 };
const RECEIPT: Receipt = {
  attempts: [],
  costNano: 140_000,
  priced: true,
  reference: MODEL,
  referenceNano: 140_000,
  referenceSource: 'measured',
  countedReferenceNano: 140_000,
  savedNano: { cache: 0, coalesce: 0, route: 0, service: 0 },
  overheadNano: 0,
  stale: false,
};

/** Serves calls that nobody answers, from admission to the rows in the file. */
class Desk {
  readonly #stores: Stores;
  readonly #cashier: Cashier;

  constructor(stores: Stores, { budgets, limits }: (typeof SETUPS)[number]) {
    this.#stores = stores;
    this.#cashier = new Cashier({
      stores,
      prices: new PriceLookup(PriceBook.load()),
      tell: () => undefined,
      spending: {
        keys: undefined,
        budgets: Array.from({ length: budgets }, budgetOf),
        limits: Array.from({ length: limits }, limitOf),
        holdOut: undefined,
        webhookSecret: undefined,
      },
    });
  }

  /** CPU in µs for each of so many calls, some at a time. */
  async serve(calls: number): Promise<number> {
    const before = cpuMicros();
    await Promise.all(
      Array.from({ length: CALLERS }, async () => {
        for (let call = 0; call < calls / CALLERS; call++) await this.#one();
      }),
    );
    return (cpuMicros() - before) / calls;
  }

  async close(): Promise<void> {
    await this.#cashier.close();
    await this.#stores.close();
  }

  async #one(): Promise<void> {
    const call = callOf(TASK);
    const { startedAt, trace } = call;
    await this.#cashier.limits.admit(call);
    await this.#cashier.budgets.reserve(call, { model: MODEL, tier: 0 });
    const usage = { tokens: TOKENS, source: 'provider' } as const;
    trace.attempts.push({ model: MODEL, provider: nowhere.name, tier: 0, startedAt, usage });
    const charges = this.#cashier.settle(call, RECEIPT);
    await this.#stores.ledger.append(callRecord({ startedAt }), charges);
    this.#cashier.written(charges);
  }
}

function budgetOf(_: unknown, index: number): Budget {
  return {
    id: `budget-${index} per month`,
    whose: {},
    limitNano: PLENTY,
    period: { kind: 'calendar', unit: 'month' },
    hard: true,
    warnAt: [1],
    webhook: undefined,
    unpriced: 'refuse',
  };
}

function limitOf(_: unknown, index: number): RateLimit {
  return { id: `limit-${index}`, whose: {}, requestsPerMinute: 1e9, tokensPerMinute: 1e12 };
}
