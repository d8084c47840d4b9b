/** `names`: people, places, products, addresses and codes must be the same. @module */
import { RecentMap } from '../../recent-map.ts';
import { readingOf } from './reading.ts';

/** Capitalised words that name nothing; days and months are for the guard of dates. */
const NO_NAMES = new Set(
  `i ok atm mr mrs ms dr pin id faq tv please thanks hello hi monday tuesday wednesday thursday friday saturday sunday january
  february march april may june july august september october november december christmas new year eve am pm`.split(
    /\s+/,
  ),
);

/** Other ways of writing a name: `as written|as compared`. */
const ALIASES = new Map(
  `usa|us;america|us;united states|us;united kingdom|uk;great britain|uk;britain|uk;england|england;new york city|new york;nyc|new york;
  holland|netherlands;ios app|ios;javascript|js;typescript|ts;postgres|postgresql;k8s|kubernetes;cash machine|atm;air conditioning|ac;
  television|tv;wi fi|wifi;emirates|uae;swiss francs|chf`
    .split(';')
    .map((pair) => pair.trim().split('|') as [string, string]),
);

const ADDRESS = /[\p{L}\d._%+-]+@[\p{L}\d.-]+\.\p{L}{2,}|https?:\/\/\S+|\bwww\.\S+/gu;
const CODE =
  /(?<![\p{L}\d])(?=[\p{L}\d._-]*\d)(?=[\p{L}\d._-]*\p{L})[\p{L}\d]+(?:[._-][\p{L}\d]+)*|\d+(?:\.\d+){2,}/gu;
/** Numbers that are written against their unit, or as an order, are for the guard of numbers. */
const COUNTED =
  /^\d+(?:[.,]\d+)?(?:st|nd|rd|th|[ap]m|k|[kmgt]b|[kcm]?m|[km]?g|mg|mcg|ml|l|h|s|ms|min|px|oz|lbs?|ft|in|mph|x)$/i;

interface Names {
  readonly names: ReadonlySet<string>;
  /** The whole text, in lower case with aliases resolved: a name may be written small. */
  readonly text: string;
}

/** Refuses "to Kenya" for "to Peru", and a name that only one of them has. */
export function names(asked: string, kept: string): string | undefined {
  const one = namesOf(asked);
  const other = namesOf(kept);
  const lone = loneName(one, other) ?? loneName(other, one);
  return lone === undefined ? undefined : `"${lone}" is in only one of them`;
}

function loneName({ names: own }: Names, other: Names): string | undefined {
  return [...own].find((name) => !hasName(other, name));
}

function hasName({ names: own, text }: Names, name: string): boolean {
  return own.has(name) || text.includes(` ${name} `) || text.includes(` ${name}s `);
}

const known = new RecentMap<string, Names>(1_024);

function namesOf(given: string): Names {
  let found = known.get(given);
  if (found === undefined) known.set(given, (found = find(given)));
  return found;
}

function find(given: string): Names {
  const found = new Set<string>();
  const note = (name: string): void => {
    const plain = name.toLowerCase();
    if (!NO_NAMES.has(plain)) found.add(ALIASES.get(plain) ?? plain);
  };
  const withoutAddresses = given.replaceAll(ADDRESS, (address) => (note(address), ' ; '));
  const rest = withoutAddresses.replaceAll(CODE, (code) => {
    if (COUNTED.test(code)) return code;
    note(code);
    return ' ; ';
  });
  for (const word of capitalised(readingOf(rest).text)) note(word);
  let text = ` ${given.toLowerCase().replaceAll(/[^\p{L}\p{M}\d@._-]+|[.](?=\s|$)|(?<=\p{L})-(?=\p{L})/gu, ' ')} `;
  for (const [written, compared] of ALIASES) {
    if (text.includes(` ${written} `)) text += ` ${compared} `;
  }
  return { names: found, text };
}

/** Words with a capital where English does not ask for one. Of a text that is all in capitals, none. */
function capitalised(text: string): string[] {
  const words = [...text.matchAll(/\p{L}[\p{L}\p{M}\d]*/gu)];
  const upper = words.filter(([word]) => /^\p{Lu}/u.test(word)).length;
  if (words.length > 3 && upper > words.length * 0.7) return [];
  return words.flatMap(([word], at) => {
    const before = text.slice(0, words[at]?.index ?? 0);
    const starts = /(?:^|[.!?:;"(]\s*)$/.test(before.trimEnd()) || before.trim() === '';
    const inside = /\p{Ll}\p{Lu}|^\p{Lu}{2,}\d*$/u.test(word);
    return /^\p{Lu}/u.test(word) && word.length > 1 && (!starts || inside)
      ? [word]
      : inside && !starts
        ? [word]
        : [];
  });
}
