/**
 * How `farthing cache stats` shows what is answered by likeness.
 *
 * @module
 */
import { formatUsd } from '../pricing/format-usd.ts';
import type { Review } from '../semantic/review.ts';
import type { ScopeReport } from '../semantic/scope.ts';
import { type Column, renderTable } from './table.ts';

/** What is known of one task's calls of one tenant. Field names are the JSON contract; money in nano-dollars. */
export interface SemanticLine {
  readonly task: string;
  readonly tenant: string;
  readonly embedder: string;
  readonly looked_up: number;
  /** Not given, but found. */
  readonly would_be_hits: number;
  /** Found, and refused by a guard. */
  readonly refused: number;
  readonly served: number;
  readonly judged: number;
  readonly wrong: number;
  /** Judged by nobody so far. */
  readonly unknown: number;
  /** Upper 95 % bound of the share of wrong ones among hits, for one look. */
  readonly upper_95: number;
  /** The bound that decides: it holds for all thresholds and all looks together. */
  readonly deciding_upper: number;
  readonly limit: number;
  readonly state: 'learning' | 'serving';
  /** Similarity from which on answers are given; null while learning. */
  readonly threshold: number | null;
  /** How often all evidence was dropped because given answers turned wrong. */
  readonly alarms: number;
  readonly reviews_waiting: number;
  readonly avoided_nano_usd: number;
  readonly embedding_nano_usd: number;
  readonly judging_nano_usd: number;
  /** Avoided less embedding and judging. */
  readonly saved_nano_usd: number;
  /** Attempts and given answers of unknown cost, which are in none of the sums. */
  readonly unpriced: number;
}

/** A line for each task and tenant. */
export function semanticLines(
  reports: readonly ScopeReport[],
  waiting: readonly Review[],
): readonly SemanticLine[] {
  return reports.map((scope) => ({
    task: scope.task,
    tenant: scope.tenant,
    embedder: scope.embedder,
    looked_up: scope.lookedUp,
    would_be_hits: scope.shadow,
    refused: scope.refused,
    served: scope.served,
    judged: scope.judged,
    wrong: scope.wrong,
    unknown: scope.unknown,
    upper_95: scope.upper,
    deciding_upper: scope.decidingUpper,
    limit: scope.limit,
    state: scope.state,
    threshold: scope.threshold ?? null,
    alarms: scope.alarms,
    reviews_waiting: waiting.filter(({ evidence }) => evidence === scope.evidence).length,
    avoided_nano_usd: scope.avoidedNano,
    embedding_nano_usd: scope.embeddingNano,
    judging_nano_usd: scope.judgingNano,
    saved_nano_usd: scope.avoidedNano - scope.embeddingNano - scope.judgingNano,
    unpriced: scope.unpriced,
  }));
}

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
