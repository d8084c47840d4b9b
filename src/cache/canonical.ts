/**
 * JSON in one canonical form, to be hashed: two values have the same text exactly when they are the same.
 *
 * @module
 */
import { skipString } from '../dialects/json-scan.ts';
import type { Json, JsonObject } from '../json.ts';

/** Writes a field's value itself and says so; false leaves it to the writer. */
export type FieldWriter = (name: string, value: Json) => boolean;

/**
 * Writes values one after the other. Keys are sorted; numbers are as JavaScript prints them, so that
 * `1`, `1.0` and `1e0` are one. Texts carry their length in UTF-16 units instead of escapes: no text can
 * imitate what stands around it, and writing costs a copy.
 */
export class CanonicalText {
  #text = '';
  #members = 0;
  #lossy = false;

  /** What was written. */
  get text(): string {
    return this.#text;
  }

  /** Fields of all objects written. */
  get members(): number {
    return this.#members;
  }

  /** True when a number was written that a double may not hold as it was sent. */
  get lossy(): boolean {
    return this.#lossy;
  }

  /** A text of a kind: texts of different kinds are never the same. */
  string(text: string, kind: 's' | 'normal' = 's'): void {
    this.#text += `${kind}${text.length}:${text}`;
  }

  /** Any value. */
  value(value: Json): void {
    if (typeof value === 'string') this.string(value);
    else if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'boolean' || value === null) this.#text += `${value};`;
    else if (isArray(value)) {
      this.#text += `a${value.length}:`;
      for (const item of value) this.value(item);
    } else this.object(value);
  }

  /** An object's fields; `own` may write some of their values in its own way. */
  object(object: JsonObject, own?: FieldWriter): void {
    const names = Object.keys(object).toSorted();
    this.#members += names.length;
    this.#text += `o${names.length}:`;
    for (const name of names) {
      const value = object[name];
      this.string(name);
      if (value !== undefined && own?.(name, value) !== true) this.value(value);
    }
  }

  /** Beyond 2^53, and where it over- or underflows, a double stands for many numbers as they are written. */
  #number(value: number): void {
    if (Math.abs(value) > Number.MAX_SAFE_INTEGER) this.#lossy = true;
    this.#text += `n${value};`;
  }
}

/** `Array.isArray` does not know arrays that are readonly. */
export function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

const QUOTE = 34;
const COLON = 58;

/**
 * Fields of all objects in a valid JSON text, those included that stand twice, of which parsing keeps one.
 */
export function membersIn(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = skipString(text, at) - 1;
    else if (code === COLON) count++;
  }
  return count;
}
