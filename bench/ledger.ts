/**
 * What the ledger costs: writing, waiting for the commit, budgets, and reports over ten million calls.
 *
 *     npm run bench:ledger [-- --calls 1000000] [--json]
 *
 * See bench/README.md for what is measured and how.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openSqliteStores } from '../src/stores/sqlite/sqlite-stores.ts';
import { commitLatency, type Latency, latencyBeside } from './ledger/commits.ts';
import { fill, type Filled, verify } from './ledger/filling.ts';
import { type ReportTime, timeElsewhere, timeReports } from './ledger/reports.ts';
import { type SpendingCost, spendingCosts } from './ledger/spending.ts';
import { DAYS } from './ledger/traffic.ts';

const { values: options } = parseArgs({
  options: {
    calls: { type: 'string', default: '10000000' },
    json: { type: 'boolean', default: false },
  },
});
const CALLS = Number(options.calls);
if (!Number.isSafeInteger(CALLS) || CALLS < 1) {
  throw new Error(`--calls takes a number of calls, not "${options.calls}".`);
}
const CALLERS = 32;
const MOST_REPORT_MS = 200;

/** All figures. */
interface Figures {
  readonly filled: Filled;
  /** GB of the file. */
  readonly fileGb: number;
  readonly latencies: readonly Latency[];
  readonly spending: readonly SpendingCost[];
  readonly reports: readonly ReportTime[];
  /** Of reports in another process, and of calls that are written meanwhile. */
  readonly beside: { readonly reports: readonly ReportTime[]; readonly writing: Latency };
  /** Processes that wanted a core in the minute before each part. */
  readonly load: Readonly<Record<string, number>>;
}

interface Target {
  readonly what: string;
  readonly value: string;
  readonly reached: boolean;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function measure(directory: string): Promise<Figures> {
  const load: Record<string, number> = {};
  const begin = (part: string): void => {
    say(`${part} …`);
    load[part] = loadavg()[0] ?? Number.NaN;
  };
  const file = join(directory, 'ledger.db');
  const stores = openSqliteStores(file);
  const { ledger } = stores;
  try {
    begin('filling');
    const filled = await fill(ledger, CALLS, say);
    say('verifying …');
    verify(ledger, file);
    const fileGb = statSync(file).size / 1e9;
    begin('reports');
    const reports = timeReports(ledger);
    begin('commits');
    const latencies = [await commitLatency(ledger, 1), await commitLatency(ledger, CALLERS)];
    begin('reports beside writing');
    const { child, times } = timeElsewhere(file);
    const writing = await latencyBeside(ledger, CALLERS, child);
    const beside = { reports: await times, writing };
    begin('budgets');
    const spending = await spendingCosts((name) => join(directory, `${name}.db`));
    return { filled, fileGb, latencies, spending, reports, beside, load };
  } finally {
    await stores.close();
  }
}

function judge({ reports, beside }: Figures): Target[] {
  const of = (times: readonly ReportTime[], where: string): Target[] =>
    [...Map.groupBy(times, ({ by }) => by)].map(([by, periods]) => {
      const longest = Math.max(...periods.map(({ max }) => max));
      return {
        what: `report by ${by}${where} in under ${MOST_REPORT_MS} ms`,
        value: `${longest.toFixed(0)} ms at most`,
        reached: longest < MOST_REPORT_MS,
      };
    });
  return [...of(reports, ''), ...of(beside.reports, ', beside a process that writes,')];
}

function print(figures: Figures, header: string): void {
  const { filled, fileGb, latencies, spending, reports, beside, load } = figures;
  const loads = Object.entries(load).map(([part, value]) => `${part} ${value.toFixed(1)}`);
  console.log(`${header}; load before: ${loads.join(', ')}\n`);
  console.log('| | |\n| --- | ---: |');
  console.log(`| calls written a second | ${filled.perSecond.toFixed(0)} |`);
  console.log(`| CPU a call | ${filled.cpuMicrosPerCall.toFixed(1)} µs |`);
  console.log(`| file | ${fileGb.toFixed(2)} GB |`);
  for (const latency of [...latencies, beside.writing]) {
    const { callers, p50, p99, perSecond } = latency;
    const where = latency === beside.writing ? ' beside reports' : '';
    console.log(
      `| commit, ${callers} at once${where}: p50 / p99 | ${p50.toFixed(2)} / ${p99.toFixed(2)} ms, ${perSecond.toFixed(0)} calls/s |`,
    );
  }
  for (const { budgets, limits, micros, added } of spending) {
    console.log(
      `| CPU a call, budgets: ${budgets}, limits: ${limits} | ${micros.toFixed(1)} µs (+${added.toFixed(1)}) |`,
    );
  }
  printReports('p50 / max', reports);
  printReports('in another process, beside one that writes', beside.reports);
  console.log('');
  for (const { what, value, reached } of judge(figures))
    console.log(`${reached ? 'reached' : 'MISSED '}  ${what}: ${value}`);
}

function printReports(title: string, times: readonly ReportTime[]): void {
  const periods = [...new Set(times.map(({ period }) => period))];
  console.log(`\n| report, ${title} | rows | ${periods.join(' | ')} |`);
  console.log(`| --- | ---: |${' ---: |'.repeat(periods.length)}`);
  for (const [by, own] of Map.groupBy(times, (time) => time.by)) {
    const cells = own.map(({ p50, max }) => `${p50.toFixed(0)} / ${max.toFixed(0)} ms`);
    const rows = Math.max(...own.map((time) => time.rows));
    console.log(`| by ${by} | ${rows} | ${cells.join(' | ')} |`);
  }
}

const directory = mkdtempSync(join(tmpdir(), 'farthing-ledger-'));
const tidy = (): void => rmSync(directory, { recursive: true, force: true });
process.on('exit', tidy);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
const figures = await measure(directory);
const [cpu] = cpus();
const machine = { node: process.version, cpu: cpu?.model, cores: availableParallelism() };
if (options.json) {
  console.log(JSON.stringify({ ...machine, ...figures, targets: judge(figures) }, undefined, 2));
} else {
  const calls = CALLS.toLocaleString('en-US');
  print(
    figures,
    `Node ${machine.node}, ${machine.cpu}, ${machine.cores} cores, ${calls} calls over ${DAYS} days`,
  );
}
