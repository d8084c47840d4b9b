/**
 * `budget`: money is set aside before a model is asked. It stands beneath `route`, where money is spent:
 * no way to a provider leads around it, each tier of a ladder is reserved for when it is asked, and what
 * costs nothing is never refused.
 *
 * @module
 */
import type { Budgets } from '../../accounts/budgets.ts';
import type { Stage } from '../../call.ts';
import { FarthingError } from '../../errors.ts';

/** The stage. Refuses with `budget_exceeded`, `budget_busy` or `unpriced_model`. */
export function budget(budgets: Budgets): Stage {
  return {
    name: 'budget',
    wrap: (next) => async (call) => {
      if (call.ask === undefined) throw new FarthingError('internal_error', 'No model was chosen.');
      await budgets.reserve(call, call.ask);
      return await next(call);
    },
  };
}
