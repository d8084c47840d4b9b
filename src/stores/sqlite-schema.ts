/**
 * The ledger's tables, as numbered migrations. A migration that has shipped never changes.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import { FarthingError } from '../errors.ts';

/** Token columns of `attempts`, in the order of `TOKEN_CLASSES`. */
export const TOKEN_COLUMNS = [
  'input',
  'cache_read',
  'cache_write_5m',
  'cache_write_30m',
  'cache_write_1h',
  'cache_write_12h',
  'input_audio',
  'input_image',
  'output',
  'reasoning',
  'output_audio',
] as const;

const MIGRATIONS: readonly string[] = [
  `CREATE TABLE calls (
     id TEXT PRIMARY KEY,
     started_at INTEGER NOT NULL,
     duration_ms INTEGER NOT NULL,
     tenant TEXT NOT NULL,
     operation TEXT NOT NULL,
     task TEXT NOT NULL,
     template TEXT,
     requested_model TEXT NOT NULL,
     model TEXT,
     provider TEXT,
     tier INTEGER,
     stream INTEGER NOT NULL,
     status INTEGER NOT NULL,
     error_code TEXT,
     outcome TEXT,
     capped INTEGER NOT NULL,
     tags TEXT NOT NULL,
     reference_model TEXT,
     reference_nano INTEGER,
     reference_source TEXT NOT NULL,
     attempts INTEGER NOT NULL,
     cost_nano INTEGER NOT NULL,
     counted_reference_nano INTEGER NOT NULL,
     priced INTEGER NOT NULL,
     escalated INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE attempts (
     call_id TEXT NOT NULL,
     seq INTEGER NOT NULL,
     provider TEXT NOT NULL,
     model TEXT NOT NULL,
     model_id TEXT NOT NULL,
     answered_by TEXT,
     tier INTEGER NOT NULL,
     started_at INTEGER NOT NULL,
     first_byte_ms INTEGER,
     duration_ms INTEGER NOT NULL,
     status INTEGER,
     error_code TEXT,
     outcome TEXT,
     reasons TEXT,
     ${TOKEN_COLUMNS.map((column) => `${column} INTEGER NOT NULL`).join(', ')},
     usage_source TEXT NOT NULL,
     cost_nano INTEGER,
     computed_nano INTEGER,
     reported_nano INTEGER,
     price_id TEXT,
     service_tier TEXT,
     PRIMARY KEY (call_id, seq)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE documents (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;`,
];

/** Brings a database to the newest version. Throws `invalid_config` for one that is newer still. */
export function migrate(database: DatabaseSync): void {
  const row = database.prepare('PRAGMA user_version').get() as { user_version: number };
  const version = row.user_version;
  if (version > MIGRATIONS.length) {
    throw new FarthingError(
      'invalid_config',
      `The ledger was written by a newer Farthing (format ${version}, this one knows ${MIGRATIONS.length}).`,
    );
  }
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN IMMEDIATE; ${migration} PRAGMA user_version = ${index + 1}; COMMIT;`);
  }
}
