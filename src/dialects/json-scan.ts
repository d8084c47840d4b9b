/**
 * Finding the fields of a JSON object in its text without building anything, so that one value can be
 * replaced while all other bytes stay as they are. All functions rely on the text being valid JSON.
 *
 * @module
 */

/** A field of the top-level object. Offsets are in UTF-16 units; ends are exclusive. */
export interface Member {
  /** Unescaped. */
  readonly key: string;
  /** Where the key's opening quote stands. */
  readonly keyStart: number;
  /** Where the value stands. */
  readonly start: number;
  readonly end: number;
}

/** The fields of the top-level object, in order, duplicates included. */
export function topLevelMembers(text: string): Member[] {
  const members: Member[] = [];
  let at = skipSpace(text, skipSpace(text, 0) + 1);
  while (text.charCodeAt(at) === QUOTE) {
    const keyStart = at;
    const keyEnd = skipString(text, keyStart);
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = skipValue(text, start);
    members.push({ key: unescape(text.slice(keyStart, keyEnd)), keyStart, start, end });
    // Past the comma, or past the closing brace, behind which no quote follows.
    at = skipSpace(text, skipSpace(text, end) + 1);
  }
  return members;
}

const QUOTE = 34;
const BACKSLASH = 92;

function unescape(literal: string): string {
  return literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);
}

/** Index of the first character from `from` on that is no white space. */
export function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return at;
    at++;
  }
}

/** Index behind the string that opens at `from`; the text's length where it does not end. */
export function skipString(text: string, from: number): number {
  let at = text.indexOf('"', from + 1);
  while (at !== -1) {
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return at + 1;
    at = text.indexOf('"', at + 1);
  }
  return text.length;
}

function skipValue(text: string, from: number): number {
  const first = text[from];
  if (first === '"') return skipString(text, from);
  if (first !== '{' && first !== '[') return skipScalar(text, from);
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = skipString(text, at);
      continue;
    }
    if (code === 123 || code === 91) depth++;
    else if ((code === 125 || code === 93) && --depth === 0) return at + 1;
    at++;
  }
  return at;
}

/** Numbers, booleans and null end where structure begins. */
function skipScalar(text: string, from: number): number {
  let at = from;
  while (at < text.length && !',}] \n\r\t'.includes(text[at] ?? '')) at++;
  return at;
}
