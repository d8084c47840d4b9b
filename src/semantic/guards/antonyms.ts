/** `antonyms`: one text says the opposite of a word of the other. @module */
import { areOpposite } from './opposites.ts';
import { denied } from './negation.ts';
import { type Reading, readingOf } from './reading.ts';

/** Refuses "enable it" for "disable it". A text that has both words ("on and off") is not looked at. */
export function antonyms(asked: string, kept: string): string | undefined {
  const one = readingOf(asked);
  const other = readingOf(kept);
  const deniedByOne = denied(one);
  const deniedByOther = denied(other);
  for (const left of own(one, other)) {
    for (const right of own(other, one)) {
      // Not to remember is to forget.
      if (deniedByOne.includes(left) !== deniedByOther.includes(right)) continue;
      if (areOpposite(left, right)) return `"${left}" against "${right}"`;
    }
  }
  return undefined;
}

function own(one: Reading, other: Reading): string[] {
  return [...one.stems].filter((word) => !other.stems.has(word));
}
