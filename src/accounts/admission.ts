/**
 * Admission to accounts: at once where there is room; later where room will come when calls in flight
 * settle; never where what is left is not enough.
 *
 * @module
 */
import { clientGone, type Departure } from '../departure.ts';
import { FarthingError } from '../errors.ts';
import type { Account } from '../stores/account-store.ts';
import { type Lack, type Leases, type Part, TROUBLE_MS } from './leases.ts';

/** How often those who wait look again for what other processes gave back, in ms. */
const LOOK_EVERY_MS = 20;
/** How long a call waits for others to settle, in ms. */
const LONGEST_WAIT_MS = 30_000;

/** Somebody who wants an amount of several accounts. */
export interface Applicant {
  readonly accounts: readonly Account[];
  /** What is wanted, asked for at every try: meanwhile more may have been learned. */
  readonly amount: () => Wanted;
  readonly departure: Departure;
  /** The error for what can never be had. */
  readonly refuse: (lack: Lack, amount: number) => Promise<FarthingError>;
}

/** An amount, and the least that it can be. A guess is cut to what is left, but never below that. */
export interface Wanted {
  readonly amount: number;
  /** Equal to the amount where that is no guess. */
  readonly least: number;
}

/** What was promised: to be released when it is settled. */
export type Promised = readonly Part[];

interface Waiting {
  readonly applicant: Applicant;
  readonly until: number;
  readonly resolve: (promised: Promised) => void;
  readonly reject: (error: FarthingError) => void;
}

/** The queue in front of the accounts; first come, first served within each account. */
export class Admission {
  readonly #leases: Leases;
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;
  #isPumping = false;
  #mayPump = false;
  /** True while the accounts cannot be read. */
  #inTrouble = false;

  constructor(leases: Leases) {
    this.#leases = leases;
  }

  /** What is promised where there is room at once and nobody waits; else undefined. */
  admitNow(accounts: readonly Account[], amount: number): Promised | undefined {
    if (this.#waiting.size > 0) return undefined;
    const parts = partsOf(accounts, amount);
    return this.#leases.hold(parts) ? parts : undefined;
  }

  /** Tells that calls were settled: there may be room. */
  settled(): void {
    if (this.#waiting.size > 0 && !this.#inTrouble) void this.#pump();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /**
   * Resolves with what is promised from here on. Rejects with the applicant's own error, `budget_busy`
   * after too long a wait, or `client_disconnected`.
   */
  async admit(applicant: Applicant): Promise<Promised> {
    return new Promise<Promised>((resolve, reject) => {
      const { departure } = applicant;
      const end = (): void => {
        this.#waiting.delete(waiting);
        departure.forget(leave);
      };
      const waiting: Waiting = {
        applicant,
        until: Date.now() + LONGEST_WAIT_MS,
        resolve: (promised) => {
          end();
          resolve(promised);
        },
        reject: (error) => {
          end();
          reject(error);
        },
      };
      const leave = (): void => waiting.reject(clientGone());
      if (departure.left) return reject(clientGone());
      departure.listen(leave);
      this.#waiting.add(waiting);
      void this.#pump();
    });
  }

  /** Goes through the queue until nothing more can be decided now. */
  async #pump(): Promise<void> {
    this.#mayPump = true;
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#mayPump) {
      this.#mayPump = false;
      await this.#goThrough();
    }
    this.#isPumping = false;
    if (this.#waiting.size === 0) return;
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        void this.#pump();
      },
      this.#inTrouble ? TROUBLE_MS : LOOK_EVERY_MS,
    );
  }

  async #goThrough(): Promise<void> {
    const blocked = new Set<string>();
    this.#inTrouble = false;
    for (const waiting of this.#waiting) {
      if (Date.now() > waiting.until) waiting.reject(busy());
      else if (!this.#inTrouble && !waiting.applicant.accounts.some(({ id }) => blocked.has(id))) {
        const lack = await this.#tryToDecide(waiting);
        if (lack !== undefined) blocked.add(lack.account.id);
      }
    }
  }

  /** A hard budget that cannot be read lets nobody through: whoever waits waits on. */
  async #tryToDecide(waiting: Waiting): Promise<Lack | undefined> {
    try {
      return await this.#decide(waiting);
    } catch {
      this.#inTrouble = true;
      return undefined;
    }
  }

  /** Admits or refuses; what is lacking where it must wait. */
  async #decide(waiting: Waiting): Promise<Lack | undefined> {
    const { accounts, amount: wanted, refuse } = waiting.applicant;
    const { amount: first, least } = wanted();
    let amount = first;
    for (;;) {
      const parts = partsOf(accounts, amount);
      const lack = await this.#leases.fetch(parts);
      // The client may have left meanwhile, and others may have been quicker.
      if (!this.#waiting.has(waiting)) return undefined;
      if (lack === undefined) {
        if (!this.#leases.hold(parts)) continue;
        waiting.resolve(parts);
        return undefined;
      }
      if (lack.isHeld) return lack;
      // A guess must not keep anybody from a budget that is not spent.
      if (lack.left >= least && lack.left > 0) amount = lack.left;
      else {
        waiting.reject(await refuse(lack, amount));
        return undefined;
      }
    }
  }
}

function partsOf(accounts: readonly Account[], amount: number): readonly Part[] {
  return accounts.map((account) => ({ account, amount }));
}

function busy(): FarthingError {
  return new FarthingError(
    'budget_busy',
    'All that is left of the budget is set aside for calls in flight; try again in a moment.',
    { retryAfterMs: 1000 },
  );
}
