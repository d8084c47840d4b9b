/**
 * Do two texts come from one template? They do when all that differs is data: names, numbers, dates,
 * ids, inserted passages. A different or added instruction makes them two.
 *
 * Errs to the safe side: splitting one kind of work in two delays its naming; merging two kinds would
 * send work to a model that was measured on other work.
 *
 * @module
 */
import { align, type Hunk } from './template-align.ts';
import { TOKEN, type Tokens } from './template-tokens.ts';

/** Tokens that two system prompts must share at least. */
const LEAST_SHARED = 5;
/** Tokens from which a difference is a passage and not a word. */
const PASSAGE = 8;
/** Tokens that a passage may share with its counterpart at either end. */
const MOST_WIDENED = 4;
/** What ends a line, a sentence or a marked passage. */
const BREAK = TOKEN.lineBreak | TOKEN.sentenceEnd | TOKEN.delimiter;
/** For messages: tokens of instruction they must share, and the share of the shorter one. */
const LEAST_SHARED_MESSAGE = 15;
const LEAST_SHARE_MESSAGE = 0.35;

/** How alike two texts of a kind are: 0 for two templates, else more for more that is shared. */
export function likeness(kind: 'system' | 'user', a: Tokens, b: Tokens): number {
  const { hunks: found, shared } = align(a, b);
  const hunks = joinPassages(found);
  if (kind === 'user') {
    const shorter = Math.min(a.hashes.length, b.hashes.length);
    return shared >= LEAST_SHARED_MESSAGE && shared / shorter >= LEAST_SHARE_MESSAGE ? shared : 0;
  }
  if (shared < LEAST_SHARED) return 0;
  const instructive = countInstructive(a, hunks);
  const allData = hunks.every((hunk) => isData(a, b, hunk));
  return allData && instructive > 0 ? shared : 0;
}

/**
 * Two long passages share runs of words by chance. Differences that are long against the gap between
 * them are one difference.
 */
function joinPassages(hunks: readonly Hunk[]): Hunk[] {
  const joined: Hunk[] = [];
  for (const hunk of hunks) {
    const last = joined.at(-1);
    const gap = last === undefined ? Infinity : hunk.aStart - last.aEnd;
    const size = Math.max(last === undefined ? 0 : sizeOf(last), sizeOf(hunk));
    if (last !== undefined && gap <= size / 2) {
      joined[joined.length - 1] = { ...hunk, aStart: last.aStart, bStart: last.bStart };
    } else joined.push(hunk);
  }
  return joined;
}

function sizeOf({ aStart, aEnd, bStart, bEnd }: Hunk): number {
  return Math.max(aEnd - aStart, bEnd - bStart);
}

/** Words of instruction outside of the differences: without any there is nothing that makes a template. */
function countInstructive(tokens: Tokens, hunks: readonly Hunk[]): number {
  let count = 0;
  let hunk = 0;
  for (let at = 0; at < tokens.kinds.length; at++) {
    while ((hunks[hunk]?.aEnd ?? Infinity) <= at) hunk++;
    if (at >= (hunks[hunk]?.aStart ?? Infinity)) continue;
    if (has(tokens, at, TOKEN.instructive) || (tokens.kinds[at] ?? 0) < 2) count++;
  }
  return count;
}

function isData(a: Tokens, b: Tokens, hunk: Hunk): boolean {
  const mine: Segment = { tokens: a, start: hunk.aStart, end: hunk.aEnd };
  const theirs: Segment = { tokens: b, start: hunk.bStart, end: hunk.bEnd };
  if (isSlot(mine) && isSlot(theirs)) return true;
  if (instructs(mine) || instructs(theirs)) return false;
  if (isDelimited(mine) && isDelimited(theirs)) return true;
  const [wideMine, wideTheirs] = [widened(mine), widened(theirs)];
  // A sentence that begins with an instruction and goes on differently asks for something else.
  if (instructs(wideMine) || instructs(wideTheirs)) return false;
  const long = length(wideMine) >= PASSAGE || length(wideTheirs) >= PASSAGE;
  return long && isPassage(wideMine) && isPassage(wideTheirs);
}

interface Segment {
  readonly tokens: Tokens;
  readonly start: number;
  readonly end: number;
}

function length({ start, end }: Segment): number {
  return end - start;
}

/** Signs that two passages happen to begin or end with alike belong to the passage: up to the next break. */
function widened({ tokens, start, end }: Segment): Segment {
  let last = end;
  while (last < end + MOST_WIDENED && last < tokens.kinds.length && !has(tokens, last, BREAK))
    last++;
  let first = start;
  while (first > start - MOST_WIDENED && first > 0 && !has(tokens, first - 1, BREAK | TOKEN.colon))
    first--;
  return { tokens, start: first, end: last };
}

/** Ideographs that may stand in a slot beside a name. */
const MOST_IDEOGRAPHS = 4;

/** Nothing but names, numbers and what connects them; with them, a few ideographs, which know no capitals. */
function isSlot({ tokens, start, end }: Segment): boolean {
  let ideographs = 0;
  let named = false;
  for (let at = start; at < end; at++) {
    if (has(tokens, at, TOKEN.ideograph)) ideographs++;
    else if (has(tokens, at, TOKEN.variable | TOKEN.name)) named = true;
    else if (!has(tokens, at, TOKEN.filler)) return false;
  }
  return ideographs === 0 || (named && ideographs <= MOST_IDEOGRAPHS);
}

/** An instruction begins here: a sentence starts with a word of instruction, or says "you must". */
function instructs({ tokens, start, end }: Segment): boolean {
  for (let at = start; at < end; at++) {
    if (!has(tokens, at, TOKEN.instructive)) continue;
    if (has(tokens, at, TOKEN.start)) return true;
    // A short difference inside a sentence of instruction: its verb or its object was changed.
    if (length({ tokens, start, end }) < PASSAGE) return true;
  }
  return false;
}

/** Inside quotes, tags or fences, or behind a label and its colon on the same line. */
function isDelimited({ tokens, start, end }: Segment): boolean {
  if (start === end) return true;
  const before = start - 1;
  if (before < 0) return false;
  if (has(tokens, before, TOKEN.delimiter) || has(tokens, start, TOKEN.delimiter)) {
    return (
      end >= tokens.kinds.length ||
      has(tokens, end, TOKEN.delimiter | TOKEN.lineBreak) ||
      has(tokens, end - 1, TOKEN.delimiter)
    );
  }
  const afterColon = has(tokens, before, TOKEN.colon);
  const endsLine =
    end >= tokens.kinds.length ||
    has(tokens, end, TOKEN.lineBreak | TOKEN.sentenceEnd) ||
    has(tokens, end - 1, TOKEN.sentenceEnd | TOKEN.lineBreak);
  return afterColon && endsLine && !has(tokens, before - 1, TOKEN.workLabel);
}

/** Whole sentences or lines, or nothing. */
function isPassage({ tokens, start, end }: Segment): boolean {
  if (start === end) return true;
  const opens =
    has(tokens, start, TOKEN.start | TOKEN.lineBreak | TOKEN.delimiter) ||
    start === 0 ||
    has(tokens, start - 1, TOKEN.colon | TOKEN.lineBreak | TOKEN.sentenceEnd | TOKEN.delimiter);
  const closes =
    end >= tokens.kinds.length ||
    has(tokens, end - 1, TOKEN.sentenceEnd | TOKEN.lineBreak | TOKEN.delimiter) ||
    has(tokens, end, TOKEN.lineBreak | TOKEN.sentenceEnd | TOKEN.delimiter);
  return opens && closes;
}

function has({ kinds }: Tokens, at: number, bits: number): boolean {
  return ((kinds[at] ?? 0) & bits) !== 0;
}
