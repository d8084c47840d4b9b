/**
 * The file of a SQLite cache: its tables, and what becomes of a file that is of no use.
 *
 * @module
 */
import { closeSync, openSync, readSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { FarthingError } from '../errors.ts';

/** Changes with the tables: a file of another version is emptied. */
const VERSION = 3;
/** Milliseconds to wait for another process's lock; everything else waits as well. */
const LOCK_TIMEOUT_MS = 50;

/**
 * The bytes of all entries, and of the questions and vectors by which some are found, are counted by triggers,
 * so that every process has the same count. A question goes with its entry, whyever and by whomever that is
 * dropped. What is to be reviewed outlives its entry's time, and goes when entries are purged.
 */
const TABLES = `
  DROP TABLE IF EXISTS questions;
  DROP TABLE IF EXISTS reviews;
  DROP TABLE IF EXISTS entries;
  DROP TABLE IF EXISTS state;
  CREATE TABLE entries (
    key TEXT PRIMARY KEY,
    task TEXT NOT NULL,
    tenant TEXT NOT NULL,
    tags TEXT NOT NULL,
    stored_at INTEGER NOT NULL,
    dead_at INTEGER NOT NULL,
    cost_nano INTEGER,
    bytes INTEGER NOT NULL,
    uses INTEGER NOT NULL,
    worth REAL NOT NULL,
    data BLOB NOT NULL
  ) STRICT;
  CREATE INDEX entries_by_worth ON entries (worth);
  CREATE INDEX entries_by_death ON entries (dead_at);
  CREATE TABLE state (name TEXT PRIMARY KEY, value REAL NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO state VALUES ('bytes', 0), ('floor', 0), ('purges', 0);
  CREATE TRIGGER entries_in AFTER INSERT ON entries BEGIN
    UPDATE state SET value = value + new.bytes WHERE name = 'bytes';
  END;
  CREATE TRIGGER entries_out AFTER DELETE ON entries BEGIN
    UPDATE state SET value = value - old.bytes WHERE name = 'bytes';
  END;
  CREATE TRIGGER entries_changed AFTER UPDATE OF bytes ON entries BEGIN
    UPDATE state SET value = value + new.bytes - old.bytes WHERE name = 'bytes';
  END;
  CREATE TABLE questions (
    number INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    embedder TEXT NOT NULL,
    namespace TEXT NOT NULL,
    text TEXT NOT NULL,
    dead_at INTEGER NOT NULL,
    vector BLOB NOT NULL
  ) STRICT;
  CREATE TRIGGER questions_in AFTER INSERT ON questions BEGIN
    UPDATE state SET value = value + length(new.vector) + length(new.text) WHERE name = 'bytes';
  END;
  CREATE TRIGGER questions_out AFTER DELETE ON questions BEGIN
    UPDATE state SET value = value - length(old.vector) - length(old.text) WHERE name = 'bytes';
  END;
  CREATE TRIGGER questions_with_entry AFTER DELETE ON entries BEGIN
    DELETE FROM questions WHERE key = old.key;
  END;
  CREATE TABLE reviews (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL,
    evidence TEXT NOT NULL,
    tenant TEXT NOT NULL,
    task TEXT NOT NULL,
    asked TEXT NOT NULL,
    kept TEXT NOT NULL,
    fresh_answer TEXT NOT NULL,
    kept_answer TEXT NOT NULL,
    similarity REAL NOT NULL,
    served INTEGER NOT NULL,
    at INTEGER NOT NULL,
    verdict TEXT
  ) STRICT;
  PRAGMA user_version = ${VERSION};`;

/**
 * Opens or makes the file; `:memory:` keeps nothing. A database that is damaged is made anew. Throws
 * `invalid_config` for a file that is no database, which is somebody's and not ours to empty.
 */
export function openCacheFile(path: string): DatabaseSync {
  try {
    return open(path);
  } catch (cause) {
    if (path !== ':memory:' && isDatabase(path)) {
      for (const ending of ['', '-wal', '-shm']) rmSync(path + ending, { force: true });
      return open(path);
    }
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FarthingError('invalid_config', `Cannot open the cache ${path}: ${why}.`, { cause });
  }
}

function open(path: string): DatabaseSync {
  // Only the owner may read what was answered.
  if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600));
  const database = new DatabaseSync(path, { timeout: 5_000 });
  try {
    // A crash of the machine may damage the file, which is then made anew: nothing waits for the disk.
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192;',
    );
    database.exec('BEGIN IMMEDIATE');
    const version = database.prepare('PRAGMA user_version').get()?.['user_version'];
    if (version !== VERSION) database.exec(TABLES);
    database.exec('COMMIT');
    const found = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
    if (found !== 'ok') throw new Error(String(found));
    database.exec(`PRAGMA busy_timeout = ${LOCK_TIMEOUT_MS}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

const SIGNATURE = 'SQLite format 3\0';

function isDatabase(path: string): boolean {
  try {
    const file = openSync(path, 'r');
    const bytes = Buffer.alloc(SIGNATURE.length);
    readSync(file, bytes, 0, bytes.length, 0);
    closeSync(file);
    return bytes.toString('latin1') === SIGNATURE;
  } catch {
    return false;
  }
}
