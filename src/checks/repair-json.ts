/**
 * Getting JSON out of an answer that has it. Conservative: what is taken out or mended holds every word
 * and number of the original; nothing is invented, and an answer that was cut off is not closed.
 *
 * @module
 */

/** JSON text of an answer. */
export interface FoundJson {
  readonly text: string;
  readonly value: unknown;
  /** What had to be done; undefined where the answer was JSON as it stood. */
  readonly repair: string | undefined;
}

/** The JSON value that an answer is or holds; undefined where there is none, or more than one. */
export function findJson(answer: string): FoundJson | undefined {
  const whole = attempt(answer, undefined);
  if (whole !== undefined) return whole;
  const fenced = onlyFence(answer);
  if (fenced !== undefined) {
    return (
      attempt(fenced, 'taken out of a code fence') ?? mended(fenced, 'taken out of a code fence, ')
    );
  }
  const inside = outermost(answer);
  if (inside === undefined) return undefined;
  const bare = inside.length === answer.trim().length;
  const how = bare ? '' : 'taken out of prose';
  return (bare ? undefined : attempt(inside, how)) ?? mended(inside, bare ? '' : `${how}, `);
}

function attempt(text: string, repair: string | undefined): FoundJson | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return { text: repair === undefined ? text : text.trim(), value, repair };
  } catch {
    return undefined;
  }
}

function mended(text: string, before: string): FoundJson | undefined {
  const { text: mendedText, slips } = mendSlips(text.trim());
  return slips.length === 0 ? undefined : attempt(mendedText, `${before}${slips.join(', ')}`);
}

/** The content of the answer's only code fence that looks like JSON. */
function onlyFence(answer: string): string | undefined {
  const fences = [
    ...answer.matchAll(/(?:^|\n)[ \t]*```[ \t]*[\w-]*[ \t]*\r?\n([\s\S]*?)\r?\n?[ \t]*```/g),
  ]
    .map(([, content = '']) => content.trim())
    .filter((content) => /^[[{]/.test(content));
  return fences.length === 1 ? fences[0] : undefined;
}

/** From the first opening bracket to the one that closes it, when no second value follows. */
function outermost(answer: string): string | undefined {
  const start = answer.search(/[[{]/);
  if (start === -1) return undefined;
  const end = closing(answer, start);
  if (end === -1 || /[[{]/.test(answer.slice(end + 1))) return undefined;
  return answer.slice(start, end + 1);
}

function closing(text: string, start: number): number {
  let depth = 0;
  for (let index = start; index < text.length; index++) {
    const sign = text[index];
    if (sign === '"') {
      index = stringEnd(text, index);
      if (index === -1) return -1;
    } else if (sign === '{' || sign === '[') depth++;
    else if ((sign === '}' || sign === ']') && --depth === 0) return index;
  }
  return -1;
}

function stringEnd(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    if (text[index] === '\\') index++;
    else if (text[index] === '"') return index;
  }
  return -1;
}

/** A comma with nothing behind it but a closing bracket. */
const TRAILING = /^,\s*[\]}]/;

const LITERALS: Readonly<Record<string, string>> = { True: 'true', False: 'false', None: 'null' };

/** Slips that are mended: trailing commas, line comments, Python's literals, raw line breaks in strings. */
function mendSlips(text: string): { text: string; slips: string[] } {
  const slips = new Set<string>();
  let mendedText = '';
  let index = 0;
  while (index < text.length) {
    const rest = text.slice(index, index + 12);
    const sign = text[index] ?? '';
    if (sign === '"') {
      const end = stringEnd(text, index);
      if (end === -1) return { text, slips: [] };
      const literal = text.slice(index, end + 1);
      const escaped = literal
        .replaceAll('\r', '\\r')
        .replaceAll('\n', '\\n')
        .replaceAll('\t', '\\t');
      if (escaped !== literal) slips.add('line breaks in strings escaped');
      mendedText += escaped;
      index = end + 1;
    } else if (sign === ',' && TRAILING.test(text.slice(index, index + 200))) {
      slips.add('a trailing comma removed');
      index++;
    } else if (rest.startsWith('//')) {
      slips.add('a comment removed');
      const lineEnd = text.indexOf('\n', index);
      index = lineEnd === -1 ? text.length : lineEnd;
    } else {
      const word = /^(?:True|False|None)\b/.exec(rest)?.[0];
      if (word !== undefined) slips.add('Python literals rewritten');
      mendedText += word === undefined ? sign : (LITERALS[word] ?? '');
      index += word?.length ?? 1;
    }
  }
  return { text: mendedText, slips: [...slips] };
}
