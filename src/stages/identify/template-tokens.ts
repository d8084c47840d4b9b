/**
 * A text as tokens that can be compared without the text: hashes, with what kind of token each is.
 *
 * @module
 */
import {
  GERMAN_WORK,
  INSTRUCTIVE,
  LANGUAGES,
  LOWER_MONTHS,
  MONTHS_AND_DAYS,
  WORK_LABELS,
} from './template-words.ts';

/** What is known of a token, as bits. */
export const TOKEN = {
  /** A number, date, id, address, amount: what changes from call to call. */
  variable: 1,
  /** Written like a name: a capital inside a sentence. */
  name: 2,
  /** Punctuation and connectives, which say nothing by themselves. */
  filler: 4,
  /** A word by which instructions are given. */
  instructive: 8,
  /** The first word of a sentence or line. */
  start: 16,
  /** Opens or closes a passage: quotes, tags, fences, brackets. */
  delimiter: 32,
  /** A colon. */
  colon: 64,
  /** A line break. */
  lineBreak: 128,
  /** Ends a sentence. */
  sentenceEnd: 256,
  /** A character of a script without spaces or capitals. */
  ideograph: 1024,
  /** A label whose value is the work itself: "task". */
  workLabel: 512,
} as const;

/** A text's tokens: parallel arrays, no words. */
export interface Tokens {
  readonly hashes: Int32Array;
  readonly kinds: Uint16Array;
}

/** Tokens kept of one text. */
const MOST = 3000;

/** All variable tokens are one. */
const VARIABLE_HASH = 1;

const PATTERN = new RegExp(
  [
    String.raw`(?<variable>\d{2,4}年(?:\d{1,2}月)?(?:\d{1,2}日)?|(?<![\w/])~?(?:\/[\w.-]+){2,}\/?|https?:\/\/\S+|[\w.+-]+@[\w-]+\.[\w.]+|\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b|\b(?=[\w-]*\d)[\w]+(?:[-_/.:][\w]+)*%?|[$€£¥]\s?\d[\d.,]*|\d[\d.,:/-]*%?)`,
    '(?<tag><\\/?[\\w-]+[^<>\\n]{0,60}>|`{3}[\\w-]*|"""|\'\'\'|-{3,}|={3,}|#{3,})',
    '(?<please>请|請|务必|必须|不要|只输出|输出|ください|下さい|しなさい|해주세요|하세요)',
    String.raw`(?<han>[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])`,
    String.raw`(?<word>[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*)`,
    String.raw`(?<line>\n+)`,
    String.raw`(?<sign>[^\s\p{L}\p{N}])`,
  ].join('|'),
  'gu',
);

const FILLERS = new Set(
  'of and or the a an in at for & de la le les des du und der die das von für y el los del'.split(
    ' ',
  ),
);
const QUOTES = new Set(['"', '“', '”', '«', '»', '„', '「', '」', '{', '}', '[', ']', '|']);
const ENDS = new Set(['.', '!', '?', '。', '！', '？', ';']);

const ABBREVIATION = /^(?:\p{Lu}|Prof|Drs?|Mrs?|Ms|Mme|Mlle|Sra?|Dra|St|Jr|No|Nr|\d{1,2})$/u;

/** Reads a text. */
export function tokenize(text: string): Tokens {
  const hashes: number[] = [];
  const kinds: number[] = [];
  const german = isGerman(text);
  let starts = true;
  let before = '';
  for (const { groups = {} } of text.matchAll(PATTERN)) {
    if (hashes.length >= MOST) break;
    const { hash, kind } = describe(groups, starts, german);
    if (hash === 0) continue;
    hashes.push(hash);
    // The full stop of "Prof." or "3." ends no sentence.
    const abbreviates = groups['sign'] === '.' && ABBREVIATION.test(before);
    kinds.push(abbreviates ? TOKEN.filler : kind);
    before = groups['word'] ?? groups['variable'] ?? '';
    const breaks = !abbreviates && (kind & (TOKEN.lineBreak | TOKEN.sentenceEnd)) !== 0;
    // A list mark, a quote or a colon leaves the start of a sentence open.
    starts = breaks || (starts && (kind & TOKEN.filler) !== 0 && groups['word'] === undefined);
  }
  return { hashes: Int32Array.from(hashes), kinds: Uint16Array.from(kinds) };
}

type Groups = Readonly<Record<string, string | undefined>>;

function describe(
  groups: Groups,
  starts: boolean,
  german: boolean,
): { hash: number; kind: number } {
  const { variable, tag, please, han, word, line, sign } = groups;
  const start = starts ? TOKEN.start : 0;
  if (variable !== undefined) return { hash: VARIABLE_HASH, kind: TOKEN.variable | start };
  if (tag !== undefined) return { hash: hashOf(tag), kind: TOKEN.delimiter | TOKEN.lineBreak };
  if (line !== undefined) return { hash: hashOf('\n'), kind: TOKEN.lineBreak | TOKEN.filler };
  if (please !== undefined) {
    return { hash: hashOf(please), kind: TOKEN.instructive | TOKEN.start };
  }
  if (han !== undefined) return { hash: hashOf(han), kind: TOKEN.ideograph | start };
  if (word !== undefined) return describeWord(word, starts, german);
  if (sign === undefined) return { hash: 0, kind: 0 };
  return { hash: hashOf(sign), kind: signKind(sign) };
}

function signKind(sign: string): number {
  if (ENDS.has(sign)) return TOKEN.sentenceEnd | TOKEN.filler;
  if (QUOTES.has(sign)) return TOKEN.delimiter | TOKEN.filler;
  return sign === ':' || sign === '：' ? TOKEN.colon | TOKEN.filler : TOKEN.filler;
}

function describeWord(
  word: string,
  starts: boolean,
  german: boolean,
): { hash: number; kind: number } {
  const lower = word.toLowerCase();
  if (isDate(word, lower)) return { hash: VARIABLE_HASH, kind: TOKEN.variable };
  // `macOS`, `iPhone` are written like names too.
  const capital = word !== lower;
  let kind = starts ? TOKEN.start : 0;
  if (FILLERS.has(lower)) kind |= TOKEN.filler;
  if (INSTRUCTIVE.has(lower)) kind |= TOKEN.instructive;
  if (WORK_LABELS.has(lower)) kind |= TOKEN.workLabel;
  if (capital && !starts && isName(word, lower, german)) kind |= TOKEN.name;
  return { hash: hashOf(lower), kind };
}

function isDate(word: string, lower: string): boolean {
  return LOWER_MONTHS.has(lower) || (MONTHS_AND_DAYS.has(lower) && word !== lower);
}

/** Every noun of German has a capital: there those that stand for kinds of work are no names. A language is none either. */
function isName(word: string, lower: string, german: boolean): boolean {
  if (LANGUAGES.has(lower)) return false;
  return !german || word === word.toUpperCase() || !GERMAN_WORK.has(lower);
}

function isGerman(text: string): boolean {
  const words = text
    .slice(0, 2000)
    .match(/\b(?:und|der|die|das|du|sie|ist|nicht|ein|eine|für|auf|mit|bitte|deine|ihre)\b/gi);
  return (words?.length ?? 0) * 12 > (text.slice(0, 2000).match(/\s+/g)?.length ?? 0) + 6;
}

/** FNV-1a, 32 bits; never 0 or 1, which are taken. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash === 0 || hash === VARIABLE_HASH ? 2 : hash | 0;
}
