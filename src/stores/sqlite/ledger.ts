/**
 * The ledger's tables in SQLite.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Charge } from '../account-store.ts';
import { sumUp } from './call-sums.ts';
import type { CallRecord, LedgerStore, Period } from '../ledger-store.ts';
import type { LedgerDay, ProviderDaysQuery } from '../provider-days.ts';
import type { Report, ReportQuery } from '../report.ts';
import { readProviderDays } from './read-provider-days.ts';
import type { GroupCommit } from './group-commit.ts';
import { readReport } from './read-report.ts';
import { readCall, scanCalls } from './read-calls.ts';
import { Rollups } from './rollups.ts';
import { CallRows, type SummedCall } from './call-rows.ts';

/** The ledger of one file. */
export class SqliteLedger implements LedgerStore {
  readonly #database: DatabaseSync;
  readonly #commit: GroupCommit;
  readonly #rows: CallRows;
  readonly #rollups: Rollups;

  constructor(database: DatabaseSync, commit: GroupCommit) {
    this.#database = database;
    this.#commit = commit;
    this.#rows = new CallRows(database);
    this.#rollups = new Rollups(database);
  }

  append(record: CallRecord, charges: readonly Charge[] = []): Promise<void> {
    return this.#commit.add({ record, charges });
  }

  async flush(): Promise<void> {
    this.#commit.flush();
  }

  report(query: ReportQuery): Report {
    return readReport(this.#database, query);
  }

  call(id: string): CallRecord | undefined {
    return readCall(this.#database, id);
  }

  providerDays(query: ProviderDaysQuery): readonly LedgerDay[] {
    return readProviderDays(this.#database, query);
  }

  calls(period: Period): Iterable<CallRecord> {
    return scanCalls(this.#database, period);
  }

  recent(limit: number): string[] {
    const rows = this.#database
      .prepare('SELECT id FROM call_rows ORDER BY number DESC LIMIT ?')
      .all(limit);
    return rows.map((row) => String(row['id']));
  }

  load(name: string): string | undefined {
    const row = this.#database.prepare('SELECT text FROM documents WHERE name = ?').get(name);
    return row === undefined ? undefined : String(row['text']);
  }

  save(name: string, text: string): void {
    this.#database.prepare('INSERT OR REPLACE INTO documents VALUES (?, ?)').run(name, text);
  }

  amend(name: string, change: (text: string | undefined) => string): void {
    this.#commit.exclusively(() => this.save(name, change(this.load(name))));
  }

  /** Writes calls, inside a transaction that is open. */
  write(records: readonly CallRecord[]): void {
    const calls: SummedCall[] = [];
    for (const record of records) {
      const call = { record, comesTo: sumUp(record) };
      calls.push(call);
      this.#rows.write(call);
    }
    this.#rollups.add(calls);
  }

  /** Puts the sums that are pending into the rollups, inside a transaction that is open. */
  settle(): void {
    this.#rollups.settle();
  }

  /** What {@link write} wrote last was rolled back. */
  undone(): void {
    this.#rows.undone();
  }
}
