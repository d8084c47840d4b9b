/**
 * What this process has set aside of each account, and what it has promised to calls out of that. Calls
 * are served from memory; the store is asked only when a lease runs short. Idle leases go back within
 * {@link SWEEP_MS}, so that no process starves another.
 *
 * For each account: leased ≥ held + pending, where `held` is promised to calls in flight and `pending` is
 * charged but not written yet; what is beyond is free. An answer that costs more than was promised makes
 * the free part negative, and the next call takes a larger lease.
 *
 * @module
 */
import {
  type Account,
  type AccountState,
  type AccountStore,
  bucketOf,
  type Charge,
  lastOldBucket,
} from '../stores/account-store.ts';

/** How often idle leases are returned, in ms. */
export const SWEEP_MS = 50;
/** How long the store is left alone when it cannot be read or written, in ms: asking it holds everything up. */
export const TROUBLE_MS = 1_000;
/** How often leases are kept from running out, in ms: a third of the time after which they do. */
const RENEW_MS = 3_000;
/** After this long without a renewal (a process that was stopped) leases may have run out, in ms. */
const LOST_MS = 9_000;
/** Calls that a lease should serve where there is plenty. */
const CALLS_A_LEASE = 256;
/** An account with less than this share of its limit free gives everything idle back at once. */
const TIGHT = 1 / 20;

/** An account as this process sees it. Amounts are in its units. */
interface Local {
  readonly account: Account;
  leased: number;
  held: number;
  pending: number;
  /** Of what is pending, what is charged with the next sweep, by the bucket that it counts in. */
  readonly taken: Map<number, number>;
  /** As the store last told. */
  state: AccountState;
  /** Promised since the last sweep. */
  busy: boolean;
}

/** An amount of an account. */
export interface Part {
  readonly account: Account;
  readonly amount: number;
}

/** Why an amount cannot be had. */
export interface Lack {
  readonly account: Account;
  /** Not used yet, whoever holds it. */
  readonly left: number;
  /** True where there would be room once calls in flight have settled, here or in another process. */
  readonly isHeld: boolean;
}

/** The leases of one process. */
export class Leases {
  readonly #store: AccountStore;
  readonly #locals = new Map<string, Local>();
  #timer: NodeJS.Timeout | undefined;
  #renewedAt = Date.now();
  #sweeping = false;

  constructor(store: AccountStore) {
    this.#store = store;
  }

  /** Promises all the amounts, or none: true when all are at hand. */
  hold(parts: readonly Part[]): boolean {
    if (!this.has(parts)) return false;
    for (const { account, amount } of parts) {
      const local = this.#local(account);
      local.held += amount;
      local.busy = true;
    }
    return true;
  }

  /** Takes back a promise. */
  release(parts: readonly Part[]): void {
    for (const { account, amount } of parts) this.#local(account).held -= amount;
  }

  /** Gets leases from the store until all the amounts are at hand; undefined when they are. */
  async fetch(parts: readonly Part[]): Promise<Lack | undefined> {
    await this.#dropLost();
    for (const { account, amount } of parts) {
      const need = amount - free(this.#local(account));
      if (need <= 0 || amount === 0) continue;
      const want = Math.max(need, amount * CALLS_A_LEASE);
      const { granted, used, leased } = await this.#store.lease({ account, need, want });
      // Looked up anew: a sweep may have forgotten the account meanwhile.
      const local = this.#local(account);
      local.state = { used, leased };
      local.leased += granted;
      local.busy = true;
      if (granted > 0) continue;
      const left = account.limit - used - local.pending;
      return { account, left, isHeld: amount <= left };
    }
    return undefined;
  }

  /**
   * Uses amounts at once, without waiting for them to be written: they are charged with the next sweep.
   * For what may be lost by a crash. An amount may be negative: it corrects one that was taken at the same
   * time `at` (ms since the epoch), so that both leave the account's window together.
   */
  take(parts: readonly Part[], at: number = Date.now()): void {
    for (const { account, amount } of parts) {
      const bucket = bucketOf(account, at);
      if (bucket <= lastOldBucket(account, Date.now())) continue;
      const local = this.#local(account);
      local.pending += amount;
      local.taken.set(bucket, (local.taken.get(bucket) ?? 0) + amount);
      local.busy = true;
    }
  }

  /** True when all the amounts are at hand; nothing always is. */
  has(parts: readonly Part[]): boolean {
    return parts.every(
      ({ account, amount }) =>
        amount === 0 || (free(this.#local(account)) >= amount && !this.#isLost()),
    );
  }

  /** Notes amounts that are about to be charged. */
  charged(charges: readonly Charge[]): void {
    for (const { account, amount } of charges) this.#local(account).pending += amount;
  }

  /** Notes that they were written: they are off the lease, in the store and here. */
  written(charges: readonly Charge[]): void {
    for (const { account, amount } of charges) {
      const local = this.#local(account);
      local.pending -= amount;
      const off = amount > 0 ? Math.min(local.leased, amount) : 0;
      local.leased -= off;
      const { used, leased } = local.state;
      local.state = { used: used + amount, leased: leased - off };
    }
  }

  /** What is left of an account as far as this process knows, without asking. */
  leftOf(account: Account): number {
    const { state, leased, held, pending } = this.#local(account);
    const ofOthers = Math.max(0, state.leased - leased);
    return Math.max(0, account.limit - state.used - ofOthers - held - pending);
  }

  /** Charges what was taken, and sweeps no more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#chargeTaken();
  }

  #local(account: Account): Local {
    let local = this.#locals.get(account.id);
    if (local === undefined) {
      const state = { used: 0, leased: 0 };
      local = { account, leased: 0, held: 0, pending: 0, taken: new Map(), state, busy: false };
      if (this.#locals.size === 0) this.#renewedAt = Date.now();
      this.#locals.set(account.id, local);
      this.#start();
    }
    return local;
  }

  #start(ms: number = SWEEP_MS): void {
    this.#timer ??= setTimeout(() => void this.#sweep(), ms).unref();
  }

  /** Returns what is idle, forgets accounts that nobody uses, renews the rest. */
  async #sweep(): Promise<void> {
    this.#timer = undefined;
    if (this.#sweeping) return;
    this.#sweeping = true;
    try {
      await this.#dropLost();
      this.#chargeTaken();
      for (const local of this.#locals.values()) await this.#giveBackIdle(local);
      if (this.#locals.size > 0 && Date.now() - this.#renewedAt > RENEW_MS) {
        await this.#store.renew();
        this.#renewedAt = Date.now();
      }
    } catch {
      // The file is locked or the disk full: a later sweep tries again.
      this.#start(TROUBLE_MS);
    } finally {
      this.#sweeping = false;
    }
    if (this.#locals.size > 0) this.#start();
  }

  #chargeTaken(): void {
    const charges: Charge[] = [];
    for (const { account, taken } of this.#locals.values()) {
      for (const [at, amount] of taken) if (amount !== 0) charges.push({ account, amount, at });
      taken.clear();
    }
    if (charges.length > 0) void this.#store.charge(charges).then(() => this.written(charges));
  }

  #isLost(): boolean {
    return Date.now() - this.#renewedAt >= LOST_MS;
  }

  /**
   * After a long stop the store may have given leases to others: nothing is at hand any more. What has
   * not run out goes back, or the next renewal would keep it for nobody.
   */
  async #dropLost(): Promise<void> {
    if (!this.#isLost()) return;
    this.#renewedAt = Date.now();
    const lost: Part[] = [];
    for (const local of this.#locals.values()) {
      if (local.leased > 0) lost.push({ account: local.account, amount: local.leased });
      local.leased = 0;
    }
    for (const { account, amount } of lost) await this.#store.giveBack(account, amount);
  }

  async #giveBackIdle(local: Local): Promise<void> {
    const { account, busy, state } = local;
    local.busy = false;
    const idle = free(local);
    const isTight = account.limit - state.used - state.leased < account.limit * TIGHT;
    if (idle > 0 && (!busy || isTight)) {
      // Off first, so that nobody is promised it meanwhile.
      local.leased -= idle;
      try {
        await this.#store.giveBack(account, idle);
      } catch (error) {
        local.leased += idle;
        throw error;
      }
      const { used, leased } = local.state;
      local.state = { used, leased: leased - idle };
    }
    const isUnused = !busy && local.leased === 0 && local.held === 0 && local.pending === 0;
    if (isUnused) this.#locals.delete(account.id);
  }
}

function free({ leased, held, pending }: Local): number {
  return leased - held - pending;
}
