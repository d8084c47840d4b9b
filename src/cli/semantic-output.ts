/**
 * How `farthing cache stats` shows what is answered by likeness.
 *
 * @module
 */
import { formatUsd } from '../pricing/format-usd.ts';
import type { SemanticLine } from '../semantic/stats-json.ts';
import { type Column, renderTable } from './table.ts';

const left = (title: string): Column => ({ title, align: 'left' });
const right = (title: string): Column => ({ title, align: 'right' });

/** For people: what stands behind the text of the other answers; empty where there is nothing to tell. */
export function semanticText(lines: readonly SemanticLine[]): string {
  if (lines.length === 0) return '';
  const columns = [
    left('by likeness'),
    left('tenant'),
    ...['looked up', 'would be', 'served', 'judged', 'wrong', 'at most', 'limit'].map(right),
    left('from'),
    right('to review'),
    right('saved'),
  ];
  const note =
    'At most: upper 95 % bound of wrong ones among hits from the threshold on, for this look alone. ' +
    'Saved: less embedding and judging.';
  return `\n\n${renderTable(columns, lines.map(cellsOf))}\n\n${note}`;
}

function cellsOf(line: SemanticLine): string[] {
  const counts = [line.looked_up, line.would_be_hits, line.served, line.judged, line.wrong];
  const unpriced = line.unpriced === 0 ? '' : ` (${line.unpriced} unpriced)`;
  return [
    line.task,
    line.tenant === '' ? '(open)' : line.tenant,
    ...counts.map(String),
    line.judged === 0 ? '' : percent(line.upper_95),
    percent(line.limit),
    line.threshold === null ? 'learning' : String(line.threshold),
    String(line.reviews_waiting),
    `${formatUsd(line.saved_nano_usd)}${unpriced}`,
  ];
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}
