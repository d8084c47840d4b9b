/**
 * The cache by likeness: finds an entry whose question means the same, and says whether its answer may be
 * given or is only to be compared. It keeps no answers: entries are named by their id in the exact cache.
 *
 * @module
 */
import type { Call } from '../call.ts';
import { RecentMap } from '../recent-map.ts';
import type { Embedder } from './embedder.ts';
import type { Question } from './eligible.ts';
import { type NamedGuard, refusal } from './guards/guards.ts';
import { Namespace } from './namespace.ts';
import type { NativeIndexes } from './native-index.ts';
import {
  type Verdict,
  WrongRate,
  type WrongRateReport,
  type WrongRateState,
} from './wrong-rate.ts';

/** What the cache works with. */
export interface SemanticCacheOptions {
  readonly embedder: Embedder;
  /** From `loadGuards()`. */
  readonly guards: readonly NamedGuard[];
  /** The greatest share of wrong hits, between 0 and 1. @default 0.01 */
  readonly maxWrong?: number;
  /** Share of would-be hits, while the model answers anyway, that are to be judged. @default 0.25 */
  readonly shadowShare?: number;
  /** Share of served hits that the model is asked for as well; at most `shadowShare`. @default 0.05 */
  readonly verifyShare?: number;
  /** Most entries of all namespaces together. @default 100,000 */
  readonly mostEntries?: number;
  /** Native indexes, once they are loaded. @default brute force only */
  readonly native?: () => NativeIndexes | undefined;
  /** Numbers in [0, 1). @default Math.random */
  readonly random?: () => number;
}

/** A candidate that all guards let pass. */
export interface Candidate {
  /** The entry's id. */
  readonly entryId: string;
  readonly similarity: number;
  /** The question that the entry answers. */
  readonly kept: string;
  /** True where this hit belongs to the sample: the kept answer and a fresh one are to be compared. */
  readonly judge: boolean;
}

/** What a look-up found. */
export type LookUp =
  | ({ readonly kind: 'served' } & Candidate)
  | ({ readonly kind: 'shadow' } & Candidate)
  | {
      readonly kind: 'none';
      /** `refused`: a guard's reason is in `reason`. */
      readonly why: 'no-vector' | 'nothing-near' | 'refused';
      readonly reason?: string;
    };

/** A verdict on a hit that was to be judged. */
export interface Learned {
  readonly question: Question;
  readonly similarity: number;
  readonly verdict: Verdict;
  readonly served: boolean;
}

/** An entry to be found from now on. */
export interface NewEntry {
  readonly id: string;
  readonly question: Question;
  /** Its vector, where a store has kept it. @default embedded anew */
  readonly vector?: Float32Array;
}

/** What happened in one scope of evidence since the start, with what is known of its wrong hits. */
export interface SemanticStats extends WrongRateReport {
  readonly evidence: string;
  readonly lookedUp: number;
  readonly served: number;
  readonly shadow: number;
  readonly refused: number;
}

/** Candidates that are looked at: the nearest may be refused, and the next be right. */
const LOOKED_AT = 4;
/** Similarity below which nothing is a candidate. */
const LEAST = 0.5;
/** Namespaces, and scopes of evidence, that are kept at most. */
const MOST_NAMESPACES = 10_000;

interface Scope {
  readonly rate: WrongRate;
  lookedUp: number;
  served: number;
  shadow: number;
  refused: number;
}

/** The cache. */
export class SemanticCache {
  readonly #options: Required<Omit<SemanticCacheOptions, 'native'>>;
  readonly #native: () => NativeIndexes | undefined;
  readonly #scopes = new RecentMap<string, Scope>(MOST_NAMESPACES);
  readonly #namespaces = new Map<string, Namespace>();
  /** Where each entry is, oldest first. */
  readonly #entries = new Map<string, Namespace>();

  /** `saved`: what {@link evidence} gave, by scope. */
  constructor(options: SemanticCacheOptions, saved: Readonly<Record<string, WrongRateState>> = {}) {
    const shadowShare = options.shadowShare ?? 0.25;
    this.#options = {
      maxWrong: 0.01,
      mostEntries: 100_000,
      random: Math.random,
      ...options,
      shadowShare,
      verifyShare: Math.min(options.verifyShare ?? 0.05, shadowShare),
    };
    this.#native = options.native ?? (() => undefined);
    for (const [scope, state] of Object.entries(saved)) this.#scopeOf(scope, state);
  }

  /**
   * Looks for an entry that answers the question. `served`: give its answer. `shadow`: ask the model; where
   * `judge` is set, compare. Never throws, and waits no longer than the embedder does.
   */
  async lookUp(question: Question, call: Call): Promise<LookUp> {
    const scope = this.#scopeOf(question.evidence);
    scope.lookedUp++;
    const namespace = this.#namespaces.get(question.namespace);
    const vector = await this.#options.embedder.embed(question.text, call);
    if (vector === undefined) return { kind: 'none', why: 'no-vector' };
    let reason: string | undefined;
    for (const { id, similarity, text } of namespace?.nearest(vector, LOOKED_AT) ?? []) {
      if (similarity < LEAST) break;
      const refused = refusal(this.#options.guards, question.text, text);
      if (refused === undefined) return this.#found(scope, { entryId: id, similarity, kept: text });
      reason ??= refused;
    }
    if (reason === undefined) return { kind: 'none', why: 'nothing-near' };
    scope.refused++;
    return { kind: 'none', why: 'refused', reason };
  }

  #found(scope: Scope, candidate: Omit<Candidate, 'judge'>): LookUp {
    const { shadowShare, verifyShare, random } = this.#options;
    const { threshold } = scope.rate;
    const served = threshold !== undefined && candidate.similarity >= threshold;
    scope[served ? 'served' : 'shadow']++;
    return served
      ? { kind: 'served', ...candidate, judge: random() < verifyShare }
      : { kind: 'shadow', ...candidate, judge: random() < shadowShare };
  }

  /** Takes the verdict on a hit that was to be judged. */
  learned({ question, ...hit }: Learned): void {
    this.#scopeOf(question.evidence).rate.record(hit);
  }

  /**
   * Keeps an entry to be found. Gives its vector, to be stored beside the answer; undefined where there is
   * none, whereupon the entry is not found by likeness. Beyond the most entries the oldest go.
   */
  async add(
    { id, question, vector: known }: NewEntry,
    call: Call,
  ): Promise<Float32Array | undefined> {
    const vector = known ?? (await this.#options.embedder.embed(question.text, call));
    if (vector === undefined) return undefined;
    this.remove(id);
    const key = question.namespace;
    let namespace = this.#namespaces.get(key);
    if (namespace?.dimensions !== vector.length) {
      if (namespace !== undefined) for (const gone of namespace.ids()) this.#entries.delete(gone);
      namespace = new Namespace({ key, dimensions: vector.length, native: this.#native });
      this.#namespaces.set(key, namespace);
    }
    namespace.add({ id, text: question.text, vector });
    this.#entries.set(id, namespace);
    this.#shrink();
    return vector;
  }

  #shrink(): void {
    for (const [id] of this.#entries) {
      const tooMany = this.#entries.size > this.#options.mostEntries;
      if (!tooMany && this.#namespaces.size <= MOST_NAMESPACES) return;
      this.remove(id);
    }
  }

  /** Forgets an entry: the exact cache's has ended or was purged. True when there was one. */
  remove(id: string): boolean {
    const namespace = this.#entries.get(id);
    if (namespace === undefined) return false;
    namespace.remove(id);
    this.#entries.delete(id);
    if (namespace.size === 0) this.#namespaces.delete(namespace.key);
    return true;
  }

  /** Entries kept, and the memory of their vectors in bytes. */
  get size(): { readonly entries: number; readonly bytes: number } {
    let bytes = 0;
    for (const namespace of this.#namespaces.values()) bytes += namespace.bytes;
    return { entries: this.#entries.size, bytes };
  }

  /** What happened, by scope of evidence. */
  stats(): SemanticStats[] {
    return [...this.#scopes.entries()].map(([evidence, { rate, ...counts }]) => ({
      evidence,
      ...counts,
      ...rate.report(),
    }));
  }

  /** What is known of wrong hits, by scope: to be saved, and given to the next cache. */
  evidence(): Record<string, WrongRateState> {
    return Object.fromEntries(
      [...this.#scopes.entries()].map(([key, { rate }]) => [key, rate.toJSON()]),
    );
  }

  #scopeOf(key: string, state?: WrongRateState): Scope {
    let scope = this.#scopes.get(key);
    if (scope === undefined) {
      const rate = new WrongRate(this.#options.maxWrong, state);
      scope = { rate, lookedUp: 0, served: 0, shadow: 0, refused: 0 };
      this.#scopes.set(key, scope);
    }
    return scope;
  }
}
