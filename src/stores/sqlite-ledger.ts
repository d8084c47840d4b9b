/**
 * The ledger in a SQLite file (WAL), with group commit: rows of some milliseconds share a transaction.
 * Several processes may open the same file.
 *
 * @module
 */
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { FarthingError } from '../errors.ts';
import type { CallRecord, LedgerStore } from './ledger-store.ts';
import type { Report, ReportQuery } from './report.ts';
import { CALL_COLUMNS, ATTEMPT_COLUMNS, readCall, writeAttempt, writeCall } from './sqlite-rows.ts';
import { readReport } from './sqlite-report.ts';
import { migrate } from './sqlite-schema.ts';

/** What can be set. */
export interface SqliteLedgerOptions {
  /** Milliseconds between the first row that waits and its commit. @default 10 */
  readonly commitAfterMs?: number;
  /** Told when rows could not be written; they are tried again. @default a line on standard error, at most one a minute */
  readonly onError?: (error: Error, waiting: number) => void;
  /** Milliseconds to wait for another process's lock. @default 5000 */
  readonly lockTimeoutMs?: number;
  /** Pages the file may have at most. @default SQLite's own limit */
  readonly mostPages?: number;
}

/** Calls of one transaction: more would hold up the calls in flight. */
const MOST_AT_ONCE = 256;
/** Calls kept while the disk is full or the file locked; the oldest are dropped beyond. */
const MOST_WAITING = 100_000;
const RETRY_MS = 1_000;

/** Opens or makes a ledger file; `:memory:` keeps nothing. Throws `invalid_config` for a file that is none. */
export function openSqliteLedger(path: string, options: SqliteLedgerOptions = {}): LedgerStore {
  try {
    // Only the owner may read what was paid.
    if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600));
    const database = new DatabaseSync(path, { timeout: options.lockTimeoutMs ?? 5_000 });
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192;',
    );
    migrate(database);
    if (options.mostPages !== undefined) {
      database.exec(`PRAGMA max_page_count = ${Math.floor(options.mostPages)}`);
    }
    return new SqliteLedger(database, options);
  } catch (cause) {
    if (cause instanceof FarthingError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FarthingError('invalid_config', `Cannot open the ledger ${path}: ${why}.`, { cause });
  }
}

class SqliteLedger implements LedgerStore {
  readonly #database: DatabaseSync;
  readonly #options: SqliteLedgerOptions;
  readonly #insertCall: StatementSync;
  readonly #insertAttempt: StatementSync;
  #waiting: CallRecord[] = [];
  #timer: NodeJS.Timeout | undefined;
  #complainedAt = 0;

  constructor(database: DatabaseSync, options: SqliteLedgerOptions) {
    this.#database = database;
    this.#options = options;
    this.#insertCall = database.prepare(insert('calls', CALL_COLUMNS));
    this.#insertAttempt = database.prepare(insert('attempts', ATTEMPT_COLUMNS));
  }

  append(record: CallRecord): void {
    this.#waiting.push(record);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
    this.#timer ??= setTimeout(() => this.#commitSoon(), this.#options.commitAfterMs ?? 10);
  }

  async flush(): Promise<void> {
    while (this.#waiting.length > 0) this.#commit();
  }

  report(query: ReportQuery): Report {
    return readReport(this.#database, query);
  }

  call(id: string): CallRecord | undefined {
    return readCall(this.#database, id);
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

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      clearTimeout(this.#timer);
      this.#database.close();
    }
  }

  #commitSoon(): void {
    this.#timer = undefined;
    try {
      this.#commit();
      if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#commitSoon(), 0);
    } catch (error) {
      this.#complain(error as Error);
      this.#timer = setTimeout(() => this.#commitSoon(), RETRY_MS);
    }
  }

  /** Writes the oldest waiting rows in one transaction, or throws and keeps them all. */
  #commit(): void {
    const batch = this.#waiting.slice(0, MOST_AT_ONCE);
    if (batch.length === 0) return;
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      for (const record of batch) {
        writeCall(this.#insertCall, record);
        for (let seq = 0; seq < record.attempts.length; seq++) {
          writeAttempt(this.#insertAttempt, record, seq);
        }
      }
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
    this.#waiting = this.#waiting.slice(batch.length);
  }

  #complain(error: Error): void {
    if (this.#options.onError !== undefined) {
      this.#options.onError(error, this.#waiting.length);
      return;
    }
    const now = Date.now();
    if (now - this.#complainedAt < 60_000) return;
    this.#complainedAt = now;
    process.stderr.write(
      `The ledger cannot be written (${error.message}); ${this.#waiting.length} calls wait in memory.\n`,
    );
  }
}

function insert(table: string, columns: readonly string[]): string {
  const places = columns.map(() => '?').join(', ');
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places})`;
}
