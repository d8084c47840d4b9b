/**
 * Who works on which answer, among processes that share a store.
 *
 * @module
 */

/**
 * Claims on keys. A claim runs out by itself, so that nobody waits for a process that is gone. Nothing
 * here rejects: where the place cannot be asked, everybody works for themselves.
 */
export interface Claims {
  /** Takes a claim for so many ms; false where somebody else has it. */
  take(key: string, claim: Claim): Promise<boolean>;
  /** Keeps a claim that is still one's own from running out. */
  renew(key: string, claim: Claim): Promise<void>;
  /** Gives up a claim that is still one's own. */
  drop(key: string, claim: Pick<Claim, 'token'>): Promise<void>;
}

/** Whose a claim is, and for how long. */
export interface Claim {
  /** Known to nobody else. */
  readonly token: string;
  readonly ms: number;
}
