/**
 * The shape of a chunk: its bytes without its text. The chunks of a stream are alike to the byte but for
 * their text, so that one which has the shape of an earlier, parsed one needs no parsing: whatever else
 * it says, the earlier one said.
 *
 * @module
 */
import { asArray, asObject, type JsonObject, parseJson } from '../json.ts';
import { skipSpace, skipString } from './json-scan.ts';

/** Fields of a delta whose text may differ from chunk to chunk. */
const TEXTS = ['content', 'reasoning_content', 'reasoning'] as const;

/** OpenAI pads its chunks to hide the length of the text. */
const PADDING = 'obfuscation';

/** A chunk's text with its texts taken out. */
export class TextChunkShape {
  /** Up to and with the opening quote of the text. */
  readonly #before: string;
  /** From the closing quote of the text to the opening one of the padding, with it, where there is one. */
  readonly #between: string | undefined;
  /** What follows the last of them. */
  readonly #after: string;

  private constructor(before: string, between: string | undefined, after: string) {
    this.#before = before;
    this.#between = between;
    this.#after = after;
  }

  /**
   * The shape of `data`, whose parsed value is `chunk`; undefined where its text cannot be told from the
   * rest.
   */
  static of(data: string, chunk: JsonObject): TextChunkShape | undefined {
    const [choice, ...others] = asArray(chunk['choices']);
    const delta = asObject(asObject(choice)?.['delta']);
    if (delta === undefined || others.length > 0) return undefined;
    const name = TEXTS.find((field) => typeof delta[field] === 'string' && delta[field] !== '');
    if (name === undefined) return undefined;
    const text = findString(data, name, 0);
    if (text === undefined || text.literal !== JSON.stringify(delta[name])) return undefined;
    const before = data.slice(0, text.start + 1);
    if (chunk[PADDING] === undefined) {
      return new TextChunkShape(before, undefined, data.slice(text.end));
    }
    const padding = findString(data, PADDING, text.end);
    if (padding === undefined) return undefined;
    const between = data.slice(text.end, padding.start + 1);
    return new TextChunkShape(before, between, data.slice(padding.end));
  }

  /** True when `data` differs from the shape in nothing but its texts, and these are valid JSON strings. */
  fits(data: string): boolean {
    // Slices compare several times faster than startsWith() and endsWith().
    const start = this.#before.length;
    if (data.slice(0, start) !== this.#before) return false;
    let end = skipString(data, start - 1);
    if (!isContent(data.slice(start, end - 1))) return false;
    const between = this.#between;
    if (between !== undefined) {
      const padding = end + between.length;
      if (data.slice(end, padding) !== between) return false;
      end = skipString(data, padding - 1);
      if (!isContent(data.slice(padding, end - 1))) return false;
    }
    return data.slice(end) === this.#after;
  }
}

/** No quotes, backslashes or control characters. */
const PLAIN = /^[ !#-[\]-\uffff]*$/;

/** True for what may stand between the quotes of a JSON string. */
function isContent(text: string): boolean {
  return PLAIN.test(text) || parseJson(`"${text}"`) !== undefined;
}

/** The next string value of a field, with its quotes; undefined where the field is not found or holds no string. */
function findString(
  data: string,
  field: string,
  from: number,
): { readonly start: number; readonly end: number; readonly literal: string } | undefined {
  const key = `"${field}"`;
  const at = data.indexOf(key, from);
  if (at === -1) return undefined;
  const colon = skipSpace(data, at + key.length);
  const start = skipSpace(data, colon + 1);
  if (data[colon] !== ':' || data[start] !== '"') return undefined;
  const end = skipString(data, start);
  return { start, end, literal: data.slice(start, end) };
}
