/**
 * Accounts: what has been used of a budget or a limit, and what processes have set aside of it. Budgets
 * count nano-dollars, limits count requests or tokens; the arithmetic is the same.
 *
 * A process does not ask the store for every call. It takes a *lease*, an amount set aside for it alone,
 * and gives out of that by itself; what was used is charged when a call is settled, in the same
 * transaction as the call's rows. A lease that is not renewed runs out, so that a process that was
 * killed gives back what it had.
 *
 * @module
 */

/** Something of which a limited amount may be used. */
export interface Account {
  /** Unique; a calendar period's accounts carry its start in their id. */
  readonly id: string;
  /** What may be used; Infinity where usage is only counted. */
  readonly limit: number;
  /** How long usage counts, in ms; undefined where it counts for good. */
  readonly windowMs: number | undefined;
  /** When the period it is of is over, in ms since the epoch. @default never */
  readonly endsAt?: number;
  /** Calls of before the account was kept, which count as well. @default none */
  readonly seed?: Seed;
}

/** Calls in the ledger whose cost an account starts with. */
export interface Seed {
  /** Milliseconds since the epoch, inclusive. */
  readonly from: number;
  /** Exclusive: from here on the account is charged call by call. */
  readonly until: number;
  readonly match: AccountMatch;
}

/** Whose calls an account counts; every part that is given must hold. */
export interface AccountMatch {
  /** The key's name. */
  readonly key?: string;
  readonly task?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** An amount that was used, or (negative) a correction of an earlier charge. */
export interface Charge {
  readonly account: Account;
  readonly amount: number;
  /** Milliseconds since the epoch at which it counts. */
  readonly at: number;
}

/** What is known of an account, within its window. */
export interface AccountState {
  /** Charged so far. */
  readonly used: number;
  /** Set aside by all processes and not charged yet. */
  readonly leased: number;
}

/** A wish to set something aside. */
export interface LeaseRequest {
  readonly account: Account;
  /** The least that is of use. */
  readonly need: number;
  /** What would be taken where there is plenty. */
  readonly want: number;
}

/** What was set aside, 0 or at least what was needed, and the account after that. */
export interface LeaseGrant extends AccountState {
  readonly granted: number;
}

/** A threshold that an account has passed, for which nobody has been told yet. */
export interface Passing {
  readonly account: Account;
  /** Share of the limit: 0.8. */
  readonly threshold: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A place for accounts. All processes on one store share them. */
export interface AccountStore {
  /**
   * Sets aside `need` to `want` for this process, if limit − used − leased allows, in one atomic step.
   * Takes more than needed only while plenty is left, so that processes do not starve each other.
   */
  lease(request: LeaseRequest): Promise<LeaseGrant>;
  /** Returns a part of this process's lease. */
  giveBack(account: Account, amount: number): Promise<void>;
  /** Keeps this process's leases from running out, and drops some of what no longer counts for anybody. */
  renew(): Promise<void>;
  /** Charges accounts, and takes the amounts off this process's leases. Durable with the next group commit. */
  charge(charges: readonly Charge[]): Promise<void>;
  state(account: Account): Promise<AccountState>;
  /**
   * When so much of what is used leaves the account's window, in ms since the epoch; Infinity where that
   * never happens by itself.
   */
  freeAt(account: Account, amount: number): Promise<number>;
  /** Forgets all accounts of a budget, which is kept anew: `id` and what begins with it and `/` or a space. */
  forget(id: string): Promise<void>;
  /**
   * True for the first process that says an account has passed a threshold. After that false: for ever, or
   * where the account has a window for as long as that.
   */
  passed(passing: Passing): Promise<boolean>;
}

/** Finest division of a window that usage is counted in: a second. */
const LEAST_BUCKET_MS = 1000;
/** Buckets that a window has at most. */
const MOST_BUCKETS = 720;

/**
 * The start of the bucket that usage at a time is counted in; 0 for accounts without a window. A bucket
 * counts until its last moment is out of the window, so that a limit is never exceeded by rounding.
 */
export function bucketOf({ windowMs }: Account, at: number): number {
  if (windowMs === undefined) return 0;
  const size = bucketSize(windowMs);
  return Math.floor(at / size) * size;
}

/** Buckets that start at or before this no longer count at a time. */
export function lastOldBucket({ windowMs }: Account, now: number): number {
  return windowMs === undefined ? -1 : now - windowMs - bucketSize(windowMs);
}

/** When what was counted in a bucket no longer counts, in ms since the epoch. */
export function bucketEnd({ windowMs }: Account, bucket: number): number {
  return windowMs === undefined ? Infinity : bucket + windowMs + bucketSize(windowMs);
}

/** Calls that began before an account's period was over are charged to it until then, in ms after its end. */
const SETTLED_MS = 86_400_000;

/** When what was counted in a bucket can be dropped, in ms since the epoch; null: never. */
export function droppedAt(account: Account, bucket: number): number | null {
  if (account.windowMs === undefined) {
    return account.endsAt === undefined ? null : account.endsAt + SETTLED_MS;
  }
  // Bucket 0 is a mark, see `SqliteAccounts`.
  return bucket === 0 ? null : bucketEnd(account, bucket);
}

function bucketSize(windowMs: number): number {
  return Math.max(LEAST_BUCKET_MS, Math.ceil(windowMs / MOST_BUCKETS));
}
