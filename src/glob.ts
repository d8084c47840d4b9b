/**
 * Globs, as match rules and keys use them: `*` stands for any text, line breaks included, `?` for one character.
 *
 * @module
 */

/** True when the whole text fits. Case counts. Linear in text times the number of stars. */
export type Glob = (text: string) => boolean;

/** Compiles a pattern. The pieces between stars are looked for with `indexOf`: no regular expression can run away. */
export function compileGlob(pattern: string): Glob {
  const pieces = pattern.split('*');
  const first = pieces[0] ?? '';
  const last = pieces.at(-1) ?? '';
  if (pieces.length === 1) return (text) => text.length === first.length && fits(text, first, 0);
  const middle = pieces.slice(1, -1).filter((piece) => piece !== '');
  return (text) => {
    const end = text.length - last.length;
    if (end < first.length || !fits(text, first, 0) || !fits(text, last, end)) return false;
    let from = first.length;
    for (const piece of middle) {
      const at = find(text, piece, from);
      if (at === -1) return false;
      from = at + piece.length;
    }
    return from <= end;
  };
}

/** True when the piece stands at `at`. */
function fits(text: string, piece: string, at: number): boolean {
  if (!piece.includes('?')) return text.startsWith(piece, at);
  for (let index = 0; index < piece.length; index++) {
    if (piece[index] !== '?' && piece[index] !== text[at + index]) return false;
  }
  return at + piece.length <= text.length;
}

function find(text: string, piece: string, from: number): number {
  if (!piece.includes('?')) return text.indexOf(piece, from);
  for (let at = from; at + piece.length <= text.length; at++) {
    if (fits(text, piece, at)) return at;
  }
  return -1;
}
