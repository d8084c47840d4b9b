/**
 * Finding the numbers of a text, in digits and in words, with their units.
 *
 * @module
 */
import { RecentMap } from '../../recent-map.ts';
import { momentsOf } from './dates.ts';
import { type Quantity, type Unit, unitNamed } from './units.ts';

/** What a text counts. */
export interface Quantities {
  readonly counted: readonly Quantity[];
  /** A "one" or "a" with a unit: matches a 1, and is none by itself. */
  readonly perhaps: readonly Quantity[];
  /** Second, 3rd, …: their numbers. */
  readonly ordinals: readonly number[];
  /** Names of units that stand without a number: "in miles". */
  readonly bareUnits: ReadonlySet<string>;
}

const SMALL =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const ORDINALS =
  'zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth'.split(
    ' ',
  );
const SCALES: Readonly<Record<string, number>> = {
  hundred: 100,
  thousand: 1e3,
  k: 1e3,
  million: 1e6,
  billion: 1e9,
  dozen: 12,
};

const known = new RecentMap<string, Quantities>(1_024);

/** Finds them; times and dates are no numbers here. */
export function quantitiesOf(text: string): Quantities {
  let found = known.get(text);
  if (found === undefined) known.set(text, (found = find(momentsOf(text).rest)));
  return found;
}

interface Gathered {
  readonly counted: Quantity[];
  readonly perhaps: Quantity[];
  readonly ordinals: number[];
  readonly bareUnits: Set<string>;
}

const TOKEN = /\d+(?:[,.']\d+)*(?:st|nd|rd|th)\b|\d+(?:[,.']\d+)*|[°%$€£¥]|°[cf]\b|\p{L}+/giu;
/** Names with digits in them are for the guard of names. */
const CODE = /\b\p{L}+[-_]?\d[\p{L}\d.-]*\b|\b\d+[-_]\p{L}[\p{L}\d-]*/gu;

function find(text: string): Quantities {
  const found: Gathered = { counted: [], perhaps: [], ordinals: [], bareUnits: new Set() };
  const tokens = [
    ...text
      .replaceAll(CODE, ' ')
      .toLowerCase()
      .replaceAll(/\bhalf an? hour\b/g, '30 minutes')
      .replaceAll(/\btwice\b/g, '2 times')
      .replaceAll(/\bonce\b/g, 'one time')
      .replaceAll(
        /\bdegrees? (c|f|celsius|fahrenheit)\b|°(c|f)\b/g,
        (_, a?: string, b?: string) => ` deg${(a ?? b ?? '').slice(0, 1)}`,
      )
      .matchAll(TOKEN),
  ].map(([token]) => token);
  for (let at = 0; at < tokens.length;) at = take(tokens, at, found);
  return found;
}

/** True for a word that is a number or a unit: not the business of whoever compares words. */
export function isCounting(word: string): boolean {
  if (/^\d/.test(word) || SCALES[word] !== undefined || unitNamed(word) !== undefined) return true;
  return SMALL.includes(word) || TENS.includes(word);
}

/** Reads what begins at a token; where the next begins. */
function take(tokens: readonly string[], at: number, found: Gathered): number {
  const token = tokens[at] ?? '';
  const ordinal = ordinalOf(token, tokens[at - 1]);
  if (ordinal !== undefined) {
    found.ordinals.push(ordinal);
    return at + 1;
  }
  const number = numberAt(tokens, at);
  if (number === undefined) {
    const unit = unitNamed(token);
    const next = numberAt(tokens, at + 1);
    if (/[$€£¥]/.test(token) && next !== undefined) {
      found.counted.push({ value: next.value, unit });
      return next.end;
    }
    if (unit?.tellsAlone === true) found.bareUnits.add(unit.name);
    else if (/^an?$/.test(token)) noteOne(tokens[at + 1], found);
    return at + 1;
  }
  const { unit, end } = unitAfter(tokens, number.end);
  const one = number.value === 1 && token === 'one';
  (one ? found.perhaps : found.counted).push({ value: number.value, unit });
  return end;
}

function noteOne(next: string | undefined, { perhaps }: Gathered): void {
  const unit = unitNamed(next ?? '');
  if (unit !== undefined) perhaps.push({ value: 1, unit });
}

/** "5 pounds", "5 more nights": the unit within one word. */
function unitAfter(tokens: readonly string[], at: number): { unit: Unit | undefined; end: number } {
  const next = unitNamed(tokens[at] ?? '');
  if (next !== undefined) return { unit: next, end: at + 1 };
  const later = tokens[at] === 'more' ? unitNamed(tokens[at + 1] ?? '') : undefined;
  return later === undefined ? { unit: undefined, end: at } : { unit: later, end: at + 2 };
}

function ordinalOf(token: string, before: string | undefined): number | undefined {
  if (/^\d+(?:st|nd|rd|th)$/.test(token)) return Number.parseInt(token, 10);
  const place = ORDINALS.indexOf(token);
  // "30 second" is a duration.
  return place > 0 && !/^\d/.test(before ?? '') ? place : undefined;
}

function numberAt(
  tokens: readonly string[],
  start: number,
): { readonly value: number; readonly end: number } | undefined {
  let total = 0;
  let part: number | undefined;
  let at = start;
  for (; at < tokens.length; at++) {
    const token = tokens[at] ?? '';
    const scale = SCALES[token];
    const value = valueOf(token);
    if (
      value !== undefined &&
      (part === undefined || (part % 10 === 0 && value < 10 && part > 10 && /\D/.test(token)))
    ) {
      part = (part ?? 0) + value;
    } else if (scale !== undefined && part !== undefined) {
      if (scale === 100 || scale === 12) part *= scale;
      else [total, part] = [total + part * scale, 0];
    } else break;
  }
  return part === undefined ? undefined : { value: total + part, end: at };
}

function valueOf(token: string): number | undefined {
  if (/^\d/.test(token)) return digits(token);
  const small = SMALL.indexOf(token);
  if (small !== -1) return small;
  const ten = TENS.indexOf(token);
  return ten === -1 ? undefined : (ten + 2) * 10;
}

/** "1,000" and "1.000.000" are thousands, "2.5" and "2,5" are not. */
function digits(token: string): number {
  const grouped = /^\d{1,3}(?:[,'.]\d{3})+$/.test(token) && !/^\d+\.\d{3}$/.test(token);
  const value = Number(grouped ? token.replaceAll(/[,'.]/g, '') : token.replace(',', '.'));
  return Number.isNaN(value) ? Number(token.replaceAll(/\D/g, '')) : value;
}
