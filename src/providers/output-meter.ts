/**
 * Keeps the text of an answer as it streams by, for the case that no usage ever arrives: the client
 * leaves, the connection breaks, the host does not report. Reads the chunk's text without parsing it.
 *
 * @module
 */
import { skipSpace, skipString } from '../dialects/json-scan.ts';

/** Fields of a chunk that hold output text. */
const FIELDS = ['"content"', '"arguments"', '"refusal"'] as const;
/** Names of the same text: hosts that send both say it once. */
const THOUGHTS = ['"reasoning_content"', '"reasoning"'] as const;
/** Text kept at most, in UTF-16 units; more than any model's answer limit. */
const MOST = 4_000_000;

const COLON = 58;
const QUOTE = 34;

/** Collects the output text of one streamed answer. */
export class OutputMeter {
  #escaped = '';

  /** Takes the JSON text of one chunk. */
  push(data: string): void {
    if (this.#escaped.length > MOST) return;
    for (const field of FIELDS) this.#take(data, field);
    for (const field of THOUGHTS) if (this.#take(data, field)) break;
  }

  /** The text so far; empty where nothing was said. */
  text(): string {
    try {
      return JSON.parse(`"${this.#escaped}"`) as string;
    } catch {
      return this.#escaped;
    }
  }

  /** Adds the strings of a field, which is given in its quotes; true where there was text in one. */
  #take(data: string, field: string): boolean {
    const before = this.#escaped.length;
    let from = data.indexOf(field);
    while (from !== -1) {
      let end = skipSpace(data, from + field.length);
      if (data.charCodeAt(end) === COLON) {
        const start = skipSpace(data, end + 1);
        if (data.charCodeAt(start) === QUOTE) {
          end = skipString(data, start);
          // A string that was cut off has no closing quote to leave out.
          const closed = end - 1 > start && data.charCodeAt(end - 1) === QUOTE;
          this.#escaped += data.slice(start + 1, closed ? end - 1 : end);
        }
      }
      from = data.indexOf(field, end);
    }
    return this.#escaped.length > before;
  }
}
