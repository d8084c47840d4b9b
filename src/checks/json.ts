/** `json`: the answer is JSON. @module */
import type { Check, CheckContext, Choice, Verdict } from './check.ts';
import { readNothing } from './options.ts';
import { findJson } from './repair-json.ts';

/** Text after which an answer without any JSON in it is given up while it arrives. */
const PATIENCE = 400;

/** Passes answers that are one JSON value; takes it out of a fence or prose, and mends small slips. */
export function json(option: unknown): Check {
  readNothing('json', option);
  return { name: 'json', judge, early: noJsonYet };
}

function judge(choice: Choice): Verdict {
  // A tool call is an answer of another kind.
  if (choice.toolCalls.length > 0 && choice.text.trim() === '') return { verdict: 'accept' };
  const found = findJson(choice.text);
  if (found === undefined) return { verdict: 'escalate', reason: 'the answer is not JSON' };
  if (found.repair === undefined) return { verdict: 'accept' };
  return { verdict: 'repair', choice: { ...choice, text: found.text }, reason: found.repair };
}

/** True start of trouble: much text, and nothing in it that could begin JSON. */
export function noJsonYet(textSoFar: string, _context: CheckContext): string | undefined {
  return textSoFar.length > PATIENCE && !/[{["\d]|true|false|null/.test(textSoFar)
    ? 'no JSON has begun'
    : undefined;
}
