/**
 * `elsewhere`: of identical calls in flight in several processes that share a store, one asks; the others
 * wait for what it keeps.
 *
 * Behind `coalesce`, so that of each process one call at most takes part. It pays where an answer takes
 * longer than a question to the store: for chats always, for embeddings hardly ever, which are left out.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import type { Call, Handler, Reply, ReplyEvent, Stage } from '../../call.ts';
import type { CacheStore } from '../../cache/cache-store.ts';
import type { Claim, Claims } from '../../cache/claims.ts';
import type { Entry } from '../../cache/entry.ts';
import type { ModelRegistry } from '../../config/models.ts';
import { clientGone, type Departure } from '../../departure.ts';
import { readDirectives } from '../cache/directives.ts';
import { replay } from '../cache/replay.ts';

/** What the stage works with. */
export interface ElsewhereOptions {
  readonly store: CacheStore;
  readonly claims: Claims;
  readonly models: ModelRegistry;
}

/** A claim that is not renewed for so long, in ms, is that of a process that is gone. */
const CLAIM_MS = 10_000;
const RENEW_MS = 3_000;
/** How often those who wait look, in ms: at first, and at last. */
const FIRST_LOOK_MS = 25;
const LAST_LOOK_MS = 250;
/** How long is waited at most, in ms; then the call asks for itself. */
const LONGEST_WAIT_MS = 60_000;
/** A claim outlives its answer by so long, in ms: what is kept is stored behind the answer's back. */
const AFTER_MS = 50;

/** The stage. Only for calls that the cache has missed, and whose answer it would keep. */
export function elsewhere(options: ElsewhereOptions): Stage {
  return {
    name: 'elsewhere',
    wrap: (next) => async (call) => {
      const { sameAs: key, operation, trace } = call;
      if (key === undefined || operation !== 'chat' || trace.cache !== 'miss')
        return await next(call);
      // Who takes no answer of before takes none of others either.
      if (readDirectives(call.headers).maxAgeMs !== undefined) return await next(call);
      const claim: Claim = { token: randomUUID(), ms: CLAIM_MS };
      const found = await waitFor(call, key, { ...options, claim });
      return found ?? asked(call, next, { key, claim, claims: options.claims });
    },
  };
}

interface Waiting extends ElsewhereOptions {
  readonly claim: Claim;
}

/** What another process has kept meanwhile; undefined where this one is to ask. */
async function waitFor(
  call: Call,
  key: string,
  { claims, claim, ...options }: Waiting,
): Promise<Reply | undefined> {
  if (await claims.take(key, claim)) return undefined;
  const until = Date.now() + LONGEST_WAIT_MS;
  for (let ms = FIRST_LOOK_MS; Date.now() < until; ms = Math.min(ms * 1.5, LAST_LOOK_MS)) {
    await pause(ms, call.departure);
    // In this order: what is kept is there before its claim is gone.
    const isMine = await claims.take(key, claim);
    const found = await look(call, key, options);
    if (found !== undefined) {
      if (isMine) await claims.drop(key, claim);
      return found;
    }
    if (isMine) return undefined;
  }
  return undefined;
}

async function look(
  call: Call,
  key: string,
  { store, models }: Omit<ElsewhereOptions, 'claims'>,
): Promise<Reply | undefined> {
  let entry: Entry | undefined;
  try {
    entry = await store.get(key);
  } catch {
    return undefined;
  }
  const model = entry && models.find(entry.model);
  if (entry === undefined || model === undefined || entry.freshUntil <= Date.now()) {
    return undefined;
  }
  return replay(call, { entry, model, state: 'hit' });
}

/** Waits, unless the client leaves: then it throws at once. */
async function pause(ms: number, departure: Departure): Promise<void> {
  if (departure.left) throw clientGone();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  departure.listen(resolve);
  await promise;
  clearTimeout(timer);
  departure.forget(resolve);
  if (departure.left) throw clientGone();
}

interface Holding {
  readonly key: string;
  readonly claim: Claim;
  readonly claims: Claims;
}

/** Asks while the claim is held. */
async function asked(call: Call, next: Handler, { key, claim, claims }: Holding): Promise<Reply> {
  const renewing = setInterval(() => void claims.renew(key, claim), RENEW_MS).unref();
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    clearInterval(renewing);
    setTimeout(() => void claims.drop(key, claim), AFTER_MS).unref();
  };
  try {
    const reply = await next(call);
    return { ...reply, events: whole(reply.events, end) };
  } catch (thrown) {
    end();
    throw thrown;
  }
}

async function* whole(
  events: AsyncIterable<readonly ReplyEvent[]>,
  end: () => void,
): AsyncGenerator<readonly ReplyEvent[]> {
  try {
    yield* events;
  } finally {
    end();
  }
}
