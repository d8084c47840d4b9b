/**
 * Where a text stops being JSON. The runtime's own message quotes what stands around the fault, which
 * in a request is somebody's prompt, and often names no position.
 *
 * @module
 */
import { skipSpace } from './json-scan.ts';

/** A fault, in words that quote nothing. */
export interface JsonFault {
  /** In UTF-16 units; the first character is 0. */
  readonly position: number;
  /** First line is 1. */
  readonly line: number;
  /** In UTF-16 units; first column is 1. */
  readonly column: number;
  /** Ends a sentence that began with the position: `a comma or "}" was expected`. */
  readonly hint: string;
}

/** The first fault of a text that `JSON.parse` refused; undefined where none is found. */
export function findJsonFault(text: string): JsonFault | undefined {
  if (text.charCodeAt(0) === 0xfeff) {
    return { position: 0, line: 1, column: 1, hint: 'a byte order mark stands before the JSON' };
  }
  const fault = new Scanner(text).scan();
  if (fault === undefined) return undefined;
  const before = text.slice(0, fault.at);
  const line = before.split('\n').length;
  const column = fault.at - before.lastIndexOf('\n');
  return { position: fault.at, line, column, hint: fault.hint };
}

interface Fault {
  readonly at: number;
  readonly hint: string;
}

/** What may stand in a string unescaped: everything but quotes, backslashes and control characters. */
const PLAIN = /[ !#-[\]-\uffff]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

/** Reads values one after the other; the open brackets are a stack, so that depth costs no call stack. */
class Scanner {
  readonly #text: string;
  readonly #open: string[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): Fault | undefined {
    let fault = this.#value();
    while (fault === undefined) {
      const next = this.#peek();
      if (this.#open.length === 0) {
        return this.#at >= this.#text.length ? undefined : this.#fault('nothing more was expected');
      }
      fault = this.#afterValue(next);
    }
    return fault;
  }

  #afterValue(next: string): Fault | undefined {
    const closing = this.#open.at(-1) ?? '';
    if (next === closing) {
      this.#open.pop();
      this.#at++;
      return undefined;
    }
    if (next !== ',') return this.#fault(`a comma or "${closing}" was expected`);
    this.#at++;
    if (this.#peek() === closing) return this.#fault('a comma must be followed by something');
    return closing === '}' ? this.#field() : this.#value();
  }

  /** A value, or the opening of one with all that opens inside it. */
  #value(): Fault | undefined {
    for (;;) {
      const next = this.#peek();
      if (next === '"') return this.#string();
      if (next !== '{' && next !== '[') {
        return this.#match(
          SCALAR,
          next === "'" ? 'strings need double quotes' : 'a value was expected',
        );
      }
      this.#at++;
      const closing = next === '{' ? '}' : ']';
      if (this.#peek() === closing) {
        this.#at++;
        return undefined;
      }
      this.#open.push(closing);
      const fault = closing === '}' ? this.#key() : undefined;
      if (fault !== undefined) return fault;
    }
  }

  #field(): Fault | undefined {
    return this.#key() ?? this.#value();
  }

  #key(): Fault | undefined {
    if (this.#peek() !== '"') return this.#fault('a field name in double quotes was expected');
    const fault = this.#string();
    if (fault !== undefined) return fault;
    if (this.#peek() !== ':') return this.#fault('a colon was expected');
    this.#at++;
    return undefined;
  }

  /** The next character that is no white space; empty at the end. */
  #peek(): string {
    this.#at = skipSpace(this.#text, this.#at);
    return this.#text[this.#at] ?? '';
  }

  /** Piece by piece: one pattern for all of it would need stack for every escape. */
  #string(): Fault | undefined {
    this.#at++;
    for (;;) {
      PLAIN.lastIndex = this.#at;
      PLAIN.test(this.#text);
      this.#at = PLAIN.lastIndex;
      const next = this.#text[this.#at];
      if (next === '"') {
        this.#at++;
        return undefined;
      }
      if (next !== '\\') return this.#fault('a control character stands in a string unescaped');
      const fault = this.#match(ESCAPE, 'a string has an escape that JSON does not know');
      if (fault !== undefined) return fault;
    }
  }

  #match(pattern: RegExp, hint: string): Fault | undefined {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return this.#fault(hint);
    this.#at = pattern.lastIndex;
    return undefined;
  }

  #fault(hint: string): Fault {
    const ended = this.#at >= this.#text.length;
    return { at: this.#at, hint: ended ? 'the text ends too early' : hint };
  }
}
