/**
 * Hits that nothing and nobody could judge yet: a person decides.
 *
 * @module
 */

/** A hit to be decided. It shows what was asked and answered. */
export interface NewReview {
  /** The kept answer's key in the exact cache. */
  readonly key: string;
  /** The scope that it will be evidence of. */
  readonly evidence: string;
  readonly tenant: string;
  readonly task: string;
  /** The question that was asked, and the one that the kept answer was given to. */
  readonly asked: string;
  readonly kept: string;
  readonly freshAnswer: string;
  readonly keptAnswer: string;
  /** Cosine, −1 to 1. */
  readonly similarity: number;
  /** True where the client got the kept answer. */
  readonly served: boolean;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** One that waits. */
export interface Review extends NewReview {
  /** Never used twice. */
  readonly id: number;
}

/** One that a person has decided. */
export interface DecidedReview extends Review {
  readonly verdict: 'right' | 'wrong';
}

/** Reviews that are kept; beyond them the oldest go. */
export const MOST_REVIEWS = 200;
