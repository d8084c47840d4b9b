/**
 * What is answered by likeness, as `farthing cache stats --json` and the admin API tell it.
 *
 * @module
 */
import type { Review } from './review.ts';
import type { ScopeReport } from './scope.ts';

/** What is known of one task's calls of one tenant. Field names are the JSON contract; money in nano-dollars. */
export interface SemanticLine {
  readonly task: string;
  readonly tenant: string;
  readonly embedder: string;
  readonly looked_up: number;
  /** Not given, but found. */
  readonly would_be_hits: number;
  /** Found, and refused by a guard. */
  readonly refused: number;
  readonly served: number;
  readonly judged: number;
  readonly wrong: number;
  /** Judged by nobody so far. */
  readonly unknown: number;
  /** Upper 95 % bound of the share of wrong ones among hits, for one look. */
  readonly upper_95: number;
  /** The bound that decides: it holds for all thresholds and all looks together. */
  readonly deciding_upper: number;
  readonly limit: number;
  readonly state: 'learning' | 'serving';
  /** Similarity from which on answers are given; null while learning. */
  readonly threshold: number | null;
  /** How often all evidence was dropped because given answers turned wrong. */
  readonly alarms: number;
  readonly reviews_waiting: number;
  readonly avoided_nano_usd: number;
  readonly embedding_nano_usd: number;
  readonly judging_nano_usd: number;
  /** Avoided less embedding and judging. */
  readonly saved_nano_usd: number;
  /** Attempts and given answers of unknown cost, which are in none of the sums. */
  readonly unpriced: number;
}

/** A line for each task and tenant. */
export function semanticLines(
  reports: readonly ScopeReport[],
  waiting: readonly Review[],
): readonly SemanticLine[] {
  return reports.map((scope) => ({
    task: scope.task,
    tenant: scope.tenant,
    embedder: scope.embedder,
    looked_up: scope.lookedUp,
    would_be_hits: scope.shadow,
    refused: scope.refused,
    served: scope.served,
    judged: scope.judged,
    wrong: scope.wrong,
    unknown: scope.unknown,
    upper_95: scope.upper,
    deciding_upper: scope.decidingUpper,
    limit: scope.limit,
    state: scope.state,
    threshold: scope.threshold ?? null,
    alarms: scope.alarms,
    reviews_waiting: waiting.filter(({ evidence }) => evidence === scope.evidence).length,
    avoided_nano_usd: scope.avoidedNano,
    embedding_nano_usd: scope.embeddingNano,
    judging_nano_usd: scope.judgingNano,
    saved_nano_usd: scope.avoidedNano - scope.embeddingNano - scope.judgingNano,
    unpriced: scope.unpriced,
  }));
}
