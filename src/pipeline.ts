/**
 * The way of a call, in order. This list is the table of contents of the gateway: read it first.
 *
 * @module
 */
import type { Cashier } from './accounts/cashier.ts';
import type { AnswerCache } from './cache/answer-cache.ts';
import { type Call, compose, type Handler, type Stage } from './call.ts';
import type { Model, Task } from './config/config.ts';
import type { Spending } from './config/spending.ts';
import { referenceOf } from './pricing/receipt.ts';
import { budget } from './stages/budget/budget.ts';
import { cache } from './stages/cache/cache.ts';
import { coalesce } from './stages/coalesce/coalesce.ts';
import { holdOut } from './stages/hold-out/hold-out.ts';
import { identify, type Identifier } from './stages/identify/identify.ts';
import { ledger, type LedgerOptions } from './stages/ledger/ledger.ts';
import { limit } from './stages/limit/limit.ts';
import { Conversations } from './stages/route/conversations.ts';
import { route } from './stages/route/route.ts';

/** What the stages work with. */
export interface PipelineParts extends LedgerOptions {
  readonly identifier: Identifier;
  readonly spending: Spending;
  readonly cashier: Cashier;
  /** Undefined where no task's answers are kept. */
  readonly cache: AnswerCache | undefined;
  /** The innermost handler: asks a provider. */
  readonly provider: Handler;
}

/** The stages, outermost first. One that is not configured is not in the list. */
export function stagesOf(parts: PipelineParts): readonly Stage[] {
  const { spending, cashier } = parts;
  const conversations = new Conversations();
  const reference = (call: Call, task: Task): Model | undefined => referenceOf(call, parts, task);
  const settling = ledger(parts);
  return [
    // which task, or 404; 403 where the key may not
    identify(parts.identifier),
    // settles whatever happens behind it
    settling,
    // 429 where it is asked too fast
    ...(spending.limits.length === 0 ? [] : [limit(cashier.limits)]),
    // the reference, for some calls, as control
    ...(spending.holdOut === undefined
      ? []
      : [holdOut({ holdOut: spending.holdOut, conversations, referenceOf: reference })]),
    // an answer that was given before, or is just being given
    ...(parts.cache === undefined
      ? []
      : [cache({ ...parts, cache: parts.cache, settled: settling.wrap }), coalesce()]),
    // which model: tiers, checks, repair, caps
    route({ prices: parts.prices, conversations }),
    // 429 where the money is spent
    ...(spending.budgets.length === 0 ? [] : [budget(cashier.budgets)]),
  ];
}

/** The whole way of a call as one handler. */
export function createPipeline(parts: PipelineParts): Handler {
  return compose(stagesOf(parts), parts.provider);
}
