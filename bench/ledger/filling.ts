/** Fills a ledger the way a gateway does, only faster. */
import { DatabaseSync } from 'node:sqlite';
import type { Account } from '../../src/stores/account-store.ts';
import type { LedgerStore } from '../../src/stores/ledger-store.ts';
import type { Sums } from '../../src/stores/report.ts';
import { cpuMicros } from './cpu.ts';
import { callOf, SPAN } from './traffic.ts';

/** Calls appended before they are waited for; the store makes transactions of them. */
const AT_ONCE = 4096;
const SAY_EVERY_MS = 10_000;

/** How fast calls were written: rows, rollups and one charge each. */
export interface Filled {
  readonly calls: number;
  readonly perSecond: number;
  /** Without the making of the calls. */
  readonly cpuMicrosPerCall: number;
}

/** Writes calls through `append`, each charged to one budget. */
export async function fill(
  ledger: LedgerStore,
  calls: number,
  say: (text: string) => void,
): Promise<Filled> {
  const account: Account = { id: 'total', limit: Infinity, windowMs: undefined };
  let micros = 0;
  let ms = 0;
  let saidAt = performance.now();
  for (let made = 0; made < calls; made += AT_ONCE) {
    const records = Array.from({ length: Math.min(AT_ONCE, calls - made) }, (_, offset) =>
      callOf(made + offset, calls, SPAN),
    );
    const [cpuBefore, before] = [cpuMicros(), performance.now()];
    await Promise.all(
      records.map(async (record) =>
        ledger.append(record, [{ account, amount: 1000, at: record.startedAt }]),
      ),
    );
    micros += cpuMicros() - cpuBefore;
    ms += performance.now() - before;
    if (performance.now() - saidAt < SAY_EVERY_MS) continue;
    saidAt = performance.now();
    say(`${made} of ${calls} calls …`);
  }
  return { calls, perSecond: (calls / ms) * 1000, cpuMicrosPerCall: micros / calls };
}

/** What reports say must be what the rows add up to. Throws where it is not. */
export function verify(ledger: LedgerStore, file: string): void {
  const expected = rawSums(file);
  const { totals, rows: tasks } = ledger.report({ by: 'task' });
  const others = (['model', 'key', 'day', 'tag:feature', 'tag:user'] as const).map(
    (by) => ledger.report({ by }).rows,
  );
  for (const [field, value] of Object.entries(expected)) {
    const get = (sums: Sums): number => sums[field as keyof typeof expected];
    const told = [[totals], tasks, ...others].map((rows) =>
      rows.reduce((sum, row) => sum + get(row), 0),
    );
    if (told.some((sum) => sum !== value)) {
      throw new Error(`${field} is ${value} in the rows, but reports say ${told.join(', ')}.`);
    }
  }
}

type Verified =
  | 'calls'
  | 'attempts'
  | 'cost_nano_usd'
  | 'reference_nano_usd'
  | 'overhead_nano_usd'
  | 'escalations'
  | 'input_tokens'
  | 'output_tokens';

function rawSums(file: string): Readonly<Record<Verified, number>> {
  const database = new DatabaseSync(file, { readOnly: true });
  const calls = database
    .prepare(
      `SELECT count(*) AS calls, sum(counted_reference_nano) AS reference_nano_usd,
         sum(overhead_nano) AS overhead_nano_usd, sum(escalated) AS escalations
       FROM calls`,
    )
    .get();
  const attempts = database
    .prepare(
      `SELECT count(*) AS attempts, sum(cost_nano) AS cost_nano_usd, sum(input) AS input_tokens,
         sum(output) AS output_tokens
       FROM attempts`,
    )
    .get();
  database.close();
  return { ...calls, ...attempts } as Record<Verified, number>;
}
