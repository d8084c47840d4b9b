/**
 * What `farthing reconcile` shows.
 *
 * @module
 */
import { formatUsd } from '../pricing/format-usd.ts';
import type { Bill } from '../reconcile/bill.ts';
import { type Coverage, type Totals, totalsOf } from '../reconcile/compare.ts';
import type { ExplainedLine } from '../reconcile/explain.ts';
import { type Column, renderTable } from './table.ts';

/** One bill, set against the ledger. */
export interface Reconciled {
  readonly bill: Bill;
  readonly lines: readonly ExplainedLine[];
  readonly totals: Totals;
  readonly notes: readonly string[];
}

/** The contract of `--json`: totals of everything, then the bills, then their lines. Null is what is not known. */
export function reconciledJson(found: readonly Reconciled[]): object {
  const lines = found.flatMap((one) => one.lines);
  return {
    totals: totalsJson(totalsOf(lines)),
    bills: found.map(({ bill, totals, notes }) => ({
      provider: bill.provider,
      first_day: bill.period.first,
      last_day: bill.period.last,
      utc_offset_minutes: bill.utcOffsetMinutes,
      files: bill.files,
      totals: totalsJson(totals),
      notes,
    })),
    rows: lines.map(lineJson),
  };
}

function totalsJson({ billedNano, ledgerNano, driftNano, coverage }: Totals): object {
  return {
    billed_nano_usd: billedNano ?? null,
    ledger_nano_usd: ledgerNano,
    drift_nano_usd: driftNano ?? null,
    drift_share: shareOf(driftNano, billedNano) ?? null,
    ...coverageJson(coverage),
  };
}

function lineJson(line: ExplainedLine): object {
  const { day, provider, kind, model, billed, ledger, driftNano, reason } = line;
  return {
    day,
    provider,
    kind,
    model,
    billed_nano_usd: billed.costNano ?? null,
    ledger_nano_usd: ledger.costNano,
    drift_nano_usd: driftNano ?? null,
    drift_share: shareOf(driftNano, billed.costNano) ?? null,
    ...coverageJson(line.coverage),
    unpriced: ledger.unpriced,
    estimated: ledger.estimated,
    reason: reason ?? null,
  };
}

function coverageJson(coverage: Coverage | undefined): object {
  return {
    coverage: coverage === undefined ? null : coverage.ledger / coverage.billed,
    coverage_by: coverage?.by ?? null,
  };
}

/** Undefined where one is not known, and for a share of nothing. */
function shareOf(part: number | undefined, whole: number | undefined): number | undefined {
  return part === undefined || whole === undefined || whole === 0 ? undefined : part / whole;
}

const COLUMNS: readonly Column[] = [
  { title: 'day', align: 'left' },
  { title: 'model', align: 'left' },
  { title: 'bill', align: 'right' },
  { title: 'ledger', align: 'right' },
  { title: 'drift', align: 'right' },
  { title: '', align: 'right' },
  { title: 'coverage', align: 'right' },
  { title: 'likeliest', align: 'left' },
];

/** One table a bill, with its files above and what must be known about it below. */
export function renderReconciled(found: readonly Reconciled[]): string {
  return found.map(render).join('\n');
}

function render({ bill, lines, totals, notes }: Reconciled): string {
  const rows = lines.map(({ day, model, billed, ledger, driftNano, coverage, reason }) => [
    day,
    model,
    ...cells(
      {
        billedNano: billed.costNano,
        ledgerNano: ledger.costNano,
        driftNano,
        coverage,
      },
      reason?.text ?? '',
    ),
  ]);
  const formats = [...new Set(bill.files.map(({ format }) => format))].join(', ');
  return [
    `${bill.provider}, ${bill.period.first} to ${bill.period.last}${zoneOf(bill)}: ${formats}`,
    '',
    renderTable(COLUMNS, [...rows, ['total', '', ...cells(totals, '')]]),
    '',
    'Drift is the ledger less the bill: negative where the ledger has too little.',
    ...notes,
    '',
  ].join('\n');
}

function zoneOf({ utcOffsetMinutes: minutes }: Bill): string {
  if (minutes === 0) return ' (UTC)';
  const two = (number: number): string => String(Math.floor(number)).padStart(2, '0');
  const size = Math.abs(minutes);
  return ` (UTC${minutes < 0 ? '-' : '+'}${two(size / 60)}:${two(size % 60)})`;
}

/** Cents are shown to the hundredth: the lines of a small bill would all be zero otherwise. */
const DECIMALS = 4;

function cells({ billedNano, ledgerNano, driftNano, coverage }: Totals, reason: string): string[] {
  const money = (nano: number | undefined): string =>
    nano === undefined ? '' : formatUsd(nano, DECIMALS);
  const share = shareOf(driftNano, billedNano);
  return [
    money(billedNano),
    money(ledgerNano),
    money(driftNano),
    share === undefined ? '' : percent(share, 2),
    coverage === undefined ? '' : percent(coverage.ledger / coverage.billed, 1),
    reason,
  ];
}

function percent(share: number, decimals: number): string {
  return `${(100 * share).toFixed(decimals)} %`;
}
