/**
 * The tables of virtual keys.
 *
 * @module
 */

/**
 * Run once on a database. Secrets have a table of their own, because after a rotation a key has two for
 * a while. `keys` rows are never deleted: the ledger's rows carry the name. `key_changes` is one row,
 * counted up in the transaction of every change.
 */
export const KEY_TABLES = `
  CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    prefix TEXT NOT NULL,
    models TEXT,
    tasks TEXT,
    tags TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    rotated_at INTEGER,
    last_used_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE key_secrets (
    hash TEXT PRIMARY KEY,
    key_id TEXT NOT NULL REFERENCES keys (id),
    valid_until INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX key_secrets_by_key ON key_secrets (key_id);
  CREATE TABLE key_changes (version INTEGER NOT NULL) STRICT;
  INSERT INTO key_changes VALUES (0);`;
