/** `not-empty`: the answer says something. @module */
import type { Check } from './check.ts';
import { readNothing } from './options.ts';

/** Passes answers with text that is not white space, or with a tool call. */
export function notEmpty(option: unknown): Check {
  readNothing('not-empty', option);
  return {
    name: 'not-empty',
    judge: ({ text, toolCalls, refusal }) =>
      text.trim() !== '' || toolCalls.length > 0 || refusal
        ? { verdict: 'accept' }
        : { verdict: 'escalate', reason: 'the answer is empty' },
  };
}
