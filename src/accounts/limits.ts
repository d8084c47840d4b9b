/**
 * Rate limits: requests and tokens of the last minute. A request counts when it comes; its tokens count
 * as expected then, and are put right when it is settled. Counts are written some times a second: what a
 * crash loses of them is no money.
 *
 * @module
 */
import type { Call } from '../call.ts';
import { FarthingError } from '../errors.ts';
import { inputTokens, outputTokens } from '../pricing/usage.ts';
import type { Account, AccountStore } from '../stores/account-store.ts';
import type { AccountBook, LimitAccounts } from './account-book.ts';
import type { Lack, Leases, Part } from './leases.ts';
import type { Lengths } from './lengths.ts';
import { spenderOf } from './whose.ts';

/** What limits work with. */
export interface LimitParts {
  readonly book: AccountBook;
  readonly leases: Leases;
  readonly store: AccountStore;
  readonly lengths: Lengths;
}

/** What a call may still do, in the words of OpenAI's headers. */
type Counted = 'requests' | 'tokens';

const MINUTE_MS = 60_000;

/** Keeps calls within their limits. */
export class Limits {
  readonly #parts: LimitParts;

  constructor(parts: LimitParts) {
    this.#parts = parts;
  }

  /** Counts a call. Throws `rate_limit_exceeded` where it is one too many; then nothing is counted. */
  async admit(call: Call): Promise<void> {
    const limits = this.#of(call);
    if (limits.length === 0) return;
    const tokens = this.#expectedTokens(call);
    const parts = partsOf(limits, tokens);
    while (!this.#parts.leases.has(parts) && (await this.#fetch(limits, parts)));
    this.#parts.leases.take(parts, call.startedAt);
    call.trace.countedTokens = tokens;
    call.trace.limitHeaders = this.#headers(limits);
  }

  /** Puts the tokens that were counted right, by those that were used. */
  settle(call: Call): void {
    const counted = call.trace.countedTokens;
    if (counted === undefined) return;
    let amount = -counted;
    for (const { usage } of call.trace.attempts) {
      if (usage !== undefined) amount += inputTokens(usage.tokens) + outputTokens(usage.tokens);
    }
    if (amount === 0) return;
    for (const { tokens } of this.#of(call)) {
      if (tokens !== undefined)
        this.#parts.leases.take([{ account: tokens, amount }], call.startedAt);
    }
  }

  /** False where the limits cannot be read: they let everybody through, since they guard a rate, not money. */
  async #fetch(limits: readonly LimitAccounts[], parts: readonly Part[]): Promise<boolean> {
    let lack: Lack | undefined;
    try {
      lack = await this.#parts.leases.fetch(parts);
    } catch {
      return false;
    }
    if (lack !== undefined) throw await this.#exceeded(limits, lack, parts);
    return true;
  }

  #of(call: Call): readonly LimitAccounts[] {
    return this.#parts.book.limitsOf(spenderOf(call));
  }

  /** By the task's first tier, which is asked first; more is counted when it was used. */
  #expectedTokens(call: Call): number {
    const [first] = call.task?.tiers ?? [];
    if (first === undefined) return 0;
    const { input, output } = this.#parts.lengths.expect(call, first.model.name);
    return input + output;
  }

  async #exceeded(
    limits: readonly LimitAccounts[],
    { account, left }: Lack,
    parts: readonly Part[],
  ): Promise<FarthingError> {
    const found = limits.find(({ requests, tokens }) => requests === account || tokens === account);
    const counted: Counted = found?.requests === account ? 'requests' : 'tokens';
    const wanted = parts.find((part) => part.account === account)?.amount ?? 0;
    // What is only set aside by another process comes free at any moment.
    const freeAt = wanted <= left ? 0 : await this.#parts.store.freeAt(account, wanted - left);
    const wait = Math.min(MINUTE_MS, Math.max(1000, freeAt - Date.now()));
    const never = wanted > account.limit;
    return new FarthingError(
      'rate_limit_exceeded',
      `The limit ${found?.limit.id ?? ''} of ${account.limit} ${counted} has ${Math.max(0, left)} left, ` +
        `and this call takes ${wanted}. ` +
        (never ? 'It never fits: make it smaller.' : `Try again in ${Math.ceil(wait / 1000)} s.`),
      {
        retryable: !never,
        ...(never ? {} : { retryAfterMs: wait }),
        headers: this.#headers(limits),
      },
    );
  }

  /** OpenAI's `x-ratelimit-*`, of the limit that has the smallest share left. */
  #headers(limits: readonly LimitAccounts[]): Record<string, string> {
    const headers: Record<string, string> = {};
    this.#putHeaders(headers, limits, 'requests');
    this.#putHeaders(headers, limits, 'tokens');
    return headers;
  }

  #putHeaders(
    headers: Record<string, string>,
    limits: readonly LimitAccounts[],
    counted: Counted,
  ): void {
    let tightest: Account | undefined;
    let left = 0;
    for (const limit of limits) {
      const account = limit[counted];
      if (account === undefined) continue;
      const own = this.#parts.leases.leftOf(account);
      if (tightest !== undefined && own / account.limit >= left / tightest.limit) continue;
      tightest = account;
      left = own;
    }
    if (tightest === undefined) return;
    const resetMs = Math.ceil((1 - left / tightest.limit) * MINUTE_MS);
    headers[`x-ratelimit-limit-${counted}`] = String(tightest.limit);
    headers[`x-ratelimit-remaining-${counted}`] = String(left);
    headers[`x-ratelimit-reset-${counted}`] = `${resetMs / 1000}s`;
  }
}

function partsOf(limits: readonly LimitAccounts[], tokenCount: number): readonly Part[] {
  const parts: Part[] = [];
  for (const { requests, tokens } of limits) {
    if (requests !== undefined) parts.push({ account: requests, amount: 1 });
    if (tokens !== undefined) parts.push({ account: tokens, amount: tokenCount });
  }
  return parts;
}
