/**
 * The caches by likeness of one gateway: one for each embedder, what they need, and what outlives the process.
 *
 * @module
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { CacheStore } from '../cache/cache-store.ts';
import type { Handler } from '../call.ts';
import type { SemanticPolicy } from '../config/cache-policy.ts';
import { toFarthingError } from '../errors.ts';
import type { LedgerStore } from '../stores/ledger-store.ts';
import type { Embedder } from './embedder.ts';
import { loadEnergeticEmbedder } from './energetic-embedder.ts';
import { EVIDENCE, type Evidence, evidenceReports, lastUsed, readEvidence } from './evidence.ts';
import { loadGuards } from './guards/guards.ts';
import { loadNativeIndexes, type NativeIndexes } from './native-index.ts';
import { pooled } from './pooled.ts';
import { ProviderEmbedder } from './provider-embedder.ts';
import type { QuestionFile } from './question-file.ts';
import type { NewReview } from './review.ts';
import { type NewEntry, SemanticCache } from './semantic-cache.ts';
import { type SemanticLine, semanticLines } from './stats-json.ts';

/** What the caches work with. */
export interface SemanticCachesOptions {
  /** Of all tasks; those of one embedder share a cache. */
  readonly policies: Iterable<SemanticPolicy>;
  /** Asks `call.ask` within the budgets. */
  readonly ask: Handler;
  /** Where the answers are. */
  readonly store: Pick<CacheStore, 'purges'>;
  /** Where questions and reviews are kept. */
  readonly file: QuestionFile;
  /** Where evidence is kept. */
  readonly ledger: Pick<LedgerStore, 'load' | 'amend'>;
  /** Makes an embedder. @default the configured one */
  readonly embedderOf?: (policy: SemanticPolicy) => Embedder | Promise<Embedder>;
  /** Numbers in [0, 1). @default Math.random */
  readonly random?: () => number;
}

/** How often evidence is shared with other gateways, in ms, where it changed: a crash loses no more. */
const SHARE_MS = 15_000;
/** How often decisions of reviews, and purges by other processes, are looked for, in ms. */
const LOOK_MS = 3_000;

/** The caches. Until they are loaded there are none, and calls go on without. */
export class SemanticCaches {
  /** Resolves when all is loaded: guards, embedders, and the questions of before. Never rejects. */
  readonly ready: Promise<void>;
  readonly #options: SemanticCachesOptions;
  readonly #caches = new Map<SemanticPolicy['embedder'], SemanticCache>();
  readonly #timers: readonly NodeJS.Timeout[];
  /** As it was written when it was last read or written here. */
  #written: Evidence;
  #native: NativeIndexes | undefined;
  #isWarned = false;
  /** The same as text, and what was known here after that. */
  #alike: { readonly written: string | undefined; readonly here: string } | undefined;
  #purges: number | undefined;
  #isClosed = false;

  constructor(options: SemanticCachesOptions) {
    this.#options = options;
    this.#written = readEvidence(options.ledger.load(EVIDENCE));
    this.#timers = [
      setInterval(() => this.#share(), SHARE_MS).unref(),
      setInterval(() => void this.look(), LOOK_MS).unref(),
    ];
    this.ready = this.#load().catch(tell);
  }

  /** The cache of a policy's embedder; undefined while it is being loaded. */
  of({ embedder }: SemanticPolicy): SemanticCache | undefined {
    return this.#caches.get(embedder);
  }

  /**
   * Makes an entry found from now on, and after a restart as long as its answer is kept: until `deadAt` at most,
   * in ms since the epoch.
   */
  add(
    cache: SemanticCache,
    { id: key, question, vector, deadAt }: NewEntry & { readonly deadAt: number },
  ): void {
    cache.add({ id: key, question, vector });
    const { text, namespace } = question;
    const { embedder } = cache;
    attempt(() => this.#options.file.put({ key, embedder, namespace, text, vector, deadAt }));
  }

  /** Keeps a hit for a person to decide. */
  review(review: NewReview): void {
    attempt(() => this.#options.file.addReview(review));
  }

  /** What is known of each task's calls of each tenant, those that nobody has asked for since the start too. */
  stats(): readonly SemanticLine[] {
    const waiting = attempt(() => this.#options.file.reviews()) ?? [];
    return semanticLines(evidenceReports(this.#evidence()), waiting);
  }

  /** Learns what people decided, and forgets what other processes purged. Never rejects. */
  async look(): Promise<void> {
    if (this.#isClosed) return;
    const { file } = this.#options;
    for (const review of attempt(() => file.takeDecided()) ?? []) {
      for (const cache of this.#caches.values()) if (cache.learned(review)) break;
    }
    await this.#heedPurges();
  }

  /** Also what was purged while no gateway ran, where answers are kept elsewhere. */
  async #heedPurges(): Promise<void> {
    const { file, store } = this.#options;
    const purges = await store.purges().catch(() => undefined);
    if (purges === undefined || this.#isClosed) return;
    const before = this.#purges ?? attempt(() => file.purges);
    this.#purges = purges;
    if (before === undefined) attempt(() => file.saw(purges));
    else if (before !== purges) this.#forget(purges);
  }

  /** Keeps what was learned. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.ready;
    this.#share();
    this.#options.file.close();
  }

  /**
   * Nobody says what a purge meant: what the file no longer has is forgotten, and where answers are kept
   * elsewhere all is. It is found again once it is asked anew.
   */
  #forget(purges: number): void {
    const keys = attempt(() => this.#options.file.left(purges)) ?? new Set();
    for (const cache of this.#caches.values()) cache.retain(keys);
  }

  /** Adds what was learned here to what other gateways have written meanwhile, and knows both from then on. */
  #share(): void {
    if (this.#caches.size === 0) return;
    const { ledger } = this.#options;
    attempt(() => {
      const here = this.#evidence();
      const known = { written: ledger.load(EVIDENCE), here: JSON.stringify(here) };
      if (known.written === this.#alike?.written && known.here === this.#alike?.here) return;
      let all: Evidence = here;
      ledger.amend(EVIDENCE, (text) => {
        all = this.#pooled(readEvidence(text), here);
        return JSON.stringify(all);
      });
      this.#written = all;
      for (const cache of this.#caches.values()) cache.take(all);
      this.#alike = { written: JSON.stringify(all), here: JSON.stringify(this.#evidence()) };
    });
  }

  #pooled(written: Evidence, here: Evidence): Evidence {
    const own = Object.entries(here).map(([scope, now]) => {
      const sides = { written: written[scope], before: this.#written[scope], now };
      return [scope, pooled(sides)] as const;
    });
    return lastUsed({ ...written, ...Object.fromEntries(own) });
  }

  /** What is known here, of embedders that are not configured now, too. */
  #evidence(): Evidence {
    const known = [...this.#caches.values()].map((cache) => cache.evidence());
    return Object.assign({}, this.#written, ...known) as Evidence;
  }

  async #load(): Promise<void> {
    const [guards, native] = await Promise.all([loadGuards(), loadNativeIndexes()]);
    this.#native = native;
    for (const policy of shortest(this.#options.policies)) {
      const embedder = await this.#embedderOf(policy).catch(tell);
      if (embedder === undefined) continue;
      const saved = Object.entries(this.#written).filter(
        ([, state]) => state.embedder === embedder.name,
      );
      const cache = new SemanticCache(
        {
          embedder,
          guards,
          native: () => this.#nativeIndexes(),
          ...(this.#options.random === undefined ? {} : { random: this.#options.random }),
        },
        Object.fromEntries(saved),
      );
      this.#caches.set(policy.embedder, cache);
    }
    await this.#heedPurges();
    for (const cache of this.#caches.values()) await this.#restore(cache);
  }

  async #restore(cache: SemanticCache): Promise<void> {
    for (const page of this.#options.file.pages(cache.embedder)) {
      for (const { key, ...rest } of page) {
        cache.add({ id: key, question: rest, vector: rest.vector });
      }
      // Calls are answered meanwhile.
      await turn();
      if (this.#isClosed) return;
    }
  }

  async #embedderOf(policy: SemanticPolicy): Promise<Embedder> {
    const { embedderOf, ask } = this.#options;
    if (embedderOf !== undefined) return embedderOf(policy);
    const { embedder: model, timeoutMs } = policy;
    return model === 'offline'
      ? loadEnergeticEmbedder()
      : new ProviderEmbedder({ model, ask, timeoutMs });
  }

  /** Asked for by indexes that have grown large. */
  #nativeIndexes(): NativeIndexes | undefined {
    if (this.#native === undefined && !this.#isWarned) {
      this.#isWarned = true;
      process.stderr.write(
        'The cache by likeness has more than 10,000 questions of one kind and compares with each of them. ' +
          'Faster: npm install usearch\n',
      );
    }
    return this.#native;
  }
}

/** One policy for each embedder: the one that waits for it the shortest time. */
function shortest(policies: Iterable<SemanticPolicy>): Iterable<SemanticPolicy> {
  const chosen = new Map<SemanticPolicy['embedder'], SemanticPolicy>();
  for (const policy of policies) {
    const known = chosen.get(policy.embedder);
    if (known === undefined || policy.timeoutMs < known.timeoutMs)
      chosen.set(policy.embedder, policy);
  }
  return chosen.values();
}

function tell(thrown: unknown): undefined {
  process.stderr.write(`No answers by likeness: ${toFarthingError(thrown).message}\n`);
}

/** A file that is locked or a disk that is full loses what is only a cache's, and fails no call. */
function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
