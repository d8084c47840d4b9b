/** `matches`: the answer fits a pattern. @module */
import type { Check } from './check.ts';
import { wrongOption } from './options.ts';

/** Text that is looked at, in UTF-16 units: a pattern is the operator's own, but an answer may be anything. */
const LONGEST = 200_000;

/** Passes answers in which the regular expression is found; flags as `/pattern/i`. */
export function matches(option: unknown): Check {
  const pattern = readPattern(option);
  return {
    name: 'matches',
    judge: ({ text }) =>
      pattern.test(text.slice(0, LONGEST))
        ? { verdict: 'accept' }
        : { verdict: 'escalate', reason: `${pattern} is not found` },
  };
}

function readPattern(option: unknown): RegExp {
  if (typeof option !== 'string') {
    throw wrongOption('matches', 'a regular expression, such as { matches: "^\\\\d+$" }');
  }
  const [, source = option, flags = ''] = /^\/(.*)\/([imsu]*)$/s.exec(option) ?? [];
  try {
    return new RegExp(source, flags);
  } catch (error) {
    throw wrongOption(
      'matches',
      `a regular expression; ${error instanceof Error ? error.message : ''}`,
    );
  }
}
