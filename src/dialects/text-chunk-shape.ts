/**
 * The shape of a chunk that carries nothing but text. The chunks of a stream are alike to the byte but
 * for their text, so that one which has the shape of an earlier, parsed one needs no parsing: it is
 * known to hold no usage, no tool call, no finish reason and no error.
 *
 * @module
 */
import { asArray, asObject, type JsonObject } from '../json.ts';
import { skipSpace, skipString } from './json-scan.ts';

/** Fields of a delta whose text may differ from chunk to chunk. */
const TEXTS = ['content', 'reasoning_content', 'reasoning'] as const;

/** OpenAI pads its chunks to hide the length of the text. */
const PADDING = 'obfuscation';

/** Where one string may differ: everything up to its opening quote is fixed. */
interface Slot {
  readonly before: string;
}

/** A chunk's text with its texts taken out. */
export class TextChunkShape {
  readonly #slots: readonly Slot[];
  readonly #after: string;

  private constructor(slots: readonly Slot[], after: string) {
    this.#slots = slots;
    this.#after = after;
  }

  /**
   * The shape of `data`, whose parsed value is `chunk`; undefined where its text cannot be told from the
   * rest. Whether the chunk is a mere text chunk is the caller's to know.
   */
  static of(data: string, chunk: JsonObject): TextChunkShape | undefined {
    const [choice, ...others] = asArray(chunk['choices']);
    const delta = asObject(asObject(choice)?.['delta']);
    if (delta === undefined || others.length > 0) return undefined;
    const name = TEXTS.find((field) => typeof delta[field] === 'string' && delta[field] !== '');
    if (name === undefined) return undefined;
    const wanted = [{ name, value: delta[name] }];
    if (typeof chunk[PADDING] === 'string') wanted.push({ name: PADDING, value: chunk[PADDING] });
    const slots: Slot[] = [];
    let from = 0;
    for (const { name: field, value } of wanted) {
      const quote = openingQuote(data, field, from);
      if (quote === -1 || data.slice(quote, skipString(data, quote)) !== JSON.stringify(value)) {
        return undefined;
      }
      slots.push({ before: data.slice(from, quote + 1) });
      from = skipString(data, quote);
    }
    return new TextChunkShape(slots, data.slice(from));
  }

  /** True when `data` differs from the shape in nothing but its texts. */
  fits(data: string): boolean {
    let at = 0;
    for (const { before } of this.#slots) {
      if (!data.startsWith(before, at)) return false;
      at = skipString(data, at + before.length - 1);
    }
    return data.length - at === this.#after.length && data.endsWith(this.#after);
  }
}

/** Where the string value of a field begins; -1 where the field is not found or holds no string. */
function openingQuote(data: string, field: string, from: number): number {
  const key = `"${field}"`;
  const at = data.indexOf(key, from);
  if (at === -1) return -1;
  const colon = skipSpace(data, at + key.length);
  const start = skipSpace(data, colon + 1);
  return data[colon] === ':' && data[start] === '"' ? start : -1;
}
