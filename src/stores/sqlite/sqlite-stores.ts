/**
 * All stores in one SQLite file (WAL). Several processes may open the same file.
 *
 * @module
 */
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { FarthingError } from '../../errors.ts';
import { SqliteAccounts } from './accounts.ts';
import { GroupCommit, type GroupCommitOptions, type Work } from './group-commit.ts';
import { SqliteKeys } from './keys.ts';
import { SqliteLedger } from './ledger.ts';
import { migrate, versionReader } from './schema.ts';
import type { Charge } from '../account-store.ts';
import type { CallRecord } from '../ledger-store.ts';
import type { Stores } from '../stores.ts';

/**
 * Pages of the write-ahead log (4 KB each) after which they are copied into the file. Groups write the same
 * pages of sums again and again: the longer the log, the fewer copies, and each stops everything.
 */
const CHECKPOINT_PAGES = 16_000;

/** What can be set. */
export interface SqliteOptions extends GroupCommitOptions {
  /** Milliseconds to wait for another process's lock. @default 250: everything else waits as well */
  readonly lockTimeoutMs?: number;
  /** Pages the file may have at most. @default SQLite's own limit */
  readonly mostPages?: number;
  /** Milliseconds after which what a process that is gone had set aside is free again. @default 10,000 */
  readonly leaseMs?: number;
}

/** Opens or makes a file; `:memory:` keeps nothing. Throws `invalid_config` for a file that is none. */
export function openSqliteStores(path: string, options: SqliteOptions = {}): Stores {
  try {
    // Only the owner may read what was paid.
    if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600));
    const database = new DatabaseSync(path, { timeout: 5_000 });
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192; ' +
        `PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
    );
    migrate(database);
    database.exec(`PRAGMA busy_timeout = ${options.lockTimeoutMs ?? 250}`);
    if (options.mostPages !== undefined) {
      database.exec(`PRAGMA max_page_count = ${Math.floor(options.mostPages)}`);
    }
    return storesIn(database, options);
  } catch (cause) {
    if (cause instanceof FarthingError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FarthingError('invalid_config', `Cannot open the ledger ${path}: ${why}.`, { cause });
  }
}

function storesIn(database: DatabaseSync, options: SqliteOptions): Stores {
  const commit = new GroupCommit(database, { write, undone: () => ledger.undone() }, options);
  const ledger = new SqliteLedger(database, commit);
  const accounts = new SqliteAccounts(database, commit, options.leaseMs);
  const readVersion = versionReader(database);
  function write(works: readonly Work[]): void {
    // Another process may have brought the file forward since it was opened here.
    readVersion();
    const records: CallRecord[] = [];
    const charges: Charge[] = [];
    for (const work of works) {
      if (work.record !== undefined) records.push(work.record);
      charges.push(...work.charges);
    }
    ledger.write(records);
    accounts.write(charges);
  }
  /** So that a file at rest has no sums pending. Where that cannot be, who reads adds them up. */
  function settle(): void {
    try {
      commit.exclusively(() => {
        readVersion();
        ledger.settle();
      });
    } catch {
      // Whoever writes next puts them in.
    }
  }
  return {
    ledger,
    accounts,
    keys: new SqliteKeys(database),
    close: async () => {
      commit.stop();
      try {
        commit.flush();
        accounts.release();
        settle();
      } finally {
        database.close();
      }
    },
  };
}
