/**
 * `route`: which model answers. A task with one unchecked, uncapped tier goes straight through; any
 * other climbs its ladder.
 *
 * @module
 */
import type { Call, Stage } from '../../call.ts';
import { FarthingError } from '../../errors.ts';
import type { PriceLookup } from '../../pricing/price-lookup.ts';
import { Conversations } from './conversations.ts';
import { climb } from './ladder.ts';
import { capOf } from './spending-cap.ts';

/** The stage; needs `call.task`. */
export function route(options: { readonly prices: PriceLookup }): Stage {
  const conversations = new Conversations();
  return {
    name: 'route',
    wrap: (next) => async (call) => {
      const task = call.task;
      if (task === undefined) throw new FarthingError('internal_error', 'The call has no task.');
      const [only] = task.tiers;
      const straight = task.tiers.length === 1 && only?.accept.length === 0;
      if (!straight || only === undefined || capOf(call) !== undefined) {
        return climb(call, task, { next, conversations, prices: options.prices });
      }
      const reply = await next({ ...call, ask: { model: only.model, tier: 0 } });
      return answered(call, reply);
    },
  };
}

function answered<Given extends { readonly attempt?: Call['trace']['answer'] }>(
  { trace }: Call,
  reply: Given,
): Given {
  if (reply.attempt !== undefined) trace.answer = reply.attempt;
  trace.outcome = 'unchecked';
  return reply;
}
