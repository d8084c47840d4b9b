/** `negation`: one text denies what the other does not. @module */
import { type Reading, readingOf } from './reading.ts';
import { isFunctionWord, stem } from './stems.ts';

const NEGATORS = new Set(
  'not no never without none neither nor nobody nothing nowhere hardly except'.split(' '),
);

/** Stems that say by themselves what others say with a "not": refused is not accepted. */
const DENYING = new Set(
  `fail failure decline refuse reject deny missing miss lack wait pending forget lose lost broken break crash
  stop wrong impossible prevent avoid error stuck problem issue unavailable delay late direct quit only just shut
  close unknown unrecognised unrecognized strange invalid expire empty out`
    .split(/\s+/)
    .map(stem),
);

/** Refuses "it works" for "it does not work", and "eat but not drink" for "drink but not eat". */
export function negation(asked: string, kept: string): string | undefined {
  const one = readingOf(asked);
  const other = readingOf(kept);
  const deniedByOne = denied(one);
  const deniedByOther = denied(other);
  if (deniedByOne.length > 0 !== deniedByOther.length > 0) {
    const [denying, plain] = deniedByOne.length > 0 ? [one, other] : [other, one];
    return deniesOtherwise(plain, denying) ? undefined : 'one denies what the other does not';
  }
  const swapped =
    deniedByOne.some((word) => other.contentSet.has(word) && !isDenied(other, word)) &&
    deniedByOther.some((word) => one.contentSet.has(word) && !isDenied(one, word));
  return swapped ? 'they deny different parts' : undefined;
}

function deniesOtherwise(plain: Reading, denying: Reading): boolean {
  return [...plain.stems].some((word) => DENYING.has(word) && !denying.stems.has(word));
}

/** The first content word after each negator; "Can't I …?" asks the same as "Can I …?". */
export function denied({ words }: Reading): string[] {
  const rhetorical = isRhetorical(words);
  const heads: string[] = [];
  let head = '';
  for (let at = words.length - 1; at >= 0; at--) {
    const word = words[at] ?? '';
    if (NEGATORS.has(word) && !(rhetorical && at === 1)) heads.push(head);
    else if (!isFunctionWord(word)) head = stem(word);
  }
  return heads;
}

/** How far a negator reaches, in words: "why won't my new card work". */
const REACH = 5;

function isDenied({ words }: Reading, denial: string): boolean {
  return words.some((word, at) => {
    if (!NEGATORS.has(word)) return false;
    return words.slice(at + 1, at + 1 + REACH).some((next) => stem(next) === denial);
  });
}

function isRhetorical([first, second, third]: readonly string[]): boolean {
  return (
    second === 'not' &&
    /^(?:can|could|is|are|do|does|should|would|will)$/.test(first ?? '') &&
    /^(?:i|you|we|it|there|the|this|my)$/.test(third ?? '')
  );
}
