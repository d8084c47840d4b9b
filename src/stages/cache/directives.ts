/**
 * What a client asks of the cache, in Farthing's words, HTTP's, and those of other gateways.
 *
 * @module
 */
import { FarthingError } from '../../errors.ts';

/**
 * `use`: what is kept is given, what is not is kept. `off`: neither. `refresh`: nothing is given, the new
 * answer is kept. `only`: what is kept is given, else nothing; no model is asked.
 */
export type CacheMode = 'use' | 'off' | 'refresh' | 'only';

/** What a client asks. */
export interface Directives {
  readonly mode: CacheMode;
  /** The oldest answer that it takes, in ms; undefined: whatever the task allows. */
  readonly maxAgeMs: number | undefined;
  /** How long its answer may be kept, in ms: never longer than the task says. */
  readonly ttlMs: number | undefined;
}

const NONE: Directives = { mode: 'use', maxAgeMs: undefined, ttlMs: undefined };

type Headers = Readonly<Record<string, string | undefined>>;

/**
 * Reads the request's headers. `x-farthing-cache` wins; of the others, `off` before `refresh` before
 * `only`. Throws `invalid_value` for a word of Farthing's header that is none; a typo must not cost money.
 */
export function readDirectives(headers: Headers): Directives {
  const control = headers['cache-control'];
  const ttl = headers['cf-aig-cache-ttl'];
  const mode = ownMode(headers['x-farthing-cache']) ?? foreignMode(headers, control);
  if (mode === 'use' && control === undefined && ttl === undefined) return NONE;
  const maxAge = seconds(control === undefined ? undefined : /\bmax-age=(\d+)/i.exec(control)?.[1]);
  const isRefresh = mode === 'use' && maxAge === 0;
  return { mode: isRefresh ? 'refresh' : mode, maxAgeMs: maxAge, ttlMs: seconds(ttl) };
}

function ownMode(header: string | undefined): CacheMode | undefined {
  if (header === undefined) return undefined;
  const word = header.trim().toLowerCase();
  if (word === 'off' || word === 'refresh' || word === 'only') return word;
  throw new FarthingError('invalid_value', 'x-farthing-cache must be off, refresh or only.', {
    param: 'x-farthing-cache',
  });
}

function foreignMode(headers: Headers, control: string | undefined): CacheMode {
  if (isTrue(headers['cf-aig-skip-cache'])) return 'off';
  if (headers['helicone-cache-enabled']?.trim().toLowerCase() === 'false') return 'off';
  if (control !== undefined && /\bno-store\b/i.test(control)) return 'off';
  if (isTrue(headers['x-portkey-cache-force-refresh'])) return 'refresh';
  if (control === undefined) return 'use';
  if (/\bno-cache\b/i.test(control)) return 'refresh';
  return /\bonly-if-cached\b/i.test(control) ? 'only' : 'use';
}

function isTrue(header: string | undefined): boolean {
  return header !== undefined && header.trim().toLowerCase() === 'true';
}

/** A number of seconds in ms; undefined for what is none. */
function seconds(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\d{1,10}\s*$/.test(text) ? Number(text) * 1000 : undefined;
}

/** What a call ends with that wants what is kept or nothing, where nothing is. */
export function cacheMiss(): FarthingError {
  return new FarthingError(
    'cache_miss',
    'The call asks for a kept answer only, and there is none. Leave out "x-farthing-cache: only" ' +
      'to ask a model.',
  );
}
