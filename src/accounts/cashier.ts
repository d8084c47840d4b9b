/**
 * Budgets and limits of one gateway: what a call is admitted by, and what it is charged to in the end.
 *
 * @module
 */
import { type Call, NO_TIER, type Receipt } from '../call.ts';
import type { Spending } from '../config/spending.ts';
import type { PriceLookup } from '../pricing/price-lookup.ts';
import type { Charge } from '../stores/account-store.ts';
import type { Stores } from '../stores/stores.ts';
import { AccountBook } from './account-book.ts';
import { Budgets } from './budgets.ts';
import { keptSince } from './kept-since.ts';
import { Leases } from './leases.ts';
import { Lengths } from './lengths.ts';
import { Limits } from './limits.ts';
import { type Tell, Thresholds } from './thresholds.ts';

/** What a cashier works with. */
export interface CashierParts {
  readonly spending: Spending;
  readonly stores: Stores;
  readonly prices: PriceLookup;
  /** Told when a share of a budget is spent. */
  readonly tell: Tell;
}

/** Name under which the ledger keeps what was learned about lengths. */
const LENGTHS = 'lengths';
/** How often that is written, in ms, where something was learned: for quotes of other processes, and after a crash. */
const KEEP_LENGTHS_MS = 15_000;

/** Everything that admits and charges. */
export class Cashier {
  readonly book: AccountBook;
  readonly budgets: Budgets;
  readonly limits: Limits;
  readonly lengths: Lengths;
  readonly #stores: Stores;
  readonly #leases: Leases;
  readonly #thresholds: Thresholds;
  #keeping: NodeJS.Timeout | undefined;

  constructor({ spending, stores, prices, tell }: CashierParts) {
    const { ledger, accounts: store } = stores;
    this.#stores = stores;
    this.book = new AccountBook(spending, keptSince(spending.budgets, stores));
    this.lengths = Lengths.from(ledger.load(LENGTHS));
    this.#leases = new Leases(store);
    this.#thresholds = new Thresholds(store, tell);
    const parts = { book: this.book, leases: this.#leases, store, lengths: this.lengths };
    this.budgets = new Budgets({ ...parts, prices });
    this.limits = new Limits(parts);
  }

  /** Everything that a settled call is charged to; gives back what was set aside for it. */
  settle(call: Call, receipt: Receipt): readonly Charge[] {
    for (const attempt of call.trace.attempts) {
      // What no tier asked was another request than the call's.
      if (attempt.tier !== NO_TIER) this.lengths.learn(call, attempt);
    }
    this.#keeping ??= setTimeout(() => this.#keepLengths(), KEEP_LENGTHS_MS).unref();
    this.limits.settle(call);
    return this.budgets.settle(call, receipt);
  }

  /** To be told once charges are written. */
  written(charges: readonly Charge[]): void {
    if (charges.length === 0) return;
    this.#leases.written(charges);
    this.budgets.settled();
    for (const { account } of charges) {
      const budget = this.book.budgetOf(account);
      if (budget !== undefined) this.#thresholds.touched(budget);
    }
  }

  /** Ends its timers, tells of what is still untold, and keeps what was learned. */
  async close(): Promise<void> {
    this.budgets.stop();
    this.#leases.stop();
    await this.#thresholds.look();
    this.#keepLengths();
  }

  #keepLengths(): void {
    clearTimeout(this.#keeping);
    this.#keeping = undefined;
    try {
      this.#stores.ledger.save(LENGTHS, this.lengths.serialize());
    } catch {
      // The file is locked or the disk full: what was learned is no money, and is kept next time.
    }
  }
}
