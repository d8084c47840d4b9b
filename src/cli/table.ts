/**
 * Tables on a terminal.
 *
 * @module
 */

/** A column. */
export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** Lines of text: a heading, a rule, a line for each row. Cells are as wide as their widest content. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const widths = columns.map(({ title }, index) =>
    Math.max(width(title), ...rows.map((row) => width(row[index] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, index) => pad(cells[index] ?? '', widths[index] ?? 0, align))
      .join('  ')
      .trimEnd();
  const rule = widths.map((size) => '─'.repeat(size)).join('  ');
  return [line(columns.map(({ title }) => title)), rule, ...rows.map(line)].join('\n');
}

function pad(text: string, size: number, align: Column['align']): string {
  const space = ' '.repeat(Math.max(0, size - width(text)));
  return align === 'right' ? space + text : text + space;
}

/** Columns a text takes: East Asian letters take two, combining marks none. */
function width(text: string): number {
  let columns = 0;
  for (const sign of text) {
    if (/\p{Mark}/u.test(sign)) continue;
    columns +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/.test(sign)
        ? 2
        : 1;
  }
  return columns;
}
