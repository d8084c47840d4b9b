/** `mentions`: the answer names what it must name. @module */
import { lastUserText } from '../dialects/openai-chat-request.ts';
import { isObject } from '../json.ts';
import type { Check, CheckContext } from './check.ts';
import { wrongOption } from './options.ts';
import { labelledValue, salientTerms } from './salient-terms.ts';

/** What must be named. */
interface Wanted {
  readonly words: readonly string[];
  /** Names and numbers of the caller's own input, too. */
  readonly fromInput: boolean;
  /** Share that must be named, 0 to 1. */
  readonly share: number;
}

/**
 * `{ mentions: client }`: where the caller's input has a value labelled "client" (`Client: Northwind`),
 * that value; else the word itself. `{ mentions: [pricing, timeline] }`: each of them.
 * `{ mentions: input }`: the names and numbers that stand out in the caller's last message.
 * `{ mentions: { words: […], from: input, share: 0.5 } }`: at least that share of all of them.
 */
export function mentions(option: unknown): Check {
  const wanted = readWanted(option);
  return {
    name: 'mentions',
    judge: ({ text, toolCalls }, context) => {
      const terms = termsOf(wanted, context);
      if (terms.length === 0) return { verdict: 'accept' };
      const said = fold(`${text} ${toolCalls.map((call) => call.arguments).join(' ')}`);
      const missing = terms.filter((term) => !names(said, term));
      const share = 1 - missing.length / terms.length;
      if (share >= wanted.share - 1e-9) return { verdict: 'accept', score: share };
      return {
        verdict: 'escalate',
        reason: `it does not name ${missing.slice(0, 5).join(', ')}`,
        score: share,
      };
    },
  };
}

function readWanted(option: unknown): Wanted {
  if (option === 'input') return { words: [], fromInput: true, share: 1 };
  if (typeof option === 'string' && option.trim() !== '')
    return { words: [option], fromInput: false, share: 1 };
  if (isWords(option)) return { words: option, fromInput: false, share: 1 };
  if (isObject(option)) {
    const { words = [], from, share = 1, ...others } = option;
    const known = Object.keys(others).length === 0 && (from === undefined || from === 'input');
    if (known && isWords(words, 0) && typeof share === 'number' && share > 0 && share <= 1) {
      return { words, fromInput: from === 'input', share };
    }
  }
  throw wrongOption(
    'mentions',
    'a word, a list of words, "input", or { words, from: input, share }',
  );
}

function isWords(option: unknown, least = 1): option is string[] {
  return (
    Array.isArray(option) &&
    option.length >= least &&
    option.every((word) => typeof word === 'string' && word !== '')
  );
}

function termsOf({ words, fromInput }: Wanted, { request }: CheckContext): string[] {
  const input = lastUserText(request);
  const terms = words.map((word) => labelledValue(input, word) ?? word);
  return fromInput ? [...new Set([...terms, ...salientTerms(input)])] : terms;
}

/** Company suffixes that an answer may leave out. */
const SUFFIX =
  /[\s,]+(?:ltd|limited|inc|incorporated|llc|gmbh|ag|corp|corporation|co|plc|s\.?a|s\.?r\.?l|b\.?v|oy|ab|kg)\.?$/i;

function names(said: string, term: string): boolean {
  const whole = fold(term);
  const short = fold(term.replace(SUFFIX, ''));
  return hasWord(said, whole) || (short.length >= 2 && hasWord(said, short));
}

/** Lower case, one Unicode form, one kind of apostrophe and space, no separators in numbers. */
function fold(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[’‘`]/g, "'")
    .replaceAll(/(\d)[,\u00a0\u202f](?=\d{3}\b)/g, '$1')
    .replaceAll(/\s+/g, ' ');
}

const LETTER = /[\p{L}\p{N}]/u;

/** True when the term stands in the text as a word of its own. */
function hasWord(text: string, term: string): boolean {
  const wanted = term.trim();
  if (wanted === '') return true;
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + 1)) {
    const before = text[at - 1] ?? ' ';
    const after = text[at + wanted.length] ?? ' ';
    // Scripts without spaces have no borders of words.
    const bordered = !LETTER.test(before) && !LETTER.test(after);
    if (bordered || !/[\p{Script=Latin}\p{N}]/u.test(wanted)) return true;
  }
  return false;
}
