/**
 * How far up their ladders calls had to go.
 *
 * @module
 */
import type { Task } from '../config/config.ts';
import type { LedgerStore } from '../stores/ledger-store.ts';
import type { TierShare } from '../stores/report.ts';

/** The time that is looked back on, in ms. */
const BACK_MS = 30 * 86_400_000;
/** How long what was read holds, in ms: quotes may come often. */
const FRESH_MS = 10_000;

/** What is known of one task. */
export interface TaskHistory {
  /** Answered calls. */
  readonly calls: number;
  /** Share of them that came to a tier (index from 0) or beyond; null where there were none. */
  readonly reached: (tier: number) => number | null;
}

/** Reads it from the ledger's sums. */
export class TierHistory {
  readonly #ledger: LedgerStore;
  #tasks: ReadonlyMap<string, readonly TierShare[]> = new Map();
  #readAt = -Infinity;

  constructor(ledger: LedgerStore) {
    this.#ledger = ledger;
  }

  /** The history of a task, some seconds old at most. */
  of({ name }: Task): TaskHistory {
    const tiers = this.#read().get(name) ?? [];
    const sum = (some: readonly TierShare[]): number =>
      some.reduce((calls, one) => calls + one.calls, 0);
    const calls = sum(tiers);
    return {
      calls,
      reached: (tier) =>
        calls === 0 ? null : sum(tiers.filter((answered) => answered.tier >= tier)) / calls,
    };
  }

  #read(): ReadonlyMap<string, readonly TierShare[]> {
    const now = Date.now();
    if (now - this.#readAt > FRESH_MS) {
      const { rows } = this.#ledger.report({ by: 'task', since: now - BACK_MS });
      this.#tasks = new Map(rows.map(({ group, tiers }) => [group, tiers]));
      this.#readAt = now;
    }
    return this.#tasks;
  }
}
