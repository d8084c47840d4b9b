/**
 * Aligning two token sequences: what they share, and the places where they differ. Linear in their
 * length: runs that occur once in both are anchors, in order.
 *
 * @module
 */
import type { Tokens } from './template-tokens.ts';

/** A place where the sequences differ: `[aStart, aEnd)` against `[bStart, bEnd)`. */
export interface Hunk {
  readonly aStart: number;
  readonly aEnd: number;
  readonly bStart: number;
  readonly bEnd: number;
}

/** The differences, in order, and how many tokens are the same. */
export interface Alignment {
  readonly hunks: readonly Hunk[];
  readonly shared: number;
}

/** Tokens of an anchor. Shorter ones match by chance, longer ones miss short sentences. */
const RUN = 3;

/** Aligns two sequences. */
export function align(a: Tokens, b: Tokens): Alignment {
  const hunks: Hunk[] = [];
  const whole = { aStart: 0, aEnd: a.hashes.length, bStart: 0, bEnd: b.hashes.length };
  differences({ a: a.hashes, b: b.hashes, depth: 0 }, whole, hunks);
  const differing = hunks.reduce((sum, { aStart, aEnd }) => sum + aEnd - aStart, 0);
  return { hunks, shared: a.hashes.length - differing };
}

interface Pair {
  readonly a: Int32Array;
  readonly b: Int32Array;
  /** How often the range was divided. */
  readonly depth: number;
}

function differences(pair: Pair, given: Hunk, hunks: Hunk[]): void {
  const range = trimmed(pair, given);
  const { aStart, aEnd, bStart, bEnd } = range;
  if (aStart === aEnd && bStart === bEnd) return;
  const anchors =
    aStart === aEnd || bStart === bEnd || pair.depth > 8 ? [] : anchorsOf(pair, range);
  if (anchors.length === 0) {
    hunks.push(range);
    return;
  }
  const deeper = { ...pair, depth: pair.depth + 1 };
  let fromA = aStart;
  let fromB = bStart;
  for (const [atA, atB] of anchors) {
    if (atA < fromA || atB < fromB) continue;
    differences(deeper, { aStart: fromA, aEnd: atA, bStart: fromB, bEnd: atB }, hunks);
    fromA = atA + RUN;
    fromB = atB + RUN;
  }
  differences(deeper, { aStart: fromA, aEnd, bStart: fromB, bEnd }, hunks);
}

/** Without what both begin and end with. */
function trimmed({ a, b }: Pair, { aStart, aEnd, bStart, bEnd }: Hunk): Hunk {
  let [startA, startB, endA, endB] = [aStart, bStart, aEnd, bEnd];
  while (startA < endA && startB < endB && a[startA] === b[startB]) {
    startA++;
    startB++;
  }
  while (startA < endA && startB < endB && a[endA - 1] === b[endB - 1]) {
    endA--;
    endB--;
  }
  return { aStart: startA, aEnd: endA, bStart: startB, bEnd: endB };
}

/** Runs that occur once in each range, as a rising sequence in both (longest increasing subsequence). */
function anchorsOf({ a, b }: Pair, { aStart, aEnd, bStart, bEnd }: Hunk): [number, number][] {
  const inA = uniqueRuns(a, aStart, aEnd);
  const inB = uniqueRuns(b, bStart, bEnd);
  const places: [number, number][] = [];
  for (const [run, atA] of inA) {
    const atB = inB.get(run);
    if (atA !== -1 && atB !== undefined && atB !== -1) places.push([atA, atB]);
  }
  return longestRising(places.toSorted(([x], [y]) => x - y));
}

function uniqueRuns(hashes: Int32Array, start: number, end: number): Map<number, number> {
  const runs = new Map<number, number>();
  for (let at = start; at + RUN <= end; at++) {
    const run = runHash(hashes, at);
    runs.set(run, runs.has(run) ? -1 : at);
  }
  return runs;
}

/** One number for a run of tokens. */
export function runHash(hashes: Int32Array, at: number): number {
  let run = 17;
  for (let step = 0; step < RUN; step++) run = (Math.imul(run, 31) + (hashes[at + step] ?? 0)) | 0;
  return run;
}

function longestRising(places: readonly [number, number][]): [number, number][] {
  const tails: number[] = [];
  const before: number[] = [];
  for (const [index, place] of places.entries()) {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((places[tails[middle] ?? 0]?.[1] ?? 0) < place[1]) low = middle + 1;
      else high = middle;
    }
    before[index] = low > 0 ? (tails[low - 1] ?? -1) : -1;
    tails[low] = index;
  }
  const rising: [number, number][] = [];
  for (let at = tails.at(-1) ?? -1; at >= 0; at = before[at] ?? -1) {
    const place = places[at];
    if (place !== undefined) rising.push(place);
  }
  return rising.toReversed();
}
