/**
 * The lines of a text file, plain or gzipped.
 *
 * @module
 */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { FarthingError } from '../errors.ts';

/** One line without its end; the first is 1. */
export interface TextLine {
  readonly text: string;
  readonly line: number;
}

/**
 * Reads a file as it is asked for; one whose name ends with `.gz` is unpacked. A byte-order mark is
 * dropped. Throws `invalid_value` with the file's name where it cannot be read, unpacked, or is no UTF-8.
 */
export async function* readLines(file: string): AsyncGenerator<TextLine> {
  // A mark at the start is dropped by the decoder itself; what is no UTF-8 throws.
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let line = 0;
  try {
    for await (const bytes of bytesOf(file)) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines) yield { text: withoutReturn(text), line: ++line };
    }
    rest += decoder.decode();
  } catch (cause) {
    throw cannotRead(file, { cause, line: line + 1 });
  }
  if (rest !== '') yield { text: withoutReturn(rest), line: line + 1 };
}

async function* bytesOf(file: string): AsyncGenerator<Buffer> {
  const source = createReadStream(file);
  // A pipe passes on bytes, not errors.
  const unpacked = file.endsWith('.gz') ? source.pipe(createGunzip()) : source;
  if (unpacked !== source) source.once('error', (error) => unpacked.destroy(error));
  try {
    yield* unpacked as AsyncIterable<Buffer>;
  } finally {
    source.destroy();
  }
}

function withoutReturn(text: string): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}

/** Reasons by the error's code, in words. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission is denied',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'it is not UTF-8 text',
  Z_DATA_ERROR: 'it is not gzipped, or damaged',
  Z_BUF_ERROR: 'its end is missing',
};

function cannotRead(
  file: string,
  { cause, line }: { readonly cause: unknown; readonly line: number },
): FarthingError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = REASONS[code] ?? (cause instanceof Error ? cause.message : String(cause));
  const where = line > 1 ? ` at line ${line}` : '';
  return new FarthingError('invalid_value', `Cannot read ${file}${where}: ${reason}.`, { cause });
}
