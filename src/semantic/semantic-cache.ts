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
  Scope,
  type ScopeLimits,
  scopeReport,
  type ScopeReport,
  type ScopeState,
} from './scope.ts';
import type { JudgedHit } from './wrong-rate.ts';

/** What the cache works with. */
export interface SemanticCacheOptions {
  readonly embedder: Embedder;
  /** From `loadGuards()`. */
  readonly guards: readonly NamedGuard[];
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
  | ({ readonly kind: 'served'; readonly vector: Float32Array } & Candidate)
  | ({ readonly kind: 'shadow'; readonly vector: Float32Array } & Candidate)
  | {
      readonly kind: 'none';
      /** `refused`: a guard's reason is in `reason`. */
      readonly why: 'no-vector' | 'nothing-near' | 'refused';
      readonly reason?: string;
      /** The question's, for its entry; undefined where none was to be had. */
      readonly vector?: Float32Array;
    };

/** A verdict on a hit that was to be judged. */
export interface Learned extends JudgedHit {
  /** The scope that it is evidence of. */
  readonly evidence: string;
}

/** An entry to be found from now on. */
export interface NewEntry {
  readonly id: string;
  readonly question: Pick<Question, 'text' | 'namespace'>;
  readonly vector: Float32Array;
}

/** Candidates that are looked at: the nearest may be refused, and the next be right. */
const LOOKED_AT = 4;
/** Similarity below which nothing is a candidate. */
const LEAST = 0.5;
/** Namespaces, and scopes of evidence, that are kept at most. */
const MOST_NAMESPACES = 10_000;
/** Entries of all namespaces together that are kept at most, unless told otherwise. */
export const MOST_ENTRIES = 100_000;
/** Of questions that bring none. */
const LIMITS: ScopeLimits = { maxWrong: 0.01, shadowShare: 0.25, verifyShare: 0.05 };

/** The cache. */
export class SemanticCache {
  readonly #options: Required<Omit<SemanticCacheOptions, 'native'>>;
  readonly #native: () => NativeIndexes | undefined;
  readonly #scopes = new RecentMap<string, Scope>(MOST_NAMESPACES);
  /** Scopes of before that were not asked for yet. */
  readonly #saved: Map<string, ScopeState>;
  readonly #namespaces = new Map<string, Namespace>();
  /** Where each entry is, oldest first. */
  readonly #entries = new Map<string, Namespace>();

  /** `saved`: what {@link evidence} gave, by scope. */
  constructor(options: SemanticCacheOptions, saved: Readonly<Record<string, ScopeState>> = {}) {
    this.#options = { mostEntries: MOST_ENTRIES, random: Math.random, ...options };
    this.#native = options.native ?? (() => undefined);
    this.#saved = new Map(Object.entries(saved));
  }

  /** Names the vectors' space. */
  get embedder(): string {
    return this.#options.embedder.name;
  }

  /**
   * Looks for an entry that answers the question. `served`: give its answer. `shadow`: ask the model; where
   * `judge` is set, compare. Never throws, and waits no longer than the embedder does.
   */
  async lookUp(question: Question, call: Call): Promise<LookUp> {
    const scope = this.#scopeOf(question);
    scope.counts.lookedUp++;
    scope.usedAt = call.startedAt;
    const vector = await this.#options.embedder.embed(question.text, call);
    if (vector === undefined) return { kind: 'none', why: 'no-vector' };
    const near = this.#namespaces.get(question.namespace)?.nearest(vector, LOOKED_AT) ?? [];
    let reason: string | undefined;
    for (const { id, similarity, text } of near) {
      if (similarity < LEAST) break;
      const refused = refusal(this.#options.guards, question.text, text);
      if (refused === undefined) {
        const candidate = { entryId: id, similarity, kept: text };
        return { vector, ...this.#found(scope, candidate, question.limits ?? LIMITS) };
      }
      reason ??= refused;
    }
    if (reason === undefined) return { kind: 'none', why: 'nothing-near', vector };
    scope.counts.refused++;
    return { kind: 'none', why: 'refused', reason, vector };
  }

  #found(
    { rate: { threshold }, counts }: Scope,
    candidate: Omit<Candidate, 'judge'>,
    { shadowShare, verifyShare }: ScopeLimits,
  ): { readonly kind: 'served' | 'shadow' } & Candidate {
    const draw = this.#options.random();
    if (threshold !== undefined && candidate.similarity >= threshold) {
      return { kind: 'served', ...candidate, judge: draw < Math.min(verifyShare, shadowShare) };
    }
    counts.shadow++;
    return { kind: 'shadow', ...candidate, judge: draw < shadowShare };
  }

  /** Counts an answer that was given, with what it had cost, in nano-dollars; undefined is unpriced. */
  gave(question: Question, avoidedNano: number | undefined): void {
    const scope = this.#scopeOf(question);
    scope.counts.served++;
    scope.add('avoidedNano', avoidedNano);
  }

  /** Counts what a vector or a judgement cost, in nano-dollars; undefined is unpriced. */
  spent(question: Question, what: 'embedding' | 'judging', nano: number | undefined): void {
    this.#scopeOf(question).add(`${what}Nano`, nano);
  }

  /** Takes the verdict on a hit that was to be judged. False where its scope is not known, or no longer. */
  learned({ evidence, ...hit }: Learned): boolean {
    const scope = this.#scopes.get(evidence) ?? this.#restored(evidence);
    scope?.rate.record(hit);
    return scope !== undefined;
  }

  /** Keeps an entry to be found, in place of one of the same id. Beyond the most entries the oldest go. */
  add({ id, question, vector }: NewEntry): void {
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

  /** Forgets all entries but these. */
  retain(ids: ReadonlySet<string>): void {
    // A map bears that its entries go while it is walked.
    for (const id of this.#entries.keys()) if (!ids.has(id)) this.remove(id);
  }

  /** Entries kept, and the memory of their vectors in bytes. */
  get size(): { readonly entries: number; readonly bytes: number } {
    let bytes = 0;
    for (const namespace of this.#namespaces.values()) bytes += namespace.bytes;
    return { entries: this.#entries.size, bytes };
  }

  /** What happened, by scope of evidence; scopes that were saved and not asked for since are left out. */
  stats(): ScopeReport[] {
    return [...this.#scopes.entries()].map(([evidence, scope]) =>
      scopeReport(evidence, scope.state()),
    );
  }

  /** What is known, by scope: to be saved, and given to the next cache. */
  evidence(): Record<string, ScopeState> {
    const used = [...this.#scopes.entries()].map(([key, scope]) => [key, scope.state()] as const);
    return Object.fromEntries([...this.#saved, ...used]);
  }

  /** Knows this from here on: what {@link evidence} gave, with what other gateways know. */
  take(evidence: Readonly<Record<string, ScopeState>>): void {
    this.#saved.clear();
    for (const [key, state] of Object.entries(evidence)) {
      if (state.embedder !== this.embedder) continue;
      const scope = this.#scopes.get(key);
      if (scope === undefined) this.#saved.set(key, state);
      else scope.take(state);
    }
  }

  #scopeOf({ evidence, tenant, task, limits }: Question): Scope {
    const { maxWrong } = limits ?? LIMITS;
    let scope = this.#scopes.get(evidence);
    if (scope?.limit !== maxWrong) {
      const saved = scope?.state() ?? this.#saved.get(evidence);
      scope = new Scope({ tenant, task, embedder: this.embedder }, maxWrong, saved);
      this.#keep(evidence, scope);
    }
    return scope;
  }

  #restored(evidence: string): Scope | undefined {
    const saved = this.#saved.get(evidence);
    if (saved === undefined) return undefined;
    const scope = new Scope(saved, saved.maxWrong, saved);
    this.#keep(evidence, scope);
    return scope;
  }

  #keep(evidence: string, scope: Scope): void {
    this.#saved.delete(evidence);
    this.#scopes.set(evidence, scope);
  }
}
