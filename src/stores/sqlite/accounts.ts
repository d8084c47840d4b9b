/**
 * Accounts in SQLite. Each operation is one transaction; charges are written together with the rows of
 * the calls that made them.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  type Account,
  type AccountState,
  type AccountStore,
  bucketEnd,
  bucketOf,
  droppedAt,
  type Charge,
  lastOldBucket,
  type LeaseGrant,
  type LeaseRequest,
  type Passing,
  type Seed,
} from '../account-store.ts';
import { firstCallNumber } from './call-number.ts';
import type { GroupCommit } from './group-commit.ts';
import { ulid } from '../ulid.ts';

/** A lease that was not renewed for this long belongs to a process that is gone. */
export const LEASE_MS = 10_000;
/** The part of what is free that a process takes at most when it needs less. */
const GREED = 1 / 16;

/** The accounts of one ledger file. */
export class SqliteAccounts implements AccountStore {
  /** This process, among those that share the file. */
  readonly #holder = ulid();
  readonly #commit: GroupCommit;
  readonly #statements: Statements;
  readonly #leaseMs: number;
  /** Accounts that are known to have their seed. */
  readonly #seeded = new Set<string>();

  constructor(database: DatabaseSync, commit: GroupCommit, leaseMs: number = LEASE_MS) {
    this.#commit = commit;
    this.#leaseMs = leaseMs;
    this.#statements = prepare(database);
  }

  async lease({ account, need, want }: LeaseRequest): Promise<LeaseGrant> {
    const now = Date.now();
    return this.#commit.exclusively(() => {
      const { used, leased } = this.#state(account, now);
      const free = account.limit - used - leased;
      if (free < need) return { granted: 0, used, leased };
      const granted = Math.max(need, Math.min(want, Math.floor(free * GREED)));
      this.#statements.lease.run(account.id, this.#holder, granted, now + this.#leaseMs, now);
      return { granted, used, leased: leased + granted };
    });
  }

  async giveBack(account: Account, amount: number): Promise<void> {
    this.#commit.exclusively(() => this.#takeOff(account.id, amount));
  }

  async renew(): Promise<void> {
    const now = Date.now();
    this.#commit.exclusively(() => {
      this.#statements.renew.run(now + this.#leaseMs, this.#holder);
      this.#statements.expire.run(now);
      this.#statements.dropUsage.run(now, MOST_DROPPED);
      this.#statements.dropPassings.run(now, MOST_DROPPED);
    });
  }

  async charge(charges: readonly Charge[]): Promise<void> {
    return this.#commit.add({ charges });
  }

  async state(account: Account): Promise<AccountState> {
    const now = Date.now();
    return account.seed === undefined || this.#seeded.has(account.id)
      ? this.#state(account, now)
      : this.#commit.exclusively(() => this.#state(account, now));
  }

  async freeAt(account: Account, amount: number): Promise<number> {
    let freed = 0;
    const old = lastOldBucket(account, Date.now());
    for (const { bucket, used } of this.#statements.buckets.iterate(account.id, old)) {
      freed += Number(used);
      if (freed >= amount) return bucketEnd(account, Number(bucket));
    }
    return Infinity;
  }

  async forget(id: string): Promise<void> {
    this.#commit.exclusively(() => {
      this.#statements.forgetUsage.run(id, id, id, id);
      this.#statements.forgetPassings.run(id, id, id, id);
    });
    this.#seeded.clear();
  }

  async passed({ account, threshold, at }: Passing): Promise<boolean> {
    const { id, windowMs } = account;
    const longAgo = windowMs === undefined ? NEVER : at - windowMs;
    const until = droppedAt(account, at);
    return this.#commit.exclusively(
      () => Number(this.#statements.pass.run(id, threshold, at, until, longAgo).changes) === 1,
    );
  }

  /** Writes charges, inside a transaction that is open. */
  write(charges: readonly Charge[]): void {
    for (const { account, bucket, amount } of merge(charges)) {
      this.#seed(account);
      this.#use(account, bucket, amount);
      if (amount > 0) this.#takeOff(account.id, amount);
    }
  }

  /** Gives back everything that this process has set aside. */
  release(): void {
    this.#commit.exclusively(() => this.#statements.release.run(this.#holder));
  }

  #state(account: Account, now: number): AccountState {
    this.#seed(account);
    const { id } = account;
    return {
      used: number(this.#statements.used.get(id, lastOldBucket(account, now))),
      leased: number(this.#statements.leased.get(id, now)),
    };
  }

  #use(account: Account, bucket: number, amount: number): void {
    this.#statements.use.run(account.id, bucket, amount, droppedAt(account, bucket));
  }

  #takeOff(account: string, amount: number): void {
    this.#statements.takeOff.run(amount, account, this.#holder);
  }

  /** Once for each account, inside a transaction: the calls that were made before it was kept. */
  #seed(account: Account): void {
    const { id, seed } = account;
    if (seed === undefined || this.#seeded.has(id)) return;
    // The row of bucket 0 says that it was done; it is kept as long as the account.
    if (this.#statements.has.get(id) === undefined) {
      const earlier = number(this.#statements.seed.get(...seedParameters(seed)));
      this.#use(account, 0, 0);
      this.#use(account, bucketOf(account, seed.until), earlier);
    }
    if (this.#seeded.size > 100_000) this.#seeded.clear();
    this.#seeded.add(id);
  }
}

/** A period as a range of numbers, wide enough for clocks that ran backwards, and the match. */
function seedParameters({ from, until, match }: Seed): (string | number | null)[] {
  const around = 60_000;
  return [
    firstCallNumber(from - around),
    firstCallNumber(until + around),
    from,
    until,
    match.key ?? null,
    match.task ?? null,
    JSON.stringify(match.tags ?? {}),
  ];
}

interface Statements {
  readonly used: StatementSync;
  readonly buckets: StatementSync;
  readonly leased: StatementSync;
  readonly lease: StatementSync;
  readonly takeOff: StatementSync;
  readonly renew: StatementSync;
  readonly expire: StatementSync;
  readonly release: StatementSync;
  readonly use: StatementSync;
  readonly dropUsage: StatementSync;
  readonly dropPassings: StatementSync;
  readonly forgetUsage: StatementSync;
  readonly forgetPassings: StatementSync;
  readonly has: StatementSync;
  readonly seed: StatementSync;
  readonly pass: StatementSync;
}

/** Rows dropped at once, every few seconds: more would hold up the calls in flight. */
const MOST_DROPPED = 5_000;
/** Before any time. */
const NEVER = -1;
const OF_BUDGET = "WHERE account = ? OR substr(account, 1, length(?) + 1) IN (? || '/', ? || ' ')";

function prepare(database: DatabaseSync): Statements {
  return {
    used: database.prepare(
      'SELECT coalesce(sum(used), 0) AS n FROM usage WHERE account = ? AND bucket > ?',
    ),
    buckets: database.prepare(
      'SELECT bucket, used FROM usage WHERE account = ? AND bucket > ? ORDER BY bucket',
    ),
    leased: database.prepare(
      'SELECT coalesce(sum(amount), 0) AS n FROM leases WHERE account = ? AND until > ?',
    ),
    // What an expired lease of this process was is void: others may have taken it since.
    lease: database.prepare(
      `INSERT INTO leases VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET
         amount = excluded.amount + iif(until > ?, amount, 0), until = excluded.until`,
    ),
    takeOff: database.prepare(
      'UPDATE leases SET amount = max(0, amount - ?) WHERE account = ? AND holder = ?',
    ),
    renew: database.prepare('UPDATE leases SET until = ? WHERE holder = ? AND amount > 0'),
    expire: database.prepare('DELETE FROM leases WHERE until <= ?'),
    release: database.prepare('DELETE FROM leases WHERE holder = ?'),
    use: database.prepare(
      `INSERT INTO usage (account, bucket, used, dropped_at) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET used = used + excluded.used`,
    ),
    dropUsage: database.prepare(dropOld('usage', 'account, bucket')),
    dropPassings: database.prepare(dropOld('passings', 'account, threshold')),
    forgetUsage: database.prepare(`DELETE FROM usage ${OF_BUDGET}`),
    forgetPassings: database.prepare(`DELETE FROM passings ${OF_BUDGET}`),
    has: database.prepare('SELECT 1 FROM usage WHERE account = ? AND bucket = 0'),
    seed: database.prepare(
      `SELECT coalesce(sum(cost_nano), 0) AS n FROM calls
       WHERE number >= ? AND number < ? AND started_at >= ? AND started_at < ?
         AND tenant = coalesce(?, tenant) AND task = coalesce(?, task)
         AND NOT EXISTS (SELECT 1 FROM json_each(?) AS wanted WHERE NOT EXISTS (
           SELECT 1 FROM json_each(calls.tags) AS tag
           WHERE tag.key = wanted.key AND tag.value = wanted.value))`,
    ),
    pass: database.prepare(
      `INSERT INTO passings (account, threshold, at, dropped_at) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET at = excluded.at, dropped_at = excluded.dropped_at WHERE at <= ?`,
    ),
  };
}

function number(row: Record<string, unknown> | undefined): number {
  return Number(row?.['n'] ?? 0);
}

/** Rows of a table that can be dropped at a time, so many at once. */
function dropOld(table: string, key: string): string {
  return `DELETE FROM ${table} WHERE (${key}) IN
    (SELECT ${key} FROM ${table} WHERE dropped_at <= ? LIMIT ?)`;
}

interface Merged {
  readonly account: Account;
  readonly bucket: number;
  amount: number;
}

/** Charges of one transaction on the same account and bucket are one write. */
function merge(charges: readonly Charge[]): readonly Merged[] {
  const merged: Merged[] = [];
  for (const { account, amount, at } of charges) {
    const bucket = bucketOf(account, at);
    const same = merged.find((one) => one.account.id === account.id && one.bucket === bucket);
    if (same === undefined) merged.push({ account, bucket, amount });
    else same.amount += amount;
  }
  return merged;
}
