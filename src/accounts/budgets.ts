/**
 * Budgets: money is set aside before a model is asked, and what it did cost is charged when the call is
 * settled, once, whatever happened in between.
 *
 * @module
 */
import type { Ask, Call, Receipt } from '../call.ts';
import { FarthingError } from '../errors.ts';
import { costNano } from '../pricing/cost.ts';
import { formatUsd } from '../pricing/format-usd.ts';
import type { PriceLookup } from '../pricing/price-lookup.ts';
import { spentNano } from '../pricing/receipt.ts';
import { NO_TOKENS } from '../pricing/usage.ts';
import { openaiTier } from '../pricing/usage-openai.ts';
import type { AccountStore, Charge } from '../stores/account-store.ts';
import type { AccountBook, BudgetAccount } from './account-book.ts';
import { Admission, type Wanted } from './admission.ts';
import type { Lack, Leases } from './leases.ts';
import type { Lengths } from './lengths.ts';
import { spenderOf } from './whose.ts';

/** What budgets work with. */
export interface BudgetParts {
  readonly book: AccountBook;
  readonly leases: Leases;
  readonly store: AccountStore;
  readonly lengths: Lengths;
  readonly prices: PriceLookup;
}

/** Keeps calls within their budgets. */
export class Budgets {
  readonly #parts: BudgetParts;
  readonly #admission: Admission;

  constructor(parts: BudgetParts) {
    this.#parts = parts;
    this.#admission = new Admission(parts.leases);
  }

  /**
   * Sets money aside for one question to a model; what the call has cost so far is counted as used. Throws
   * `budget_exceeded`, or `unpriced_model` where a hard budget cannot count the cost.
   */
  async reserve(call: Call, ask: Ask): Promise<void> {
    const hard = this.#of(call).filter(({ budget }) => budget.hard);
    if (hard.length === 0) return;
    this.#spent(call);
    const wanted = (): Wanted | undefined => {
      const expected = expectedNano(call, ask, this.#parts);
      return expected && { amount: expected.nano, least: expected.least };
    };
    const first = wanted();
    if (first === undefined) {
      if (hard.some(({ budget }) => budget.unpriced === 'refuse')) throw unpriced(ask, hard);
      return;
    }
    const accounts = hard.map(({ account }) => account);
    call.trace.reserved =
      this.#admission.admitNow(accounts, first.amount) ??
      (await this.#admission.admit({
        accounts,
        amount: () => wanted() ?? first,
        departure: call.departure,
        refuse: async (lack, amount) => this.#exceeded(hard, lack, amount),
      }));
  }

  /** What a settled call is charged to. Takes back what was set aside for it. */
  settle(call: Call, { costNano: cost }: Receipt): readonly Charge[] {
    const charges = this.#chargesOf(call, cost);
    const { countedNano = 0 } = call.trace;
    this.#parts.leases.charged(
      countedNano === 0 ? charges : this.#chargesOf(call, cost - countedNano),
    );
    this.#release(call);
    return charges;
  }

  /** Charges were written: whoever waits may find room. */
  settled(): void {
    this.#admission.settled();
  }

  stop(): void {
    this.#admission.stop();
  }

  #of(call: Call): readonly BudgetAccount[] {
    return this.#parts.book.budgetsOf(spenderOf(call), call.startedAt);
  }

  #chargesOf(call: Call, amount: number): readonly Charge[] {
    if (amount === 0) return [];
    return this.#of(call).map(({ account }) => ({ account, amount, at: call.startedAt }));
  }

  /**
   * Between two questions of a call: what was set aside for the last one is either spent, and no longer
   * there for anybody, or free.
   */
  #spent(call: Call): void {
    const { trace } = call;
    const spent = spentNano(call, this.#parts.prices);
    this.#parts.leases.charged(this.#chargesOf(call, spent - (trace.countedNano ?? 0)));
    trace.countedNano = spent;
    this.#release(call);
  }

  #release({ trace }: Call): void {
    if (trace.reserved === undefined) return;
    this.#parts.leases.release(trace.reserved);
    trace.reserved = undefined;
  }

  async #exceeded(
    hard: readonly BudgetAccount[],
    lack: Lack,
    wanted: number,
  ): Promise<FarthingError> {
    const found = hard.find(({ account }) => account === lack.account);
    if (found === undefined) return new FarthingError('internal_error', 'No budget was lacking.');
    const { account, budget } = found;
    const left = Math.max(0, lack.left);
    const renewsAt = Number.isFinite(found.renewsAt)
      ? found.renewsAt
      : await this.#parts.store.freeAt(account, wanted - left);
    const when = Number.isFinite(renewsAt)
      ? `It renews at ${new Date(renewsAt).toISOString()}.`
      : 'It does not renew by itself.';
    return new FarthingError(
      'budget_exceeded',
      `The budget ${budget.id} of ${formatUsd(budget.limitNano)} has ${formatUsd(left)} left, and this ` +
        `call would cost about ${formatUsd(wanted)}. ${when}`,
      {
        ...(Number.isFinite(renewsAt) ? { retryAfterMs: Math.max(0, renewsAt - Date.now()) } : {}),
        headers: {
          'x-farthing-budget': encodeURI(budget.id),
          'x-farthing-budget-left-usd': formatUsd(left).slice(1),
          ...(Number.isFinite(renewsAt)
            ? { 'x-farthing-budget-renews': new Date(renewsAt).toISOString() }
            : {}),
        },
      },
    );
  }
}

/** What one question is expected to cost, in nano-dollars. */
export interface ExpectedCost {
  readonly nano: number;
  /** What it costs at least: where the length of the answer is only guessed, that of its shortest. */
  readonly least: number;
}

/** What one question is expected to cost at the dearest of its model's providers; undefined: unpriced. */
export function expectedNano(
  call: Call,
  { model }: Ask,
  { lengths, prices }: Pick<BudgetParts, 'lengths' | 'prices'>,
): ExpectedCost | undefined {
  const { input, output, learned } = lengths.expect(call, model.name);
  const expected = { ...NO_TOKENS, input, output };
  const shortest = learned ? expected : { ...NO_TOKENS, input, output: Math.min(1, output) };
  const circumstances = { at: call.startedAt, serviceTier: openaiTier(call.body.json) };
  let [nano, least] = [0, 0];
  for (const provider of model.providers) {
    const rule = prices.find(model, provider, call.startedAt);
    const cost = rule && costNano(expected, rule, circumstances);
    const lowest = learned ? cost : rule && costNano(shortest, rule, circumstances);
    if (cost === undefined || lowest === undefined) return undefined;
    nano = Math.max(nano, cost);
    least = Math.max(least, lowest);
  }
  return { nano, least };
}

function unpriced({ model }: Ask, hard: readonly BudgetAccount[]): FarthingError {
  const [first] = hard;
  return new FarthingError(
    'unpriced_model',
    `The model ${model.name} has no known price, so the budget ${first?.budget.id ?? ''} cannot hold. ` +
      `Give it one (models.${model.name}.price), or let the budget pass it (unpriced: allow).`,
    { param: 'model' },
  );
}
