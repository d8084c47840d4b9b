/**
 * All guards, the cheapest first.
 *
 * @module
 */
import { antonyms } from './antonyms.ts';
import { dates } from './dates.ts';
import { direction } from './direction.ts';
import type { Guard } from './guard.ts';
import { intent } from './intent.ts';
import { loadLanguage } from './language.ts';
import { names } from './names.ts';
import { negation } from './negation.ts';
import { numbers } from './numbers.ts';
import { question } from './question.ts';
import { substitution } from './substitution.ts';
import { tense } from './tense.ts';

/** A guard with the name that its refusals are told by. */
export interface NamedGuard {
  readonly name: string;
  readonly guard: Guard;
}

/** Loads what guards need, once, and gives them all. */
export async function loadGuards(): Promise<readonly NamedGuard[]> {
  const language = await loadLanguage();
  return Object.entries({
    negation,
    antonyms,
    direction,
    question,
    intent,
    tense,
    dates,
    numbers,
    names,
    substitution,
    language,
  }).map(([name, guard]) => ({ name, guard }));
}

/** The first reason to refuse, as `guard: reason`; undefined where all let it pass. */
export function refusal(
  guards: readonly NamedGuard[],
  asked: string,
  kept: string,
): string | undefined {
  for (const { name, guard } of guards) {
    const reason = guard(asked, kept);
    if (reason !== undefined) return `${name}: ${reason}`;
  }
  return undefined;
}
