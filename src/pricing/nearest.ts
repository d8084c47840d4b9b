/**
 * The known name that a mistyped one was probably meant to be, for error messages.
 *
 * @module
 */

/** Edits allowed for each character of the name; at least one. */
const EDITS_PER_CHARACTER = 1 / 4;

/**
 * The closest candidate, or undefined where none is close: more than a quarter of the characters would
 * have to change. Letter case and the characters between words (`-`, `_`, `.`, `/`, `:`, spaces) count
 * little; of equally close ones the first wins.
 *
 * @example
 * nearest('gpt4o', ['gpt-4', 'gpt-4o']); // 'gpt-4o'
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(name);
  let best: string | undefined;
  const limit = Math.max(1, Math.floor(wanted.length * EDITS_PER_CHARACTER));
  // Half an edit more, so that the limit itself is still near; but never a name with nothing in common.
  let least = Math.min(limit + 0.5, wanted.length - 0.5);
  for (const candidate of candidates) {
    const known = plain(candidate);
    if (Math.abs(known.length - wanted.length) >= least) continue;
    const edits =
      distance(wanted, known) + (candidate === name ? 0 : 0.01 * distance(name, candidate));
    if (edits < least) {
      least = edits;
      best = candidate;
    }
  }
  return best;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_./: ]+/g, '');
}

/**
 * Edits between two names: inserted, deleted and changed characters and swapped neighbours, each one
 * (Damerau-Levenshtein, optimal string alignment).
 */
function distance(from: string, to: string): number {
  let above: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const edits = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
      );
      const swapped =
        row > 1 &&
        column > 1 &&
        from[row - 1] === to[column - 2] &&
        from[row - 2] === to[column - 1];
      current.push(swapped ? Math.min(edits, at(above, column - 2) + 1) : edits);
    }
    above = last;
    last = current;
  }
  return at(last, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
