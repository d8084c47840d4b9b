/** `dates`: days, dates, hours, seasons and how often must be the same. @module */
import { RecentMap } from '../../recent-map.ts';
import { readingOf } from './reading.ts';

/** What a text says of time, by kind: `weekday` → `tue`. */
export interface Moments {
  readonly said: ReadonlyMap<string, ReadonlySet<string>>;
  /** The text with all that taken out, for who looks for numbers. */
  readonly rest: string;
}

/** Kinds that count only where both texts name one: "how often" asks the same as "how many times a week". */
const LOOSE = new Set(['every']);

/** Refuses "on Tuesday" for "on Thursday", and a day that only one of them names. */
export function dates(asked: string, kept: string): string | undefined {
  const one = momentsOf(asked).said;
  const other = momentsOf(kept).said;
  for (const kind of new Set([...one.keys(), ...other.keys()])) {
    const left = one.get(kind);
    const right = other.get(kind);
    if (LOOSE.has(kind) && (left === undefined || right === undefined)) continue;
    if (!sameSet(left, right)) {
      return `time: ${list(left)} against ${list(right)}`;
    }
  }
  return undefined;
}

function sameSet(one?: ReadonlySet<string>, other?: ReadonlySet<string>): boolean {
  return one?.size === other?.size && [...(one ?? [])].every((value) => other?.has(value) === true);
}

function list(values?: ReadonlySet<string>): string {
  return values === undefined ? 'none' : [...values].join(', ');
}

const MONTHS =
  'january february march april may june july august september october november december'.split(
    ' ',
  );
const MONTH =
  '(january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\\.?';
const PERIOD =
  '(second|minute|hour|day|night|week|weekend|month|quarter|year|season|evening|morning|afternoon|summer|winter|spring|autumn|monday|tuesday|wednesday|thursday|friday|saturday|sunday)';

type Said = readonly (readonly [kind: string, value: string])[];

/** Looked for in this order; what one found is gone for the next. `null` leaves the text where it is. */
const PATTERNS: readonly (readonly [RegExp, (found: readonly string[]) => Said | null])[] = [
  [
    /\b(\d{4})-(\d{2})-(\d{2})\b/g,
    ([, y, m, d]) => [
      ['date', `${Number(m)}-${Number(d)}`],
      ['year', String(y)],
    ],
  ],
  [/\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b/g, ([all]) => [['date', String(all)]]],
  [
    new RegExp(`\\b(\\d{1,2})(?:st|nd|rd|th)?(?: of)? ${MONTH}(?![a-z])`, 'gi'),
    ([, d, m]) => [['date', `${month(m)}-${Number(d)}`]],
  ],
  [
    new RegExp(`\\b${MONTH} (?:the )?(\\d{1,2})(?:st|nd|rd|th)?\\b(?![:\\d])`, 'gi'),
    ([, m, d]) => [['date', `${month(m)}-${Number(d)}`]],
  ],
  [
    /\b(\d{1,2})(?:[:.](\d{2}))? ?([ap])\.?m\b\.?/gi,
    ([, h, m, half]) => [['clock', clock(h, m, half)]],
  ],
  [/\b([01]?\d|2[0-3]):([0-5]\d)\b/g, ([, h, m]) => [['clock', clock(h, m)]]],
  [/\b(\d{1,2}) o'?clock\b/gi, ([, h]) => [['clock', clock(h)]]],
  [
    /\b(noon|midday|midnight)\b/gi,
    ([, word]) => [['clock', word?.toLowerCase() === 'midnight' ? '0:00' : '12:00']],
  ],
  [
    /\b(?:christmas|new year|easter|thanksgiving|black friday|cyber monday|valentine|halloween|ramadan|diwali|hanukkah)(?: (?:eve|day))?\b/gi,
    ([all]) => [['holiday', String(all).toLowerCase()]],
  ],
  [
    new RegExp(`\\b(next|last|this|past|previous|coming|current) ${PERIOD}\\b`, 'gi'),
    ([, which, what]) => [
      ['relative', `${RELATIVE[String(which).toLowerCase()] ?? ''} ${String(what).toLowerCase()}`],
    ],
  ],
  [
    /\b(?:day after tomorrow|day before yesterday)\b/gi,
    ([all]) => [['relative', String(all).toLowerCase()]],
  ],
  [/\b(today|tomorrow|yesterday)\b/gi, ([all]) => [['relative', String(all).toLowerCase()]]],
  [
    /\btonight\b/gi,
    () => [
      ['relative', 'today'],
      ['part', 'night'],
    ],
  ],
  [
    /\b(hourly|daily|nightly|weekly|fortnightly|monthly|quarterly|yearly|annual|annually)\b/gi,
    ([all]) => [['every', EVERY[String(all).toLowerCase()] ?? '']],
  ],
  [
    new RegExp(`(?<!\\bonce )\\b(?:per|an?|each|every) ${PERIOD}\\b(?! ago| or two| later)`, 'gi'),
    ([all, what]) =>
      /^an? (?:weekend|night|week|summer)/i.test(String(all))
        ? null
        : [['every', String(what).toLowerCase()]],
  ],
  [
    /\b(mon|tues|wednes|thurs|fri|satur|sun)days?\b/gi,
    ([, day]) => [['weekday', String(day).toLowerCase()]],
  ],
  [/\b(?:weekends?)\b/gi, () => [['weekday', 'weekend']]],
  [
    /\b(morning|afternoon|evening|night)s?\b/gi,
    ([, part]) => [['part', String(part).toLowerCase()]],
  ],
  [
    /\b(summer|winter|autumn|spring|monsoon)\b/gi,
    ([, season]) => [['season', String(season).toLowerCase()]],
  ],
  [
    new RegExp(
      `\\b(?:january|february|april|june|july|august|september|october|november|december)\\b`,
      'gi',
    ),
    ([all]) => [['month', String(month(all))]],
  ],
  [
    /(?<=\b(?:in|of|from|since|until|by|for|last|next|this|during|and|to)\s)(?:march|may)\b|(?<=\S\s)(?:March|May)\b/g,
    ([all]) => [['month', String(month(all))]],
  ],
  [/\b(?:19|20)\d{2}\b(?!\.)/g, ([year]) => [['year', String(year)]]],
];

const RELATIVE: Readonly<Record<string, string>> = {
  next: 'next',
  coming: 'next',
  last: 'last',
  past: 'last',
  previous: 'last',
  this: 'this',
  current: 'this',
};

const EVERY: Readonly<Record<string, string>> = {
  hourly: 'hour',
  daily: 'day',
  nightly: 'night',
  weekly: 'week',
  fortnightly: 'fortnight',
  monthly: 'month',
  quarterly: 'quarter',
  yearly: 'year',
  annual: 'year',
  annually: 'year',
};

function month(name: string | undefined): number {
  const start = String(name).slice(0, 3).toLowerCase();
  return MONTHS.findIndex((one) => one.startsWith(start)) + 1;
}

function clock(hours: string | undefined, minutes = '00', half?: string): string {
  const given = Number(hours);
  const shift = half === undefined ? given : (given % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
  return `${shift}:${minutes}`;
}

const known = new RecentMap<string, Moments>(1_024);

/** What a text says of time. */
export function momentsOf(text: string): Moments {
  let moments = known.get(text);
  if (moments === undefined) known.set(text, (moments = find(readingOf(text).text)));
  return moments;
}

/** No text without one of these says anything of time: most texts are spared the patterns. */
const HINT =
  /\d|\b(?:noon|mid|christ|new y|east|thanks|black|cyber|val|hallo|rama|diw|hanu|next|last|this|past|prev|com|curr|day|to(?:day|morrow|night)|yest|hour|dai|night|week|fort|month|quart|year|annu|per|an?|each|every|mon|tue|wed|thu|fri|sat|sun|morn|after|even|summ|wint|autu|spri|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)/i;

function find(text: string): Moments {
  const said = new Map<string, Set<string>>();
  let rest = text;
  if (!HINT.test(text)) return { said, rest };
  for (const [pattern, read] of PATTERNS) {
    rest = rest.replace(pattern, (...found: unknown[]) => {
      const facts = read(found.filter((part) => typeof part !== 'object') as string[]);
      for (const [kind, value] of facts ?? []) {
        const values = said.get(kind) ?? new Set();
        said.set(kind, values.add(value));
      }
      return facts === null ? String(found[0]) : ' ; ';
    });
  }
  return { said, rest };
}
