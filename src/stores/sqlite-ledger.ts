/**
 * The ledger's tables in SQLite.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Charge } from './account-store.ts';
import { sumUp } from './call-sums.ts';
import type { CallRecord, LedgerStore, Period } from './ledger-store.ts';
import type { LedgerDay, ProviderDaysQuery } from './provider-days.ts';
import type { Report, ReportQuery } from './report.ts';
import { readProviderDays } from './sqlite-provider-days.ts';
import type { GroupCommit } from './sqlite-group-commit.ts';
import { readReport } from './sqlite-report.ts';
import { Rollups, type SummedCall } from './sqlite-rollups.ts';
import { ATTEMPT_COLUMNS, CALL_COLUMNS, readCall, writeAttempt, writeCall } from './sqlite-rows.ts';
import { scanCalls } from './sqlite-scan.ts';

/** The ledger of one file. */
export class SqliteLedger implements LedgerStore {
  readonly #database: DatabaseSync;
  readonly #commit: GroupCommit;
  readonly #insertCall: StatementSync;
  readonly #insertAttempt: StatementSync;
  readonly #rollups: Rollups;

  constructor(database: DatabaseSync, commit: GroupCommit) {
    this.#database = database;
    this.#commit = commit;
    this.#insertCall = database.prepare(insert('calls', CALL_COLUMNS));
    this.#insertAttempt = database.prepare(insert('attempts', ATTEMPT_COLUMNS));
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
    const rows = this.#database.prepare('SELECT id FROM calls ORDER BY id DESC LIMIT ?').all(limit);
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
      writeCall(this.#insertCall, call, this.#writeAttempts(record));
    }
    this.#rollups.add(calls);
  }

  /** The number of the first; the others' follow, since nobody else writes meanwhile. */
  #writeAttempts({ id: callId, attempts }: CallRecord): number | null {
    let first: number | null = null;
    for (const [seq, attempt] of attempts.entries()) {
      const number = writeAttempt(this.#insertAttempt, attempt, { callId, seq });
      first ??= number;
    }
    return first;
  }
}

function insert(table: string, columns: readonly string[]): string {
  const places = columns.map(() => '?').join(', ');
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places})`;
}
