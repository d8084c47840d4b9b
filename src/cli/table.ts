/**
 * Tables for terminals.
 *
 * @module
 */
import { stripVTControlCharacters } from 'node:util';

/** A column's head and the side its cells stand on: numbers on the right. */
export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

const GAP = '  ';
const RULE = '─';

/** Characters that take two columns: East Asian wide and full-width ones, and pictographs. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
/** Characters that take none: marks that stand on others, joiners, variation selectors. */
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
/** What must not reach a terminal. */
const CONTROL = /\p{Cc}+/gu;

const segmenter = new Intl.Segmenter();

/**
 * A table as text, without a line break at its end. Each column is as wide as its widest cell; nothing is
 * ever cut off. Line breaks and other control characters in cells become a space, so that a row is a line;
 * missing cells are empty.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const cells = rows.map((row) => columns.map((_, index) => plain(row[index] ?? '')));
  const widths = columns.map(({ title }, index) =>
    Math.max(displayWidth(title), ...cells.map((row) => displayWidth(row[index] ?? ''))),
  );
  const line = (row: readonly string[]): string =>
    columns
      .map(({ align }, index) => pad(row[index] ?? '', widths[index] ?? 0, align))
      .join(GAP)
      .trimEnd();
  return [
    line(columns.map(({ title }) => title)),
    widths.map((width) => RULE.repeat(width)).join(GAP),
    ...cells.map(line),
  ].join('\n');
}

function plain(cell: string): string {
  return stripVTControlCharacters(cell).replaceAll(CONTROL, ' ');
}

function pad(text: string, width: number, align: Column['align']): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'right' ? space + text : text + space;
}

/** Columns of a terminal that a text takes. */
export function displayWidth(text: string): number {
  // ASCII, which is nearly everything, needs no segmenting.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) {
    if (NO_WIDTH.test(segment)) continue;
    width += WIDE.test(segment) ? 2 : 1;
  }
  return width;
}
