/** The labelled pairs of `test/fixtures/traps`, in two halves. */
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Two questions, and whether one answer serves both. */
export interface TrapPair {
  readonly domain: string;
  /** `same`, or what makes a trap of it: `number`, `direction`, … */
  readonly kind: string;
  readonly asked: string;
  readonly kept: string;
  /** Only scored, never tuned on. */
  readonly heldOut: boolean;
}

const FOLDER = join(import.meta.dirname, '../../test/fixtures/traps');

/** All pairs. */
export function trapPairs(): TrapPair[] {
  return globSync('*.txt', { cwd: FOLDER })
    .toSorted()
    .flatMap((file) =>
      readFileSync(join(FOLDER, file), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const [kind = '', asked = '', kept = ''] = line.split(' | ');
          const domain = file.replace('.txt', '');
          return { domain, kind, asked, kept, heldOut: isHeldOut(`${asked}\n${kept}`) };
        }),
    );
}

/** Half of the pairs, by a hash of their texts. */
function isHeldOut(texts: string): boolean {
  return (createHash('sha256').update(texts).digest()[0] ?? 0) % 2 === 1;
}
