/** `max-length`: the answer is short enough. @module */
import type { Check } from './check.ts';
import { characters } from './min-length.ts';
import { readLength } from './options.ts';

/** Passes answers of at most so many characters (code points), white space at the ends aside. */
export function maxLength(option: unknown): Check {
  const most = readLength('max-length', option);
  const tooLong = (text: string): string | undefined => {
    const length = characters(text.trim());
    return length > most ? `${length} characters, at most ${most} wanted` : undefined;
  };
  return {
    name: 'max-length',
    judge: ({ text }) => {
      const reason = tooLong(text);
      return reason === undefined ? { verdict: 'accept' } : { verdict: 'escalate', reason };
    },
    // Cheaper than counting each time: twice the limit in UTF-16 units is certainly too long.
    early: (text) => (text.length > most * 2 ? tooLong(text) : undefined),
  };
}
