/**
 * Keeps the text of an answer as it streams by, for the case that no usage ever arrives: the client
 * leaves, the connection breaks, the host does not report. Reads the chunk's text without parsing it.
 *
 * @module
 */

/** Fields of a chunk that hold output text. */
const OPENINGS = [
  '"content":"',
  '"arguments":"',
  '"reasoning_content":"',
  '"reasoning":"',
] as const;
/** Text kept at most, in UTF-16 units; more than any model's answer limit. */
const MOST = 4_000_000;

/** Collects the output text of one streamed answer. */
export class OutputMeter {
  #escaped = '';

  /** Takes the JSON text of one chunk. */
  push(data: string): void {
    if (this.#escaped.length > MOST) return;
    for (const opening of OPENINGS) {
      let from = data.indexOf(opening);
      while (from !== -1) {
        const start = from + opening.length;
        const end = closingQuote(data, start);
        this.#escaped += data.slice(start, end);
        from = data.indexOf(opening, end);
      }
    }
  }

  /** The text so far; empty where nothing was said. */
  text(): string {
    try {
      return JSON.parse(`"${this.#escaped}"`) as string;
    } catch {
      return this.#escaped;
    }
  }
}

/** Index of the quote that ends the JSON string whose content starts at `start`. */
function closingQuote(data: string, start: number): number {
  let end = data.indexOf('"', start);
  while (end > start && isEscaped(data, end)) end = data.indexOf('"', end + 1);
  return end === -1 ? data.length : end;
}

/** True when an odd number of backslashes stands before the character. */
function isEscaped(data: string, index: number): boolean {
  let backslashes = 0;
  while (data.charCodeAt(index - 1 - backslashes) === 92) backslashes++;
  return backslashes % 2 === 1;
}
