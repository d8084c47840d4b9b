/** `question`: what is asked for: a reason, a time, a place, an amount, a way. @module */
import { readingOf } from './reading.ts';

/** What a question wants to know; `open` for "what" and "which", `yes-no`, or undefined for a statement. */
type Wanted =
  | 'why'
  | 'when'
  | 'where'
  | 'who'
  | 'how'
  | 'amount'
  | 'count'
  | 'duration'
  | 'often'
  | 'size'
  | 'open'
  | 'yes-no';

/** In this order; the first that is found counts. */
const FORMS: readonly (readonly [Wanted, RegExp])[] = [
  [
    'why',
    /\bwhy\b|\bhow come\b|\bwhat (?:is the )?(?:reason|causes?|makes|made|caused)\b|^what .*\bcaused by\b/,
  ],
  ['often', /\bhow (?:often|frequently)\b|\bhow many times (?:an?|per|each|every)\b/],
  [
    'duration',
    /\bhow long\b(?! is the (?:bed|table|cable|rope))|\bhow many (?:seconds|minutes|hours|days|weeks|months|years)\b|\bhow soon\b|\bhow early\b|\b(?:period|duration)\b/,
  ],
  ['count', /\bhow many\b/],
  ['size', /\bhow (?:big|large|tall|high|wide|heavy|far|old|fast|deep|thick|hot|cold|strong)\b/],
  ['amount', /\bhow much\b|\bwhat (?:is the )?(?:price|cost|fee|amount)\b|\bwhat does .* cost\b/],
  [
    'when',
    /\bwhen (?:is|are|was|were|do|does|did|will|can|should|must|would|may|has|have)\b|^when\b|\bwhat (?:time|day|date)\b|\bwhat (?:is|are) the .*(?:time|date|hours|deadline)\b|\bwhat are your .*hours\b/,
  ],
  [
    'where',
    /\bwhere\b|\b(?:which|what) (?:place|address|location)\b|\bwhat is the .*(?:place|address|location)\b/,
  ],
  ['who', /\bwho\b|\bwhom\b|\bwhose\b/],
  [
    'how',
    /\bhow (?:do|does|did|can|could|to|should|would|is|are|will|must|has|have|easy|hard)\b|^how\b|\bwhat is the (?:best |easiest |right )?(?:way|process|command)\b/,
  ],
  ['open', /\bwhat\b|\bwhich\b/],
  [
    'yes-no',
    /^(?:is|are|am|was|were|do|does|did|can|could|may|might|must|shall|should|will|would|has|have|had)\b/,
  ],
];

/** Pairs that never have one answer. */
const APART = new Set(
  `why when;why where;why who;why how;why amount;why count;why duration;why often;why size;why open;why yes-no
  when where;when who;when amount;when count;when often;when size;when how;when open;when yes-no
  where who;where amount;where count;where duration;where often;where size
  who amount;who count;who duration;who often;who size;who how
  amount count;amount duration;amount often;count often;count duration;duration often
  how count;how amount;how duration;how often;often open;often yes-no;size amount;size count;size how;size when;size often`
    .split(/[;\n]/)
    .map((pair) => pair.trim()),
);

/** Refuses "why" for "when". Only a question word near the start counts; one in the middle may only be a part. */
export function question(asked: string, kept: string): string | undefined {
  const one = wantedBy(asked);
  const other = wantedBy(kept);
  if (one === undefined || other === undefined || one === other) return undefined;
  if (!APART.has(`${one} ${other}`) && !APART.has(`${other} ${one}`)) return undefined;
  return `one asks for ${one}, the other for ${other}`;
}

function wantedBy(given: string): Wanted | undefined {
  const text = readingOf(given).words.join(' ');
  return FORMS.find(([, form]) => form.test(text))?.[0];
}
