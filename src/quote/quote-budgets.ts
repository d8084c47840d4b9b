/**
 * What budgets would say to a call.
 *
 * @module
 */
import type { BudgetAccount } from '../accounts/account-book.ts';
import type { ExpectedCost } from '../accounts/budgets.ts';
import type { Cashier } from '../accounts/cashier.ts';
import { spenderOf } from '../accounts/whose.ts';
import type { Call } from '../call.ts';
import type { AccountStore } from '../stores/account-store.ts';
import type { Stores } from '../stores/stores.ts';

/** A budget that a call would be paid from. Field names are the JSON contract. */
export interface QuotedBudget {
  readonly budget: string;
  readonly limit_nano_usd: number;
  readonly spent_nano_usd: number;
  /** Set aside for calls in flight, by all processes. */
  readonly set_aside_nano_usd: number;
  /** The limit less what is spent. */
  readonly left_nano_usd: number;
  /** ISO 8601; null where it does not renew at a time. */
  readonly renews_at: string | null;
  /** `warns`: a budget that is not hard would be exceeded. `unpriced`: a hard one cannot count the cost. */
  readonly verdict: 'fits' | 'refuses' | 'warns' | 'unpriced';
}

/** All budgets of a call, for whose cheapest way so much would be set aside (undefined: unpriced). */
export async function quoteBudgets(
  call: Call,
  cost: ExpectedCost | undefined,
  { cashier, stores }: { readonly cashier: Cashier; readonly stores: Stores },
): Promise<readonly QuotedBudget[]> {
  const found = cashier.book.budgetsOf(spenderOf(call), call.startedAt);
  return Promise.all(found.map(async (account) => quoteBudget(account, cost, stores.accounts)));
}

async function quoteBudget(
  { account, budget, renewsAt }: BudgetAccount,
  cost: ExpectedCost | undefined,
  accounts: AccountStore,
): Promise<QuotedBudget> {
  const { used, leased } = await accounts.state(account);
  const left = budget.limitNano - used;
  return {
    budget: budget.id,
    limit_nano_usd: budget.limitNano,
    spent_nano_usd: used,
    set_aside_nano_usd: leased,
    left_nano_usd: left,
    renews_at: Number.isFinite(renewsAt) ? new Date(renewsAt).toISOString() : null,
    verdict: verdictOf(budget, left, cost),
  };
}

function verdictOf(
  { hard, unpriced }: BudgetAccount['budget'],
  left: number,
  cost: ExpectedCost | undefined,
): QuotedBudget['verdict'] {
  if (cost === undefined) return hard && unpriced === 'refuse' ? 'unpriced' : 'fits';
  if (cost.nano === 0 || cost.nano <= left) return 'fits';
  if (!hard) return 'warns';
  // As in admission: a guess is cut to what is left.
  return left > 0 && cost.least <= left ? 'fits' : 'refuses';
}
