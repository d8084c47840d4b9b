/**
 * CSV by RFC 4180, as spreadsheets and dashboards write it: with or without a byte order mark, lines
 * ending in LF, CRLF or CR, quoted fields with doubled quotes and line breaks inside.
 *
 * @module
 */

const BYTE_ORDER_MARK = '\uFEFF';

/**
 * The records of a CSV text, each a list of fields; lines without any content are left out. A quote
 * inside an unquoted field stands for itself. Undefined where a quoted field is never closed.
 */
export function parseCsv(text: string): string[][] | undefined {
  const source = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  const records: string[][] = [];
  let record: string[] = [];
  let at = 0;
  while (at < source.length) {
    const field = source[at] === '"' ? quotedField(source, at) : plainField(source, at);
    if (field === undefined) return undefined;
    record.push(field.text);
    at = field.end;
    if (source[at] === ',') {
      at++;
      // A comma at the very end is followed by one more, empty field.
      if (at === source.length) record.push('');
      else continue;
    } else at += source.startsWith('\r\n', at) ? 2 : 1;
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [];
  }
  return records;
}

interface Field {
  readonly text: string;
  /** Index of what follows: a comma, a line break or the end. */
  readonly end: number;
}

function plainField(source: string, start: number): Field {
  const end = nextBreak(source, start);
  return { text: source.slice(start, end), end };
}

/** What stands between the closing quote and the next comma is kept, as spreadsheets do. */
function quotedField(source: string, start: number): Field | undefined {
  let text = '';
  let from = start + 1;
  for (;;) {
    const quote = source.indexOf('"', from);
    if (quote === -1) return undefined;
    text += source.slice(from, quote);
    if (source[quote + 1] !== '"') {
      const end = nextBreak(source, quote + 1);
      return { text: text + source.slice(quote + 1, end), end };
    }
    text += '"';
    from = quote + 2;
  }
}

function nextBreak(source: string, from: number): number {
  const pattern = /[,\r\n]/g;
  pattern.lastIndex = from;
  return pattern.exec(source)?.index ?? source.length;
}
