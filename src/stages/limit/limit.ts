/**
 * `limit`: how fast may be asked.
 *
 * @module
 */
import type { Limits } from '../../accounts/limits.ts';
import type { Stage } from '../../call.ts';

/** The stage. Refuses with `rate_limit_exceeded`. */
export function limit(limits: Limits): Stage {
  return {
    name: 'limit',
    wrap: (next) => async (call) => {
      await limits.admit(call);
      return await next(call);
    },
  };
}
