/**
 * `no-cache`: in place of `cache` where nothing is ever kept.
 *
 * @module
 */
import { passing, type Stage } from '../../call.ts';
import { cacheMiss, readDirectives } from './directives.ts';

/** The stage. Throws `cache_miss` for a call that wants what is kept or nothing: asking a model would cost money. */
export function noCache(): Stage {
  return passing('no-cache', (call) => {
    if (readDirectives(call.headers).mode === 'only') throw cacheMiss();
    return call;
  });
}
