/**
 * Finding a field in JSON text without building anything, so that its value can be replaced and all
 * other bytes stay as they are.
 *
 * @module
 */

/** Where a value stands: from `start`, up to `end` exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The spans of all values of a top-level field, in order. The text must be valid JSON with an object at
 * the top. Keys are compared after unescaping.
 */
export function fieldSpans(text: string, name: string): Span[] {
  const spans: Span[] = [];
  let at = skipSpace(text, 0) + 1;
  for (;;) {
    at = skipSpace(text, at);
    if (text[at] !== '"') return spans;
    const keyEnd = skipString(text, at);
    const key = unescape(text.slice(at, keyEnd));
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = skipValue(text, start);
    if (key === name) spans.push({ start, end });
    at = skipSpace(text, end);
    if (text[at] !== ',') return spans;
    at++;
  }
}

function unescape(literal: string): string {
  return literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);
}

/** Index of the first character that is no white space. */
export function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return at;
    at++;
  }
}

/** Index behind the string that opens at `from`. */
function skipString(text: string, from: number): number {
  let at = text.indexOf('"', from + 1);
  while (at !== -1) {
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === 92) backslashes++;
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
    if (code === 34) {
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
