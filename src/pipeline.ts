/**
 * The way of a call, in order. This list is the table of contents of the gateway: read it first.
 *
 * @module
 */
import type { Cashier } from './accounts/cashier.ts';
import type { AnswerCache } from './cache/answer-cache.ts';
import type { Entry } from './cache/entry.ts';
import { type Call, compose, type Handler, type Reply, type Stage } from './call.ts';
import type { Model, Task } from './config/config.ts';
import type { Spending } from './config/spending.ts';
import { referenceOf } from './pricing/receipt.ts';
import type { SemanticCaches } from './semantic/semantic-caches.ts';
import { budget } from './stages/budget/budget.ts';
import { cache } from './stages/cache/cache.ts';
import { keep } from './stages/cache/keep.ts';
import { noCache } from './stages/cache/no-cache.ts';
import { coalesce } from './stages/coalesce/coalesce.ts';
import { elsewhere } from './stages/coalesce/elsewhere.ts';
import { holdOut } from './stages/hold-out/hold-out.ts';
import { identify, type Identifier } from './stages/identify/identify.ts';
import { ledger, type LedgerOptions } from './stages/ledger/ledger.ts';
import { limit } from './stages/limit/limit.ts';
import { Conversations } from './stages/route/conversations.ts';
import { route } from './stages/route/route.ts';
import { Judging } from './stages/semantic/judging.ts';
import { semantic } from './stages/semantic/semantic.ts';

/** What the stages work with. */
export interface PipelineParts extends LedgerOptions {
  readonly identifier: Identifier;
  readonly spending: Spending;
  readonly cashier: Cashier;
  /** Undefined where no task's answers are kept. */
  readonly cache: AnswerCache | undefined;
  /** Undefined where no task's answers are found by likeness. */
  readonly semantic: SemanticCaches | undefined;
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
      ? [noCache()]
      : answering({ ...parts, cache: parts.cache }, settling)),
    // which model: tiers, checks, repair, caps
    route({ prices: parts.prices, conversations }),
    // 429 where the money is spent
    ...spendingStages(parts),
  ];
}

/** Answers that were given before: to the same question, to one that means the same, or just now. */
function answering(
  parts: PipelineParts & { readonly cache: AnswerCache },
  { wrap: settled }: Stage,
): readonly Stage[] {
  const { semantic: caches, cache: answers } = parts;
  const exact = cache({ ...parts, settled });
  if (caches === undefined) return [exact, ...inFlight(parts), keep({ ...parts, answers })];
  const judging = new Judging({ ...parts, caches, answers, ask: createAsk(parts), settled });
  const onKept = async (call: Call, entry: Entry): Promise<void> => judging.kept(call, entry);
  return [
    exact,
    semantic({ ...parts, caches, answers, judging }),
    ...inFlight(parts),
    keep({ ...parts, answers, onKept }),
  ];
}

/** Identical calls in flight: of this process, and of others where the store tells of them. */
function inFlight({
  cache: { store },
  models,
}: PipelineParts & { readonly cache: AnswerCache }): readonly Stage[] {
  const { claims } = store;
  return claims === undefined ? [coalesce()] : [coalesce(), elsewhere({ store, claims, models })];
}

function spendingStages({ spending, cashier }: AskParts): readonly Stage[] {
  return spending.budgets.length === 0 ? [] : [budget(cashier.budgets)];
}

/** What is needed to ask a model. */
export type AskParts = Pick<PipelineParts, 'spending' | 'cashier' | 'provider'>;

/** What stands behind `route`, for questions that no tier asks: they are paid from the same budgets. */
export function createAsk(parts: AskParts): Handler {
  return compose(spendingStages(parts), parts.provider);
}

/** The whole way of a call as one handler. */
export function createPipeline(parts: PipelineParts): (call: Call) => Promise<Reply> {
  const handler = compose(stagesOf(parts), parts.provider);
  return (call) => Promise.resolve(handler(call));
}
