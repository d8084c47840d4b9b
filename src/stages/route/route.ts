/**
 * `route`: which model answers. A task with one unchecked, uncapped tier goes straight through; any
 * other climbs its ladder.
 *
 * @module
 */
import type { Call, Stage } from '../../call.ts';
import { FarthingError } from '../../errors.ts';
import type { PriceLookup } from '../../pricing/price-lookup.ts';
import type { Conversations } from './conversations.ts';
import { climb, remembers } from './ladder.ts';
import { capOf } from './spending-cap.ts';

/** What the stage works with. */
export interface RouteOptions {
  readonly prices: PriceLookup;
  readonly conversations: Conversations;
}

/** The stage; needs `call.task`. */
export function route({ prices, conversations }: RouteOptions): Stage {
  return {
    name: 'route',
    wrap: (next) => async (call) => {
      const task = call.task;
      if (task === undefined) throw new FarthingError('internal_error', 'The call has no task.');
      const [only] = task.tiers;
      const straight = task.tiers.length === 1 && only?.accept.length === 0 && !remembers(task);
      if (!straight || only === undefined || capOf(call) !== undefined) {
        return climb(call, task, { next, conversations, prices });
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
