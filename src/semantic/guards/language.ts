/** `language`: the two are in different languages, and so must their answers be. @module */
import type { Guard } from './guard.ts';

/** Tells the language of a text, as ISO 639-1, with how well it fits, 0 to 1. */
type Detect = (text: string) => {
  readonly language: string;
  readonly fits: ReadonlyMap<string, number>;
};

let loading: Promise<Detect> | undefined;

async function detector(): Promise<Detect> {
  loading ??= import('eld/small').then(({ eld }) => (text) => {
    const found = eld.detect(text);
    return { language: found.language, fits: new Map(Object.entries(found.getScores())) };
  });
  return loading;
}

/** How much better its own language must fit a text than the other text's does: below that it is anyone's guess. */
const CLEAR = 0.08;
/** Letters below which nothing is told from one script's words. */
const LEAST_LETTERS = 8;

/** Loads the detector's data, and gives the guard. */
export async function loadLanguage(): Promise<Guard> {
  const detect = await detector();
  return (asked, kept) => {
    if (scriptOf(asked) !== scriptOf(kept)) return 'they are written in different scripts';
    const one = detect(asked);
    const other = detect(kept);
    if (one.language === other.language || letters(asked) < LEAST_LETTERS) return undefined;
    if (letters(kept) < LEAST_LETTERS || !isClear(one, other) || !isClear(other, one)) {
      return undefined;
    }
    return `one is in "${one.language}", the other in "${other.language}"`;
  };
}

function isClear(of: ReturnType<Detect>, against: ReturnType<Detect>): boolean {
  const own = of.fits.get(of.language) ?? 0;
  return own - (of.fits.get(against.language) ?? 0) >= CLEAR;
}

function letters(text: string): number {
  return text.match(/\p{L}/gu)?.length ?? 0;
}

const SCRIPTS = [
  /\p{Script=Latin}/gu,
  /\p{Script=Cyrillic}/gu,
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}/gu,
  /\p{Script=Hangul}/gu,
  /\p{Script=Arabic}/gu,
  /\p{Script=Hebrew}/gu,
  /\p{Script=Greek}/gu,
  /\p{Script=Devanagari}/gu,
  /\p{Script=Thai}/gu,
];

/** The script of most of its letters, as an index. */
function scriptOf(text: string): number {
  if (/^[\p{ASCII}]*$/u.test(text)) return 0;
  const counts = SCRIPTS.map((script) => text.match(script)?.length ?? 0);
  return counts.indexOf(Math.max(...counts));
}
