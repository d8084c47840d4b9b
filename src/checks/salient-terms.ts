/**
 * What stands out in a text: labelled values, names, numbers. Deterministic and cheap; finds what a
 * person would expect a good answer to take up, not every entity.
 *
 * @module
 */

/** Terms taken of one text at most, the first ones. */
const MOST = 5;
/** Longest value of a label, in UTF-16 units. */
const LONGEST = 80;

/**
 * The value that a text labels with a word: `Client: Northwind Ltd`, `client name is Northwind`,
 * `"client": "Northwind"`, `<client>Northwind</client>`. Undefined where there is none.
 */
export function labelledValue(text: string, label: string): string | undefined {
  const word = label.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const patterns = [
    new RegExp(String.raw`"${word}(?:[ _-]?name)?"\s*:\s*"([^"\n]{1,${LONGEST}})"`, 'i'),
    new RegExp(String.raw`<${word}(?:[ _-]?name)?>\s*([^<\n]{1,${LONGEST}}?)\s*</`, 'i'),
    new RegExp(
      String.raw`(?:^|[\n,;.(*•-])[ \t*_-]*(?:the |our )?${word}(?:'s)?(?:[ _-]name)?[*_]*\s*(?::|=|\bis\b)[*_]*\s*([^\n;]{1,${LONGEST}})`,
      'i',
    ),
  ];
  for (const pattern of patterns) {
    const value = pattern.exec(text)?.[1];
    const trimmed = value === undefined ? '' : upToSentenceEnd(value);
    if (trimmed !== '') return trimmed;
  }
  return undefined;
}

/** A value ends with its sentence or its clause, but not at the full stop of "Ltd." or "St. Gallen". */
function upToSentenceEnd(value: string): string {
  const end = /[.!?](?=\s+\p{Lu}\p{Ll}+\s+\p{Ll})|,\s(?!inc|ltd|llc)/iu.exec(value);
  const cut = end === null ? value : value.slice(0, end.index);
  return cut.replaceAll(/^["'“”*_\s]+|["'“”*_.,\s]+$/g, '');
}

const QUOTED = /["“«]([^"”»\n]{2,60})["”»]/g;
const NAME =
  /(?<![.!?:]\s|^\s*|\n\s*)\b\p{Lu}[\p{L}\p{N}&'-]+(?:\s+(?:(?:of|de|van|von|der|&)\s+)?\p{Lu}[\p{L}\p{N}&'-]+)*/gu;
const LONG_NAME =
  /\b\p{Lu}[\p{L}\p{N}&'-]+(?:\s+(?:(?:of|de|van|von|der|&)\s+)?\p{Lu}[\p{L}\p{N}&'-]+)+/gu;
const NUMBER = /(?:[$€£¥]\s?)?\d[\d.,]*\d%?|\d+%|(?:[$€£¥]\s?)\d+/g;

/** Capitalised words that are no names. */
const COMMON = new Set([
  'I',
  "I'm",
  "I'd",
  "I'll",
  "I've",
  'OK',
  'AI',
  'Please',
  'The',
  'A',
  'An',
  'My',
  'We',
  'Our',
  'You',
  'Your',
  'Hello',
  'Hi',
  'Dear',
  'Thanks',
  'Write',
  'JSON',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
  'Sunday',
]);

/** Quoted names, names of several words, capitalised words inside sentences, and numbers of weight. */
export function salientTerms(text: string): string[] {
  const found = [
    ...[...text.matchAll(QUOTED)].map(([, quoted = '']) => quoted),
    ...[...text.matchAll(LONG_NAME)].map(([name]) => withoutCommonStart(name)),
    ...[...text.matchAll(NAME)].map(([name]) => withoutCommonStart(name)),
    ...[...text.matchAll(NUMBER)]
      .map(([number]) => number.replace(/[.,]$/, ''))
      .filter((number) => number.length > 1),
  ].filter((term) => term.length > 1 && !COMMON.has(term));
  const distinct: string[] = [];
  for (const term of found) {
    const known = distinct.some((other) => other.toLowerCase().includes(term.toLowerCase()));
    if (!known && distinct.length < MOST) distinct.push(term);
  }
  return distinct;
}

function withoutCommonStart(name: string): string {
  const [first = '', ...rest] = name.split(/\s+/);
  return COMMON.has(first) ? rest.join(' ') : name;
}
