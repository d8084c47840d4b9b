/**
 * What the ledger costs: writing, reporting, budgets.
 *
 *     npm run bench:ledger [-- --calls 1000000] [--json]
 *
 * See bench/README.md for what is measured and how.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Cashier } from '../src/accounts/cashier.ts';
import type { Call } from '../src/call.ts';
import type { Budget, Spending } from '../src/config/spending.ts';
import { PriceBook } from '../src/pricing/price-book.ts';
import { PriceLookup } from '../src/pricing/price-lookup.ts';
import { NO_TOKENS } from '../src/pricing/usage.ts';
import type { Account } from '../src/stores/account-store.ts';
import type { Grouping } from '../src/stores/report.ts';
import { openSqliteStores } from '../src/stores/sqlite-stores.ts';
import type { Stores } from '../src/stores/stores.ts';
import { callOf as stageCall, modelAt, taskOf, tierOf } from '../src/testing/stage-fixtures.ts';
import { callOf } from './ledger/traffic.ts';
import { median, percentile } from './overhead/statistics.ts';

const { values: options } = parseArgs({
  options: {
    calls: { type: 'string', default: '10000000' },
    json: { type: 'boolean', default: false },
  },
});
const CALLS = Number(options.calls);
const DAY_MS = 86_400_000;
const DAYS = 60;
const TO = Date.UTC(2026, 10, 24, 9, 41, 17);
const SPAN = { from: TO - DAYS * DAY_MS, to: TO };
const AT_ONCE = 4096;
/** Nano-dollars that are never reached. */
const PLENTY = Number.MAX_SAFE_INTEGER / 4;

interface Figure {
  readonly what: string;
  readonly value: string;
  readonly target?: string;
  readonly reached?: boolean;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** User and system time of this process, in µs. */
function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Writes all calls, each charged to one budget, through the ledger's own way. */
async function build({ ledger }: Stores): Promise<Figure[]> {
  const account: Account = { id: 'bench/total', limit: PLENTY, windowMs: undefined };
  const began = performance.now();
  let made = 0;
  let micros = 0;
  for (let index = 0; index < CALLS; index += AT_ONCE) {
    const records = Array.from({ length: Math.min(AT_ONCE, CALLS - index) }, (_, offset) =>
      callOf(index + offset, CALLS, SPAN),
    );
    const before = cpuMicros();
    const last = records.map(async (record) =>
      ledger.append(record, [{ account, amount: 1000, at: record.startedAt }]),
    );
    await Promise.all(last);
    micros += cpuMicros() - before;
    made += records.length;
    if (made % (AT_ONCE * 128) === 0) {
      const seconds = (performance.now() - began) / 1000;
      say(`${made} of ${CALLS} calls, ${Math.round(made / seconds)} a second …`);
    }
  }
  const perCall = micros / CALLS;
  return [
    {
      what: 'insert rate, in large groups (calls a second of CPU)',
      value: Math.round(1e6 / perCall).toLocaleString('en-US'),
    },
    { what: 'CPU a call, rows, rollups and a charge', value: `${perCall.toFixed(1)} µs` },
  ];
}

/** From `append` until the rows are written: alone, and with others. */
async function commitLatency({ ledger }: Stores): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const callers of [1, 32]) {
    const times: number[] = [];
    const caller = async (): Promise<void> => {
      for (let call = 0; call < 2000 / callers; call++) {
        const record = callOf(call, CALLS, { from: TO, to: TO + 1000 });
        const before = performance.now();
        await ledger.append(record);
        times.push(performance.now() - before);
      }
    };
    await Promise.all(Array.from({ length: callers }, caller));
    const sorted = times.toSorted((a, b) => a - b);
    figures.push({
      what: `group commit, ${callers} ${callers === 1 ? 'caller' : 'callers'}: p50 / p99`,
      value: `${percentile(sorted, 0.5).toFixed(2)} / ${percentile(sorted, 0.99).toFixed(2)} ms`,
    });
  }
  return figures;
}

const PERIODS = {
  'all time': {},
  'a month': { since: Date.UTC(2026, 9, 1), until: Date.UTC(2026, 10, 1) },
  'a ragged period': { since: TO - 33 * DAY_MS - 1_234_567, until: TO - 7_654_321 },
} as const;

function reports({ ledger }: Stores): Figure[] {
  const groupings: Grouping[] = ['task', 'model', 'key', 'day', 'tag:feature', 'tag:user'];
  return groupings.flatMap((by) =>
    Object.entries(PERIODS).map(([name, period]): Figure => {
      const times = Array.from({ length: 5 }, () => {
        const before = performance.now();
        ledger.report({ by, ...period });
        return performance.now() - before;
      });
      return {
        what: `report by ${by}, ${name}: p50 / max`,
        value: `${median(times).toFixed(0)} / ${Math.max(...times).toFixed(0)} ms`,
        target: 'under 200 ms',
        reached: median(times) < 200,
      };
    }),
  );
}

function budgetOf(index: number): Budget {
  return {
    id: `bench-${index}/month`,
    whose: {},
    limitNano: PLENTY,
    period: { kind: 'calendar', unit: 'month' },
    hard: true,
    warnAt: [1],
    webhook: undefined,
    unpriced: 'refuse',
  };
}

/** What reserving and settling cost a call, beside its rows. */
async function budgets(): Promise<Figure[]> {
  const figures: Figure[] = [];
  let without = 0;
  for (const [count, limits] of [
    [0, 0],
    [1, 0],
    [3, 0],
    [3, 1],
  ] as const) {
    const stores = openSqliteStores(':memory:');
    const spending: Spending = {
      keys: undefined,
      budgets: Array.from({ length: count }, (_, index) => budgetOf(index)),
      limits: Array.from({ length: limits }, () => ({
        id: 'bench/minute',
        whose: {},
        requestsPerMinute: 1e9,
        tokensPerMinute: 1e12,
      })),
      holdOut: undefined,
      webhookSecret: undefined,
    };
    const prices = new PriceLookup(PriceBook.load());
    const cashier = new Cashier({ spending, stores, prices, tell: () => undefined });
    const micros = await reserveAndSettle(cashier, stores, 50_000);
    if (count === 0) without = micros;
    figures.push({
      what: `reserve and settle, ${count} budgets, ${limits} limits`,
      value:
        count === 0
          ? `${micros.toFixed(1)} µs (all of it)`
          : `+${(micros - without).toFixed(1)} µs`,
    });
    await cashier.close();
    await stores.close();
  }
  return figures;
}

async function reserveAndSettle(cashier: Cashier, stores: Stores, calls: number): Promise<number> {
  const model = modelAt('bench', 1, 2);
  const task = taskOf([tierOf(model)]);
  const one = async (index: number): Promise<void> => {
    const call: Call = stageCall(task, { user: `u${index}` });
    await cashier.limits.admit(call);
    await cashier.budgets.reserve(call, { model, tier: 0 });
    const tokens = { ...NO_TOKENS, input: 100, output: 20 };
    call.trace.attempts.push({
      model,
      provider: 'nowhere',
      tier: 0,
      startedAt: call.startedAt,
      usage: { tokens, source: 'provider' },
    });
    const charges = cashier.settle(call, { costNano: 140_000 } as never);
    await stores.accounts.charge(charges);
    cashier.written(charges);
  };
  const before = cpuMicros();
  for (let index = 0; index < calls; index += 32) {
    await Promise.all(Array.from({ length: 32 }, async (_, offset) => one(index + offset)));
  }
  return (cpuMicros() - before) / calls;
}

const directory = mkdtempSync(join(tmpdir(), 'farthing-bench-ledger-'));
try {
  const file = join(directory, 'ledger.db');
  const stores = openSqliteStores(file);
  const built = await build(stores);
  const figures: Figure[] = [
    ...built,
    { what: 'file', value: `${(statSync(file).size / 1e9).toFixed(2)} GB` },
    ...(await commitLatency(stores)),
    ...reports(stores),
    ...(await budgets()),
  ];
  await stores.close();
  const header = `Node ${process.version}, ${cpus()[0]?.model}, ${CALLS.toLocaleString('en-US')} calls over ${DAYS} days`;
  if (options.json) console.log(JSON.stringify({ header, figures }, undefined, 2));
  else {
    console.log(`${header}\n\n| | | target |\n| --- | ---: | --- |`);
    for (const { what, value, target, reached } of figures) {
      const judged =
        target === undefined ? '' : `${target}: ${reached === true ? 'reached' : 'MISSED'}`;
      console.log(`| ${what} | ${value} | ${judged} |`);
    }
  }
} finally {
  rmSync(directory, { recursive: true });
}
