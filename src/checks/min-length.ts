/** `min-length`: the answer is long enough. @module */
import type { Check } from './check.ts';
import { readLength } from './options.ts';

/** Passes answers of at least so many characters (code points), white space at the ends aside. Tool calls pass. */
export function minLength(option: unknown): Check {
  const least = readLength('min-length', option);
  return {
    name: 'min-length',
    judge: ({ text, toolCalls }) => {
      const length = characters(text.trim());
      if (length >= least || toolCalls.length > 0) return { verdict: 'accept' };
      return {
        verdict: 'escalate',
        reason: `${length} characters, wanted ${least}`,
        score: length / least,
      };
    },
  };
}

/** Characters as people count them, nearly: code points. */
export function characters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
