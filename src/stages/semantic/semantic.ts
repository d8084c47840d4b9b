/**
 * `semantic`: a question that the exact cache does not know is given the answer to another one that means the
 * same, as far as it is known to be right often enough.
 *
 * @module
 */
import { divisionOf, ignoredFields, isFaithful, versionOf } from '../../cache/cache-key.ts';
import type { Entry } from '../../cache/entry.ts';
import { type Call, type Handler, NO_TIER, type Reply, type Stage } from '../../call.ts';
import type { SemanticPolicy } from '../../config/cache-policy.ts';
import type { Task } from '../../config/config.ts';
import type { ModelRegistry } from '../../config/models.ts';
import { priceOf } from '../../pricing/receipt.ts';
import { eligible, type Question } from '../../semantic/eligible.ts';
import type { LookUp, SemanticCache } from '../../semantic/semantic-cache.ts';
import { cacheMiss, type Directives, readDirectives } from '../cache/directives.ts';
import { replay } from '../cache/replay.ts';
import type { Judging, JudgingOptions, LookedUp } from './judging.ts';

/** What the stage works with. */
export interface SemanticOptions extends Pick<JudgingOptions, 'caches' | 'answers' | 'prices'> {
  readonly models: ModelRegistry;
  readonly judging: Judging;
}

/**
 * The stage; stands right behind `cache`, and sees what that has missed. Throws `cache_miss` for a call that
 * wants what is kept or nothing.
 */
export function semantic(options: SemanticOptions): Stage {
  return {
    name: 'semantic',
    wrap: (next) => new Likeness(options, next).answer,
  };
}

/** A call that may be looked up. */
interface Asked {
  readonly key: string;
  readonly task: Task;
  readonly likeness: SemanticPolicy;
  readonly cache: SemanticCache;
  readonly question: Question;
}

type Hit = Extract<LookUp, { readonly kind: 'served' }>;

class Likeness {
  readonly #options: SemanticOptions;
  readonly #next: Handler;

  constructor(options: SemanticOptions, next: Handler) {
    this.#options = options;
    this.#next = next;
  }

  readonly answer: Handler = async (call) => {
    const directives = readDirectives(call.headers);
    const asked = this.#askedOf(call);
    const reply = asked && (await this.#lookUp(call, asked, directives));
    if (reply !== undefined) return reply;
    if (directives.mode === 'only') throw cacheMiss();
    return await this.#next(call);
  };

  /** Undefined for a call that is not looked up: what divides the exact cache divides this one, or is not for it. */
  #askedOf(call: Call): Asked | undefined {
    const { task, sameAs: key, trace, body } = call;
    if (task === undefined || key === undefined || trace.cache !== 'miss') return undefined;
    const { answers, caches } = this.#options;
    const policy = answers.policyOf(task);
    const likeness = policy?.semantic;
    if (policy === undefined || likeness === undefined || !isFaithful(body)) return undefined;
    const cache = caches.of(likeness);
    const question =
      cache &&
      eligible(call, {
        policy: versionOf(task, policy),
        embedder: cache.embedder,
        limits: likeness,
        division: divisionOf(call),
        ignored: ignoredFields(task),
      });
    return cache && question && { key, task, likeness, cache, question };
  }

  /** The kept answer, where there is one to be given; else what is found is noted for when the model has answered. */
  async #lookUp(call: Call, asked: Asked, directives: Directives): Promise<Reply | undefined> {
    const { cache, question, key, likeness } = asked;
    const { judging } = this.#options;
    // The exact cache has just missed it: what is left of it here is of no use, and nearest of all.
    cache.remove(key);
    const found = await this.#found(call, asked);
    const { vector } = found;
    if (vector === undefined) return undefined;
    const lookedUp: LookedUp = { question, vector, cache, policy: likeness };
    if (found.kind === 'served') {
      const entry = await this.#entryOf(call, found, { asked, directives });
      if (entry !== undefined) return this.#give(call, entry, { asked, found, lookedUp });
    }
    const isCompared = found.kind === 'shadow' && found.judge;
    judging.expect(call, isCompared ? { ...lookedUp, hit: { ...found, served: false } } : lookedUp);
    return undefined;
  }

  async #found(call: Call, { cache, question }: Asked): Promise<LookUp> {
    const { attempts } = call.trace;
    const before = attempts.length;
    const found = await cache.lookUp(question, call);
    // A request that several calls share is an attempt of the first.
    const paid = attempts.slice(before).filter(({ tier }) => tier === NO_TIER);
    cache.spent(question, 'embedding', priceOf(paid, this.#options.prices));
    return found;
  }

  /** The entry of a hit, where it may be given to this call. */
  async #entryOf(
    { tenant }: Call,
    { entryId }: Hit,
    { asked, directives }: { readonly asked: Asked; readonly directives: Directives },
  ): Promise<Entry | undefined> {
    let entry: Entry | undefined;
    try {
      entry = await this.#options.answers.store.get(entryId);
    } catch {
      return undefined;
    }
    // Namespaces keep tenants and tasks apart; what an index that was tampered with says is not believed.
    if (entry?.tenant !== tenant || entry.task !== asked.task.name) {
      asked.cache.remove(entryId);
      return undefined;
    }
    const now = Date.now();
    const isYoung = now - entry.storedAt <= (directives.maxAgeMs ?? Infinity);
    return isYoung && now < entry.freshUntil ? entry : undefined;
  }

  /** Undefined where whose answer it is is no longer known. */
  #give(
    call: Call,
    entry: Entry,
    { asked, found, lookedUp }: { asked: Asked; found: Hit; lookedUp: LookedUp },
  ): Reply | undefined {
    const { models, judging } = this.#options;
    const model = models.find(entry.model);
    if (model === undefined) return undefined;
    const { cache, question } = asked;
    cache.gave(question, entry.costNano);
    if (found.judge) {
      const hit = { ...found, served: true };
      judging.verify(call, { ...lookedUp, hit }, this.#next);
    }
    return replay(call, { entry, model, state: 'semantic' });
  }
}
