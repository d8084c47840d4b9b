/** Labelled pairs, made from hand-written families of prompts. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Two system prompts, and whether they are one template. */
export interface LabelledPair {
  readonly family: string;
  readonly lang: string;
  readonly same: boolean;
  readonly a: string;
  readonly b: string;
}

interface Family {
  readonly id: string;
  readonly lang: string;
  readonly base: string;
  readonly fills: readonly Readonly<Record<string, string>>[];
  readonly others: readonly string[];
}

const FILE = join(import.meta.dirname, '../../test/fixtures/templates/families.jsonl');

/** All families. */
export function families(): Family[] {
  return readFileSync(FILE, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Family);
}

/** Half of the families, by a hash of their id: nothing may be fitted on them. */
export function isHeldOut(family: string): boolean {
  return (createHash('sha256').update(family).digest()[0] ?? 0) % 2 === 1;
}

/** A template with its places filled. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{(\w)\}/g, (place, name: string) => values[name] ?? place);
}

/** Every two fillings of a family's base; its base against each of its others. */
export function labelledPairs(): LabelledPair[] {
  return families().flatMap(({ id: family, lang, base, fills, others }) => {
    const same = fills.flatMap((first, index) =>
      fills.slice(index + 1).map((second) => ({
        family,
        lang,
        same: true,
        a: fill(base, first),
        b: fill(base, second),
      })),
    );
    const different = others.map((other, index) => ({
      family,
      lang,
      same: false,
      a: fill(base, fills[0] ?? {}),
      b: fill(other, fills[index % 2] ?? {}),
    }));
    return [...same, ...different];
  });
}
