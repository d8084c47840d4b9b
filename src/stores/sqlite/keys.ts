/**
 * Virtual keys in SQLite, in the ledger's own file.
 *
 * @module
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { FarthingError } from '../../errors.ts';
import { nearest } from '../../pricing/nearest.ts';
import { checkKeyRequest } from '../key-request.ts';
import { looksLikeSecret, newSecret, secretHash, secretPrefix } from '../key-secret.ts';
import type { Credential, IssuedKey, KeyRecord, KeyRequest, KeyStore } from '../key-store.ts';
import { ulid } from '../ulid.ts';

type Row = Readonly<Record<string, SQLOutputValue>>;

/** Keys in a database that has `KEY_TABLES`. The database is closed by whoever opened it. */
export class SqliteKeys implements KeyStore {
  readonly #database: DatabaseSync;
  readonly #now: () => number;
  readonly #find: StatementSync;
  readonly #version: StatementSync;

  /** `now` tells milliseconds since the epoch. */
  constructor(database: DatabaseSync, now: () => number = Date.now) {
    this.#database = database;
    this.#now = now;
    this.#find = database.prepare(
      'SELECT k.*, s.valid_until FROM key_secrets s JOIN keys k ON k.id = s.key_id WHERE s.hash = ?',
    );
    this.#version = database.prepare('SELECT version FROM key_changes');
  }

  async create(wanted: KeyRequest): Promise<IssuedKey> {
    const now = this.#now();
    checkKeyRequest(wanted, now);
    const id = ulid(now);
    const secret = newSecret();
    return this.#change(() => {
      this.#refuseTaken(wanted.name);
      this.#database
        .prepare(
          `INSERT INTO keys (id, name, prefix, models, tasks, tags, created_at, expires_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          id,
          wanted.name,
          secretPrefix(secret),
          wanted.models === undefined ? null : JSON.stringify(wanted.models),
          wanted.tasks === undefined ? null : JSON.stringify(wanted.tasks),
          JSON.stringify(wanted.tags ?? {}),
          now,
          wanted.expiresAt ?? null,
        );
      this.#keep(secret, id);
      return { key: this.#require(id), secret };
    });
  }

  async list(): Promise<readonly KeyRecord[]> {
    return this.#database.prepare('SELECT * FROM keys ORDER BY id').all().map(readKey);
  }

  async find(hash: string): Promise<Credential | undefined> {
    const row = this.#find.get(hash);
    return row === undefined
      ? undefined
      : { key: readKey(row), validUntil: time(row, 'valid_until') };
  }

  async revoke(idOrName: string): Promise<KeyRecord> {
    return this.#change(() => {
      const { id, revokedAt } = this.#require(idOrName);
      if (revokedAt === undefined) {
        this.#database.prepare('UPDATE keys SET revoked_at = ? WHERE id = ?').run(this.#now(), id);
      }
      return this.#require(id);
    });
  }

  async rotate(idOrName: string, graceMs = 0): Promise<IssuedKey> {
    const now = this.#now();
    const secret = newSecret();
    return this.#change(() => {
      const key = this.#require(idOrName);
      refuseEnded(key, now);
      // A secret that an earlier rotation ends sooner is not given more time.
      this.#database
        .prepare(
          'UPDATE key_secrets SET valid_until = min(ifnull(valid_until, ?1), ?1) WHERE key_id = ?2',
        )
        .run(now + graceMs, key.id);
      this.#keep(secret, key.id);
      this.#database
        .prepare('UPDATE keys SET prefix = ?, rotated_at = ? WHERE id = ?')
        .run(secretPrefix(secret), now, key.id);
      return { key: this.#require(key.id), secret };
    });
  }

  async version(): Promise<number> {
    return Number(this.#version.get()?.['version']);
  }

  async markUsed(uses: ReadonlyMap<string, number>): Promise<void> {
    const write = this.#database.prepare(
      'UPDATE keys SET last_used_at = max(ifnull(last_used_at, 0), ?) WHERE id = ?',
    );
    this.#transaction(() => {
      for (const [id, usedAt] of uses) write.run(usedAt, id);
    });
  }

  #keep(secret: string, id: string): void {
    this.#database
      .prepare('INSERT INTO key_secrets (hash, key_id) VALUES (?, ?)')
      .run(secretHash(secret), id);
  }

  #refuseTaken(name: string): void {
    const row = this.#database.prepare('SELECT * FROM keys WHERE name = ?').get(name);
    if (row === undefined) return;
    const revoked = readKey(row).revokedAt === undefined ? '' : ' by a revoked key';
    throw new FarthingError(
      'invalid_value',
      `The name "${name}" is taken${revoked}. A name is given once for ever, because the ledger's rows ` +
        'carry it: take another, or rotate the key for a new secret.',
      { param: 'name' },
    );
  }

  #require(idOrName: string): KeyRecord {
    const row = this.#database
      .prepare('SELECT * FROM keys WHERE id = ?1 OR name = ?1')
      .get(idOrName);
    if (row !== undefined) return readKey(row);
    if (looksLikeSecret(idOrName)) {
      throw new FarthingError('invalid_value', 'Give the name or the id of a key, not its secret.');
    }
    const names = this.#database.prepare('SELECT name FROM keys').all();
    const close = nearest(
      idOrName,
      names.map(({ name }) => String(name)),
    );
    const hint = close === undefined ? 'See `farthing keys list`.' : `Did you mean "${close}"?`;
    throw new FarthingError('invalid_value', `There is no key "${idOrName}". ${hint}`);
  }

  /** A transaction that others notice. The counter's row is locked until it ends, so versions never go back. */
  #change<Result>(work: () => Result): Result {
    return this.#transaction(() => {
      this.#database.exec('UPDATE key_changes SET version = version + 1');
      return work();
    });
  }

  #transaction<Result>(work: () => Result): Result {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}

function refuseEnded({ name, revokedAt, expiresAt }: KeyRecord, now: number): void {
  const ended =
    revokedAt !== undefined
      ? 'was revoked'
      : expiresAt !== undefined && expiresAt <= now
        ? 'has expired'
        : undefined;
  if (ended === undefined) return;
  throw new FarthingError(
    'invalid_value',
    `The key "${name}" ${ended}, and a new secret would not work either: create another key.`,
  );
}

function readKey(row: Row): KeyRecord {
  const expiresAt = time(row, 'expires_at');
  const revokedAt = time(row, 'revoked_at');
  const rotatedAt = time(row, 'rotated_at');
  const lastUsedAt = time(row, 'last_used_at');
  return {
    id: String(row['id']),
    name: String(row['name']),
    prefix: String(row['prefix']),
    models: globs(row['models']),
    tasks: globs(row['tasks']),
    tags: JSON.parse(String(row['tags'])) as Record<string, string>,
    createdAt: Number(row['created_at']),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(revokedAt === undefined ? {} : { revokedAt }),
    ...(rotatedAt === undefined ? {} : { rotatedAt }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
  };
}

function time(row: Row, column: string): number | undefined {
  const value = row[column] ?? null;
  return value === null ? undefined : Number(value);
}

function globs(value: SQLOutputValue | undefined): readonly string[] | undefined {
  return typeof value === 'string' ? (JSON.parse(value) as string[]) : undefined;
}
