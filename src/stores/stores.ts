/**
 * Everything that outlives a process, in one place: the ledger, accounts, keys.
 *
 * @module
 */
import type { AccountStore } from './account-store.ts';
import type { KeyStore } from './key-store.ts';
import type { LedgerStore } from './ledger-store.ts';

/** The stores of one gateway. Several processes may share what is behind them. */
export interface Stores {
  readonly ledger: LedgerStore;
  readonly accounts: AccountStore;
  readonly keys: KeyStore;
  /** Writes everything out, gives back this process's leases, and closes. */
  close(): Promise<void>;
}
