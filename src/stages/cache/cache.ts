/**
 * `cache`: answers that were given before are given again, where nothing that matters is different.
 *
 * @module
 */
import type { AnswerCache } from '../../cache/answer-cache.ts';
import type { Entry } from '../../cache/entry.ts';
import type { Call, Handler, Reply, Stage } from '../../call.ts';
import type { CachePolicy } from '../../config/cache-policy.ts';
import type { Task } from '../../config/config.ts';
import type { ModelRegistry } from '../../config/models.ts';
import { FarthingError, toFarthingError } from '../../errors.ts';
import { RecentMap } from '../../recent-map.ts';
import { callBehind } from './behind.ts';
import { cacheMiss, type Directives, readDirectives } from './directives.ts';
import { mayBeCached } from './keepable.ts';
import { CACHE_HEADERS, type PassedState, replay } from './replay.ts';

/** What the stage works with. */
export interface CacheOptions {
  readonly cache: AnswerCache;
  readonly models: ModelRegistry;
  /** Puts the ledger around a handler: a revalidation is a call of its own in it. */
  readonly settled: (handler: Handler) => Handler;
}

/** The stage. Throws `cache_miss` for a call that wants what is kept or nothing. */
export function cache(options: CacheOptions): Stage {
  return {
    name: 'cache',
    wrap: (next) => new Caching(options, next).answer,
  };
}

/** Keys whose turn is remembered. */
const MOST_TURNS = 50_000;

/** Where a call's answer is looked for, and kept. */
interface Place {
  /** Calls with the same are the same question. */
  readonly key: string;
  /** The key of the answer whose turn it is, where several are kept. */
  readonly ofTurn: string;
  readonly task: Task;
  readonly policy: CachePolicy;
}

/** A call whose answer is looked for. */
interface Sought {
  readonly call: Call;
  readonly asked: Directives;
  readonly place: Place;
}

class Caching {
  readonly #options: CacheOptions;
  readonly #next: Handler;
  /** Which of several answers is whose turn. */
  readonly #turns = new RecentMap<string, number>(MOST_TURNS);

  constructor(options: CacheOptions, next: Handler) {
    this.#options = options;
    this.#next = next;
  }

  readonly answer: Handler = (call) => {
    try {
      const asked = readDirectives(call.headers);
      const place = asked.mode === 'off' ? undefined : this.#placeOf(call);
      if (place === undefined) return this.#pass(call, 'off', asked);
      if (asked.mode === 'refresh') return this.#ask(call, 'refresh', place);
      const found = this.#find(place);
      const sought = { call, asked, place };
      if (found instanceof Promise) return this.#whenFound(found, sought);
      return this.#give(found, sought) ?? this.#goOn('miss', sought);
    } catch (thrown) {
      return Promise.reject(toFarthingError(thrown));
    }
  };

  /** A store of a user's own may throw where it should reject. */
  #find({ ofTurn }: Place): Promise<Entry | undefined> | Entry | undefined {
    try {
      return this.#options.cache.store.get(ofTurn);
    } catch (thrown) {
      return Promise.reject(toFarthingError(thrown));
    }
  }

  async #whenFound(found: Promise<Entry | undefined>, sought: Sought): Promise<Reply> {
    let entry: Entry | undefined;
    try {
      entry = await found;
    } catch {
      return await this.#goOn('unavailable', sought);
    }
    return this.#give(entry, sought) ?? (await this.#goOn('miss', sought));
  }

  /** The entry's answer; undefined where the task or the client does not take it. */
  #give(entry: Entry | undefined, { call, asked, place }: Sought): Reply | undefined {
    if (entry === undefined) return undefined;
    const model = this.#options.models.find(entry.model);
    if (model === undefined) return undefined;
    const now = Date.now();
    const { storedAt, freshUntil } = entry;
    if (now >= freshUntil + place.policy.staleMs) return undefined;
    if (asked.maxAgeMs !== undefined && now - storedAt > asked.maxAgeMs) return undefined;
    if (freshUntil <= now) this.#revalidate(call, place);
    this.#options.cache.repeated.answered(call, place);
    return replay(call, { entry, model, state: 'hit' });
  }

  #goOn(state: PassedState, { call, asked, place }: Sought): Promise<Reply> | Reply {
    // What means the same may still be kept: that stage refuses the call when there is none.
    const isLast = state !== 'miss' || place.policy.semantic === undefined;
    if (asked.mode === 'only' && isLast) return this.#pass(call, state, asked);
    return this.#ask(call, state, place);
  }

  /** Undefined for a call that is neither looked up nor kept. */
  #placeOf(call: Call): Place | undefined {
    const { task } = call;
    if (task === undefined) throw new FarthingError('internal_error', 'The call has no task.');
    // The hold-out is served as if there were no Farthing.
    if (task.isControl === true) return undefined;
    const policy = this.#options.cache.policyOf(task);
    if (policy === undefined || !mayBeCached(call, policy)) return undefined;
    const key = this.#options.cache.repeated.keyOf(call, task, policy);
    if (key === undefined) return undefined;
    return { key, ofTurn: this.#turnOf(key, policy), task, policy };
  }

  /**
   * Of several answers the one whose turn it is. The first calls find nothing in their places and fill
   * them, each with an answer of its own draw; from then on they are given in turn.
   */
  #turnOf(key: string, { samples }: CachePolicy): string {
    if (samples === 1) return key;
    const turn = this.#turns.get(key) ?? 0;
    this.#turns.set(key, (turn + 1) % samples);
    return `${key}.${turn}`;
  }

  /** Goes on without the cache, where the client lets it. */
  #pass(call: Call, state: PassedState, { mode }: Directives): Promise<Reply> | Reply {
    note(call, state);
    if (mode !== 'only') return this.#next(call);
    throw cacheMiss();
  }

  /** Goes on to a model, for an answer that `keep` keeps under the call's key. */
  #ask(call: Call, state: PassedState, { ofTurn }: Place): Promise<Reply> | Reply {
    note(call, state);
    return this.#next({ ...call, sameAs: ofTurn });
  }

  /** Fetches a new answer behind one that is given although it is stale. */
  #revalidate(call: Call, place: Place): void {
    const { cache: answers, settled } = this.#options;
    const fetch = settled(async (own) => this.#ask(own, 'revalidate', place));
    answers.revalidate(place.ofTurn, async () => {
      const { events } = await fetch(callBehind(call));
      for await (const _ of events);
    });
  }
}

function note({ trace }: Call, state: PassedState): void {
  trace.cache = state;
  trace.cacheHeaders = CACHE_HEADERS[state];
}
