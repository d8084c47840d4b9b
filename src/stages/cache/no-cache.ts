/**
 * `no-cache`: in place of `cache` where nothing is ever kept.
 *
 * @module
 */
import type { Stage } from '../../call.ts';
import { cacheMiss, readDirectives } from './directives.ts';

/** The stage. Throws `cache_miss` for a call that wants what is kept or nothing: asking a model would cost money. */
export function noCache(): Stage {
  return {
    name: 'no-cache',
    wrap: (next) => async (call) => {
      if (readDirectives(call.headers).mode === 'only') throw cacheMiss();
      return await next(call);
    },
  };
}
