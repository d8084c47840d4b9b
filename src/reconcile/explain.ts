/**
 * The likeliest reason of each drift.
 *
 * @module
 */
import type { PriceBook } from '../pricing/price-book.ts';
import type { ComparedLine } from './compare.ts';
import { agrees, isCovered, type Reason } from './reason.ts';
import { CALL_RULES } from './reasons-of-calls.ts';
import { PRICE_RULES } from './reasons-of-prices.ts';

/** A line with its reason; undefined where bill and ledger agree. */
export interface ExplainedLine extends ComparedLine {
  readonly reason: Reason | undefined;
}

/**
 * Asks the rules, in their order, about each line that drifts; the first that has evidence answers. They
 * tell what is likely, never what is certain: a bill does not say which calls it is for.
 */
export function explain(lines: readonly ComparedLine[], book: PriceBook): ExplainedLine[] {
  return lines.map((line) => ({ ...line, reason: reasonOf(line, { lines, book }) }));
}

function reasonOf(
  line: ComparedLine,
  around: { readonly lines: readonly ComparedLine[]; readonly book: PriceBook },
): Reason | undefined {
  const agreed = agrees(line);
  if (agreed === true) return undefined;
  // Without costs there is only what the counts say.
  if (agreed === undefined && isCovered(line) !== false) return undefined;
  const rules = agreed === undefined ? CALL_RULES : [...CALL_RULES, ...PRICE_RULES];
  for (const rule of rules) {
    const reason = rule(line, around);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
