/** Traps and paraphrases through an embedder, with and without guards. */
import { type NamedGuard, refusal } from '../../src/semantic/guards/guards.ts';
import type { TrapPair } from './traps.ts';

/** A pair with how near its texts are. */
export interface ScoredPair extends TrapPair {
  readonly similarity: number;
}

/** What a threshold lets through. */
export interface Served {
  readonly paraphrases: number;
  readonly ofParaphrases: number;
  readonly traps: number;
  readonly ofTraps: number;
}

/** The pairs that would be hits. */
export function servedPairs(
  pairs: readonly ScoredPair[],
  threshold: number,
  guards: readonly NamedGuard[],
): Served {
  const hit = pairs.filter(
    ({ similarity, asked, kept }) =>
      similarity >= threshold && refusal(guards, asked, kept) === undefined,
  );
  const count = (of: readonly ScoredPair[], same: boolean): number =>
    of.filter(({ kind }) => (kind === 'same') === same).length;
  return {
    paraphrases: count(hit, true),
    ofParaphrases: count(pairs, true),
    traps: count(hit, false),
    ofTraps: count(pairs, false),
  };
}

/** The lowest threshold, to the hundredth, at which traps are at most this share of the hits. */
export function trapThreshold(
  pairs: readonly ScoredPair[],
  limit: number,
  guards: readonly NamedGuard[],
): number | undefined {
  for (let hundredth = 30; hundredth < 100; hundredth++) {
    const { paraphrases, traps } = servedPairs(pairs, hundredth / 100, guards);
    if (paraphrases + traps === 0) return undefined;
    if (traps / (paraphrases + traps) <= limit) return hundredth / 100;
  }
  return undefined;
}
