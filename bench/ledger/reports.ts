/** How long reports take. As a command, `node bench/ledger/reports.ts FILE`, in a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { LedgerStore, Period } from '../../src/stores/ledger-store.ts';
import type { Grouping } from '../../src/stores/report.ts';
import { openSqliteStores } from '../../src/stores/sqlite/sqlite-stores.ts';
import { median } from '../overhead/statistics.ts';
import { SPAN } from './traffic.ts';

const ROUNDS = 9;
const DAY_MS = 86_400_000;

const GROUPINGS: readonly Grouping[] = [
  'task',
  'model',
  'key',
  'day',
  'tag:feature',
  'tag:user',
  'tag',
];

/** The ragged one begins and ends within an hour. */
const PERIODS: Readonly<Record<string, Period>> = {
  'all time': {},
  'a month': { since: Date.UTC(2026, 9, 1), until: Date.UTC(2026, 10, 1) },
  'a ragged month': { since: SPAN.to - 33 * DAY_MS - 1_234_567, until: SPAN.to - 7_654_321 },
};

/** One report, asked several times. */
export interface ReportTime {
  readonly by: Grouping;
  readonly period: string;
  /** Rows of the report. */
  readonly rows: number;
  /** In ms. */
  readonly p50: number;
  readonly max: number;
}

/** Times each report over each period. */
export function timeReports(ledger: LedgerStore): ReportTime[] {
  return GROUPINGS.flatMap((by) =>
    Object.entries(PERIODS).map(([period, within]) => {
      let rows = 0;
      const times = Array.from({ length: ROUNDS }, () => {
        const before = performance.now();
        rows = ledger.report({ by, ...within }).rows.length;
        return performance.now() - before;
      });
      return { by, period, rows, p50: median(times), max: Math.max(...times) };
    }),
  );
}

/** Times them in another process. */
export function timeElsewhere(file: string): {
  readonly child: ChildProcess;
  readonly times: Promise<ReportTime[]>;
} {
  const child = spawn(process.execPath, [import.meta.filename, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { child, times: text(child.stdout).then((said) => JSON.parse(said) as ReportTime[]) };
}

if (import.meta.main) {
  const stores = openSqliteStores(process.argv[2] ?? '');
  process.stdout.write(JSON.stringify(timeReports(stores.ledger)));
  await stores.close();
}
