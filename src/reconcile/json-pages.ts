/**
 * JSON exports: one page, an array of pages, pages one after the other, or pages in several lines.
 *
 * @module
 */
import { isObject, type JsonObject } from '../json.ts';

/**
 * The pages of a JSON text, with each number as the text it was written as, so that money stays exact.
 * Undefined where the text is no JSON.
 */
export function parsePages(text: string): JsonObject[] | undefined {
  const values = parseValues(text.replace(/^\uFEFF/, ''));
  return values?.flatMap((value) => (Array.isArray(value) ? value : [value])).filter(isObject);
}

function parseValues(text: string): unknown[] | undefined {
  try {
    return [parseExact(text)];
  } catch {
    // Not one value: perhaps several.
  }
  try {
    return [...topLevelValues(text)].map(parseExact);
  } catch {
    return undefined;
  }
}

/** Where a reviver is told what a value was read from (ECMAScript's "JSON.parse source text access"). */
interface ReviverContext {
  readonly source?: string;
}

function parseExact(text: string): unknown {
  return JSON.parse(text, (_name, value: unknown, context?: ReviverContext) =>
    typeof value === 'number' ? (context?.source ?? String(value)) : value,
  ) as unknown;
}

/** The objects and arrays of a text, by their brackets. */
function* topLevelValues(text: string): Generator<string> {
  let depth = 0;
  let start = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === '{' || token === '[') {
      if (depth++ === 0) {
        if (text.slice(start, index).trim() !== '') throw new SyntaxError('Text between values.');
        start = index;
      }
    } else if ((token === '}' || token === ']') && --depth === 0) {
      yield text.slice(start, index + 1);
      start = index + 1;
    }
  }
  if (text.slice(start).trim() !== '') throw new SyntaxError('The last value is cut off.');
}
