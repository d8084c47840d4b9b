/**
 * A short text as guards look at it: its words in lower case, what is a function word among them, and
 * the stems of the rest.
 *
 * @module
 */
import { RecentMap } from '../../recent-map.ts';
import { isFunctionWord, stem } from './stems.ts';

/** Texts whose reading is kept: both sides of a comparison are read by several guards. */
const READINGS_KEPT = 1_024;

/** A text, read. */
export interface Reading {
  /** NFKC, straight apostrophes, hyphens between letters as spaces, contractions written out. */
  readonly text: string;
  /** Words in lower case. */
  readonly words: readonly string[];
  /** Stems of the words that are no function words, in order. */
  readonly content: readonly string[];
  /** The same as a set. */
  readonly contentSet: ReadonlySet<string>;
  /** All stems, of function words too. */
  readonly stems: ReadonlySet<string>;
}

const readings = new RecentMap<string, Reading>(READINGS_KEPT);

/** Reads a text, or remembers how it was read. */
export function readingOf(text: string): Reading {
  let reading = readings.get(text);
  if (reading === undefined) readings.set(text, (reading = read(text)));
  return reading;
}

function read(given: string): Reading {
  const text = writeOut(given);
  const written = text.match(/\p{L}[\p{L}\p{M}]*|\d+(?:[.,:/]\d+)*/gu) ?? [];
  const words = written.map((word) => word.toLowerCase());
  const shouted = !/\p{Ll}/u.test(text);
  const content = words
    .filter((word, at) => !isFunctionWord(word) || (!shouted && isName(written[at] ?? '', at)))
    .map(stem);
  return {
    text,
    words,
    content,
    contentSet: new Set(content),
    stems: new Set(words.map(stem)),
  };
}

/** "Go" and "model A" are no function words inside a sentence. */
function isName(written: string, at: number): boolean {
  return at > 0 && written !== 'I' && /^\p{Lu}/u.test(written);
}

const CONTRACTIONS: readonly (readonly [RegExp, string])[] = [
  [/[\u2018\u2019\u02BC]/g, "'"],
  [/(?<=\p{L})-(?=\p{L})/gu, ' '],
  [/\bcannot\b/gi, 'can not'],
  [/\bunable to\b/gi, 'not able to'],
  [/\bcan't\b|\bcant\b/gi, 'can not'],
  [/\bwon't\b|\bwont\b/gi, 'will not'],
  [/\b(do|does|did|is|are|was|were|has|have|had)nt\b/gi, '$1 not'],
  [/n't\b/gi, ' not'],
  [/'ll\b/gi, ' will'],
  [/'re\b/gi, ' are'],
  [/'ve\b/gi, ' have'],
  [/'m\b/gi, ' am'],
  [/'d\b/gi, ' would'],
  [/\b(what|where|when|who|how|why|it|that|there|here|he|she)'s\b/gi, '$1 is'],
  [/'s\b|s'(?=\s|$)/gi, ''],
];

function writeOut(given: string): string {
  let text = given.normalize('NFKC');
  for (const [pattern, full] of CONTRACTIONS) text = text.replace(pattern, full);
  return text;
}

/** Stems of the one that the other has not, in order. */
export function missingIn(
  have: readonly string[],
  { has }: { readonly has: (stem: string) => boolean },
): string[] {
  return have.filter((one) => !has(one));
}
