/** `direction`: from A to B is not from B to A, and before is not after. @module */
import { type Reading, readingOf } from './reading.ts';
import { isFunctionWord, stem } from './stems.ts';

/** Prepositions by the part that what follows them plays. */
const ROLES: Readonly<Record<string, string>> = {
  from: 'source',
  off: 'source',
  to: 'target',
  into: 'target',
  onto: 'target',
  towards: 'target',
  before: 'before',
  after: 'after',
  during: 'during',
  until: 'until',
  since: 'since',
  past: 'after',
  ahead: 'before',
};

/** Parts of which one noun can play only one. */
const APART = new Set([
  'source target',
  'before after',
  'before during',
  'after during',
  'after until',
  'until since',
]);

/** Words whose two sides are not alike: A "than" B. */
const LOPSIDED = new Set(
  'to from into onto than before after over instead then for with by against as cause causes affect affects on'.split(
    ' ',
  ),
);

/** Refuses the way back for the way there. */
export function direction(asked: string, kept: string): string | undefined {
  const one = readingOf(asked);
  const other = readingOf(kept);
  if (isPassive(one) !== isPassive(other)) return undefined;
  return rolesSwapped(one, other) ?? placesSwapped(one, other);
}

/** "A is caused by B" says what "B causes A" does. */
function isPassive({ words }: Reading): boolean {
  return words.some((word, at) => word === 'by' && /(?:ed|en)$/.test(words[at - 1] ?? ''));
}

function rolesSwapped(one: Reading, other: Reading): string | undefined {
  const theirs = rolesOf(other);
  for (const [noun, role] of rolesOf(one)) {
    const their = theirs.get(noun);
    if (their === undefined || their === role) continue;
    if (APART.has(`${role} ${their}`) || APART.has(`${their} ${role}`)) {
      return `"${noun}" is ${role} here and ${their} there`;
    }
  }
  return undefined;
}

/** The first content word after each preposition, with its part. */
function rolesOf({ words }: Reading): Map<string, string> {
  const roles = new Map<string, string>();
  for (const [at, word] of words.entries()) {
    const role = ROLES[word];
    if (role === undefined) continue;
    const noun = words.slice(at + 1, at + 4).find((next) => !isFunctionWord(next));
    if (noun !== undefined && !roles.has(stem(noun))) roles.set(stem(noun), role);
  }
  return roles;
}

/** The same words, two of them in each other's place, with something between that tells the sides apart. */
function placesSwapped(one: Reading, other: Reading): string | undefined {
  if (one.content.length < 2 || one.content.length !== other.content.length) return undefined;
  if (one.content.some((word) => !other.contentSet.has(word))) return undefined;
  const moved = one.content.flatMap((word, at) => (word === other.content[at] ? [] : [at]));
  const [first, second] = moved;
  if (moved.length < 2 || first === undefined || second === undefined) return undefined;
  const [a, b] = [
    one.content[first] ?? '',
    one.content[moved.length === 2 ? second : (moved.at(-1) ?? 0)] ?? '',
  ];
  if (haveSameRoles(one, other, [a, b])) return undefined;
  const lopsided =
    second - first > 1
      ? sameVerb(one, other, first)
      : isBetween(one, a, b) && isBetween(other, b, a);
  if (!lopsided && !(isBetween(one, a, b) && isBetween(other, b, a))) return undefined;
  return `"${a}" and "${b}" are in each other's place`;
}

/** "From A to B" and "to B from A". */
function haveSameRoles(one: Reading, other: Reading, nouns: readonly string[]): boolean {
  const ours = rolesOf(one);
  const theirs = rolesOf(other);
  return nouns.every((noun) => ours.has(noun) && ours.get(noun) === theirs.get(noun));
}

/** A content word that stays in the middle: "the client calls the server". */
function sameVerb(one: Reading, other: Reading, first: number): boolean {
  return (
    one.content[first + 1] === other.content[first + 1] && one.words.length === other.words.length
  );
}

function isBetween({ words }: Reading, a: string, b: string): boolean {
  const from = words.findIndex((word) => stem(word) === a);
  const to = words.findLastIndex((word) => stem(word) === b);
  return words.slice(from + 1, to).some((word) => LOPSIDED.has(word));
}
