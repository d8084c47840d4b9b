/** `substitution`: the same sentence with another word in it. @module */
import { isCounting } from './quantities.ts';
import { type Reading, readingOf } from './reading.ts';
import { isFunctionWord, stem } from './stems.ts';
import { areSynonyms } from './synonyms.ts';

/** Words that may differ without the sentence's being another one. */
const LOOSE = new Set(
  `a an the this that these those my your our his her its their i you we me us it please just also some any there
  do does did is are am be been to of`.split(/\s+/),
);

/** Most words of each side that may be replaced: beyond, the sentences are no longer the same. */
const MOST_REPLACED = 2;

/**
 * Refuses "Is rice healthy?" for "Is bread healthy?": where two texts have the same frame of function
 * words, what stands in it must be the same, or known to mean the same, or be spelt nearly so.
 */
export function substitution(asked: string, kept: string): string | undefined {
  const one = readingOf(asked);
  const other = readingOf(kept);
  const left = own(one, other);
  const right = own(other, one);
  if (left.length === 0 || right.length === 0) return undefined;
  if (left.length > MOST_REPLACED || right.length > MOST_REPLACED) return undefined;
  if (frameOf(one) !== frameOf(other)) return undefined;
  const odd = left.find((word) => !right.some((candidate) => mayStandFor(word, candidate)));
  return odd === undefined ? undefined : `"${odd}" is replaced by "${right.join(' ')}"`;
}

/** Content words that the other has not; numbers, units and hours have their own guards. */
function own(one: Reading, other: Reading): string[] {
  const measures = new Set(one.words.filter((word) => isMeasure(word)).map(stem));
  return one.content.filter((word) => !other.contentSet.has(word) && !measures.has(word));
}

function isMeasure(word: string): boolean {
  return isCounting(word) || /^(?:[ap]m|noon|midnight|c|f)$/.test(word);
}

function frameOf({ words }: Reading): string {
  const frame: string[] = [];
  for (const word of words) {
    if (LOOSE.has(word)) continue;
    if (isFunctionWord(word)) frame.push(word === 'could' || word === 'may' ? 'can' : word);
    else if (frame.at(-1) !== '_') frame.push('_');
  }
  return frame.join(' ');
}

function mayStandFor(one: string, other: string): boolean {
  return areSynonyms(one, other) || isMisspelt(one, other) || sameRoot(one, other);
}

/** One letter more, less, other or moved, in words long enough not to be others. */
function isMisspelt(one: string, other: string): boolean {
  if (Math.min(one.length, other.length) < 5 || Math.abs(one.length - other.length) > 1)
    return false;
  if (/\d/.test(one + other)) return false;
  let start = 0;
  while (start < one.length && one[start] === other[start]) start++;
  let end = 0;
  const most = Math.min(one.length, other.length) - start;
  while (end < most && one.at(-1 - end) === other.at(-1 - end)) end++;
  const [a, b] = [one.slice(start, one.length - end), other.slice(start, other.length - end)];
  return (a.length <= 1 && b.length <= 1) || (a.length === 2 && a[0] === b[1] && a[1] === b[0]);
}

/** "commercial" and "commercially". */
function sameRoot(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return short.length >= 5 && long.startsWith(short);
}
