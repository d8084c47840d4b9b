/** `complete`: the answer came to its end. @module */
import type { Check, Choice, Verdict } from './check.ts';
import { readNothing } from './options.ts';

/** Finish reasons of an answer that was cut off, with what cut it. */
const CUT: Readonly<Record<string, string>> = {
  length: 'it was cut off at the output limit',
  max_tokens: 'it was cut off at the output limit',
  content_filter: 'a content filter cut it off',
};

/**
 * Passes answers that finished by themselves, with their code fences closed and, where the whole answer
 * is JSON, its brackets balanced. Prose may end as it likes.
 */
export function complete(option: unknown): Check {
  readNothing('complete', option);
  return { name: 'complete', judge };
}

function judge({ text, finishReason }: Choice): Verdict {
  const cut = finishReason === undefined ? undefined : CUT[finishReason];
  if (cut !== undefined) return { verdict: 'escalate', reason: cut };
  if (openFence(text)) return { verdict: 'escalate', reason: 'a code fence is not closed' };
  const trimmed = text.trimStart();
  if ((trimmed.startsWith('{') || trimmed.startsWith('[')) && openBrackets(trimmed) > 0) {
    return { verdict: 'escalate', reason: 'its brackets are not closed' };
  }
  return { verdict: 'accept' };
}

function openFence(text: string): boolean {
  const fences = text.match(/^[ \t]*(?:```|~~~)/gm);
  return fences !== null && fences.length % 2 === 1;
}

/** Brackets opened and not closed, outside of strings. */
export function openBrackets(text: string): number {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const sign = text[index];
    if (inString) {
      if (sign === '\\') index++;
      else if (sign === '"') inString = false;
    } else if (sign === '"') inString = true;
    else if (sign === '{' || sign === '[') depth++;
    else if (sign === '}' || sign === ']') depth--;
  }
  return inString ? depth + 1 : depth;
}
