/** `tense`: one asks about what was, the other about what is or will be. @module */
import { type Reading, readingOf } from './reading.ts';

type Time = 'future' | 'present' | 'ongoing' | 'past' | 'perfect' | 'told' | 'state';

/** Refuses "Was I charged?" for "Will I be charged?"; of present and past only where all else is the same. */
export function tense(asked: string, kept: string): string | undefined {
  const one = readingOf(asked);
  const other = readingOf(kept);
  const first = timeOf(one);
  const second = timeOf(other);
  if (first === undefined || second === undefined || first === second) return undefined;
  const times = [first, second];
  const reason = `one is about the ${first}, the other about the ${second}`;
  if (times.includes('future') && times.some((time) => BEFORE.has(time))) {
    return share(one, other) >= SAME_MATTER ? reason : undefined;
  }
  return sameContent(one, other) && !sameEvent(times) ? reason : undefined;
}

const BEFORE = new Set<Time>(['past', 'perfect', 'told']);

/** "I lost it", "it was lost" and "it has been lost" tell the same; so do "I lost it" and "it is lost". */
function sameEvent(times: readonly Time[]): boolean {
  if (times.every((time) => BEFORE.has(time))) return true;
  return times.includes('told') && times.includes('state');
}

function sameContent(one: Reading, other: Reading): boolean {
  return (
    one.contentSet.size === other.contentSet.size &&
    one.content.every((word) => other.contentSet.has(word))
  );
}

/** Share of their content words, all taken together, that both have. */
function share(one: Reading, other: Reading): number {
  const both = [...one.contentSet].filter((word) => other.contentSet.has(word)).length;
  return both / (one.contentSet.size + other.contentSet.size - both);
}

/** Below this share two sentences do not tell of one thing at two times. */
const SAME_MATTER = 0.5;

const IRREGULAR_PAST = new Set(
  'went took ate got came gave sent paid bought sold found lost saw made left ran broke forgot slept felt fell flew froze'.split(
    ' ',
  ),
);

/** Words that end as verbs in progress do, and are none; a gerund behind an article is a noun. */
const NO_VERBS =
  /\b(?:pending|missing|morning|evening|during|nothing|anything|something|everything|string|king|ring|spring)\b|(?<=\b(?:a|an|the|any|no) )\p{L}+ing\b/gu;

/** The time of the first verb that shows one; undefined where none does. */
function timeOf({ text, words }: Reading): Time | undefined {
  const lower = text.toLowerCase().replaceAll(NO_VERBS, ' ');
  if (/\b(?:will|shall)\b|\bgoing to (?!the\b|a\b|my\b)/.test(lower)) return 'future';
  if (/(?<!^)\b(?:is|are|am|be) (?:being )?\p{L}+ing\b|\b(?:is|are|am) being\b/u.test(lower)) {
    return 'ongoing';
  }
  if (/^(?:is|are|am) (?:\p{L}+ ){1,3}\p{L}{3,}ing\b/u.test(lower)) return 'ongoing';
  if (
    /\b(?:has|have)\b(?: \p{L}+){0,4} (?:been|\p{L}+ed|\p{L}+en|sent|paid|got|lost|gone|found|bought|made|left)\b/u.test(
      lower,
    )
  ) {
    return 'perfect';
  }
  if (/\b(?:was|were|did|had)\b/.test(lower)) return 'past';
  if (/\b(?:is|are|am) (?:\p{L}{2,}ed|lost|broken|gone|stolen|frozen|hidden|shut)\b/u.test(lower))
    return 'state';
  if (/\b(?:is|are|am|do|does|has|have|can|could|may|should|would|must)\b/.test(lower))
    return 'present';
  const past = words.some((word) => IRREGULAR_PAST.has(word) || /^\p{L}{2,}[^e]ed$/u.test(word));
  return past ? 'told' : undefined;
}
