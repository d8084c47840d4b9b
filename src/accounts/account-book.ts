/**
 * The accounts of budgets and limits, found for each call. The same account is always the same object
 * while it is in use, so that what is known of it can be kept beside it.
 *
 * @module
 */
import type { Budget, BudgetPeriod, RateLimit, Whose } from '../config/spending.ts';
import { RecentMap } from '../recent-map.ts';
import type { Account, Seed } from '../stores/account-store.ts';
import { stretchOf } from './period.ts';
import { fits, isOfEach, matchOf, type Spender } from './whose.ts';

/** A budget as it is for one call. */
export interface BudgetAccount {
  readonly budget: Budget;
  readonly account: Account;
  /** When it began, in ms since the epoch; -Infinity where it is not of one stretch of time. */
  readonly beganAt: number;
  /** When it is empty again, in ms since the epoch; Infinity: never, or bit by bit. */
  readonly renewsAt: number;
}

/** A limit as it is for one call. */
export interface LimitAccounts {
  readonly limit: RateLimit;
  readonly requests: Account | undefined;
  readonly tokens: Account | undefined;
}

/** Accounts kept in memory; the longest unused are forgotten first. */
const MOST_ACCOUNTS = 100_000;
const MINUTE_MS = 60_000;
/** Since when each budget is kept, by id, in ms since the epoch: what was before is counted from the ledger. */
export type KeptSince = Readonly<Record<string, number>>;

/** Finds the accounts of calls. */
export class AccountBook {
  readonly #budgets: readonly Budget[];
  readonly #limits: readonly RateLimit[];
  readonly #keptSince: KeptSince;
  readonly #ofBudgets = new RecentMap<string, BudgetAccount>(MOST_ACCOUNTS);
  readonly #byAccount = new WeakMap<Account, BudgetAccount>();
  readonly #ofLimits = new RecentMap<string, LimitAccounts>(MOST_ACCOUNTS);

  constructor(
    {
      budgets,
      limits,
    }: { readonly budgets: readonly Budget[]; readonly limits: readonly RateLimit[] },
    keptSince: KeptSince,
  ) {
    this.#budgets = budgets;
    this.#limits = limits;
    this.#keptSince = keptSince;
  }

  /** The budgets that a call at a time (ms since the epoch) is paid from. */
  budgetsOf(spender: Spender, at: number): readonly BudgetAccount[] {
    const found: BudgetAccount[] = [];
    for (const budget of this.#budgets) {
      if (!fits(budget.whose, spender)) continue;
      found.push(this.#budgetAccount(budget, nameOf(budget, spender), { spender, at }));
    }
    return found;
  }

  /** The accounts of the budgets that are one for all their calls, at a time. */
  shared(at: number): readonly BudgetAccount[] {
    return this.#budgets
      .filter(({ whose }) => !isOfEach(whose))
      .map((budget) => this.#budgetAccount(budget, budget.id, { spender: NOBODY, at }));
  }

  /** The budget that an account of this book belongs to; undefined for those of limits. */
  budgetOf(account: Account): BudgetAccount | undefined {
    return this.#byAccount.get(account);
  }

  /** The limits that a call counts for. */
  limitsOf(spender: Spender): readonly LimitAccounts[] {
    const found: LimitAccounts[] = [];
    for (const limit of this.#limits) {
      if (fits(limit.whose, spender))
        found.push(this.#limitAccounts(limit, nameOf(limit, spender)));
    }
    return found;
  }

  #budgetAccount(
    budget: Budget,
    name: string,
    { spender, at }: { readonly spender: Spender; readonly at: number },
  ): BudgetAccount {
    const known = this.#ofBudgets.get(name);
    // A call that began in the last period may be settled in this one.
    if (known !== undefined && known.beganAt <= at && at < known.renewsAt) return known;
    const { from, until } = stretchOf(budget.period, at);
    const seed = this.#seed(budget, spender, from);
    const isCalendar = budget.period.kind === 'calendar';
    const account: Account = {
      id: isCalendar ? `${name}/${new Date(from).toISOString()}` : name,
      limit: budget.limitNano,
      windowMs: windowOf(budget.period),
      ...(isCalendar ? { endsAt: until } : {}),
      ...(seed === undefined ? {} : { seed }),
    };
    const made = { budget, account, beganAt: isCalendar ? from : -Infinity, renewsAt: until };
    this.#ofBudgets.set(name, made);
    this.#byAccount.set(account, made);
    return made;
  }

  /** What was spent in this period before the budget was kept. */
  #seed({ id, whose }: Budget, spender: Spender, from: number): Seed | undefined {
    const until = this.#keptSince[id] ?? 0;
    return until > from ? { from, until, match: matchOf(whose, spender) } : undefined;
  }

  #limitAccounts(limit: RateLimit, name: string): LimitAccounts {
    const known = this.#ofLimits.get(name);
    if (known !== undefined) return known;
    const account = (unit: string, most: number | undefined): Account | undefined =>
      most === undefined ? undefined : { id: `${name}/${unit}`, limit: most, windowMs: MINUTE_MS };
    const made = {
      limit,
      requests: account('requests', limit.requestsPerMinute),
      tokens: account('tokens', limit.tokensPerMinute),
    };
    this.#ofLimits.set(name, made);
    return made;
  }
}

/** In place of a call, for rules that do not look at it. */
const NOBODY: Spender = { key: '', task: '', tags: {} };

/** What an account is called: the rule, and the call's values in place of each `*`. */
function nameOf(
  { id, whose }: { readonly id: string; readonly whose: Whose },
  spender: Spender,
): string {
  return isOfEach(whose) ? `${id} ${JSON.stringify(matchOf(whose, spender))}` : id;
}

function windowOf(period: BudgetPeriod): number | undefined {
  return period.kind === 'rolling' ? period.ms : undefined;
}
