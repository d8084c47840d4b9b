/**
 * Tells once when so much of a budget is spent: once in its period, or in each stretch of time as long as its
 * window.
 *
 * @module
 */
import type { AccountStore } from '../stores/account-store.ts';
import type { BudgetAccount } from './account-book.ts';

/** A share of a budget that was passed. Field names are the webhook's JSON. */
export interface BudgetEvent {
  readonly budget: string;
  /** The budget's account: for one for each key or user, which. */
  readonly account: string;
  /** Share of the limit, 0 to 1. */
  readonly threshold: number;
  readonly limit_nano_usd: number;
  readonly spent_nano_usd: number;
  /** True where calls are refused from here on. */
  readonly exhausted: boolean;
  /** ISO 8601; null where the budget does not renew at a time. */
  readonly renews_at: string | null;
}

/** Delivers an event; must not throw. */
export type Tell = (event: BudgetEvent, url: string) => void;

/** How long after a charge its account is looked at, in ms: one look serves many charges. */
const LOOK_AFTER_MS = 100;

/** Watches budgets that have a webhook. */
export class Thresholds {
  readonly #store: AccountStore;
  readonly #tell: Tell;
  readonly #touched = new Map<string, BudgetAccount>();
  #timer: NodeJS.Timeout | undefined;

  constructor(store: AccountStore, tell: Tell) {
    this.#store = store;
    this.#tell = tell;
  }

  /** Notes that something was charged. */
  touched(account: BudgetAccount): void {
    if (account.budget.webhook === undefined) return;
    this.#touched.set(account.account.id, account);
    this.#timer ??= setTimeout(() => void this.look(), LOOK_AFTER_MS).unref();
  }

  /** Looks at all accounts that were touched. Never rejects. */
  async look(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const accounts = [...this.#touched.values()];
    this.#touched.clear();
    for (const account of accounts) {
      try {
        await this.#lookAt(account);
      } catch {
        // The accounts cannot be read now; the next charge makes it look again.
      }
    }
  }

  async #lookAt({ account, budget, renewsAt }: BudgetAccount): Promise<void> {
    const { used } = await this.#store.state(account);
    for (const threshold of budget.warnAt) {
      if (used < threshold * budget.limitNano || budget.webhook === undefined) return;
      if (!(await this.#store.passed({ account, threshold, at: Date.now() }))) continue;
      this.#tell(
        {
          budget: budget.id,
          account: account.id,
          threshold,
          limit_nano_usd: budget.limitNano,
          spent_nano_usd: used,
          exhausted: budget.hard && used >= budget.limitNano,
          renews_at: Number.isFinite(renewsAt) ? new Date(renewsAt).toISOString() : null,
        },
        budget.webhook,
      );
    }
  }
}
