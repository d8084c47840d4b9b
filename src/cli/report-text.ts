/**
 * A report for people: the table, where the saving comes from, and what must be known beside it.
 *
 * @module
 */
import { type SavingStage, SAVING_STAGES } from '../call.ts';
import type { MeasuredSaving } from '../policy/measured-saving.ts';
import { formatUsd } from '../pricing/format-usd.ts';
import type { Report, Sums, TierShare } from '../stores/report.ts';
import { type Column, renderTable } from './table.ts';

/** What a report is shown with. */
export interface ReportContext {
  readonly by: string;
  /** The ledger's file. */
  readonly data: string;
  readonly isSandbox: boolean;
  readonly measured: MeasuredSaving | undefined;
}

const NUMBERS = ['calls', 'attempts', 'in', 'out', 'cost', 'reference', 'saved', '', 'escalated'];

/** The whole text. */
export function renderReport(found: Report, context: ReportContext): string {
  const { totals, rows } = found;
  if (totals.calls === 0) return `No calls in ${context.data} in this period.\n`;
  const columns: Column[] = [
    { title: context.by, align: 'left' },
    ...NUMBERS.map((title) => ({ title, align: 'right' as const })),
    { title: 'answered by', align: 'left' },
  ];
  const lines = rows.map(({ group, tiers, ...sums }) => cells(group, sums, tiers));
  const table = renderTable(columns, [...lines, cells('total', totals, found.tiers)]);
  return [
    context.isSandbox ? 'Sandbox: simulated models, no real money.\n' : '',
    table,
    '',
    attributed(totals),
    ...(context.measured === undefined ? [] : measuredLines(context.measured)),
    ...notes(totals, context.by),
    '',
  ].join('\n');
}

function cells(name: string, sums: Sums, tiers: readonly TierShare[]): string[] {
  const { reference_nano_usd: reference, saved_nano_usd: saved } = sums;
  return [
    name,
    String(sums.calls),
    String(sums.attempts),
    sums.input_tokens.toLocaleString('en-US'),
    sums.output_tokens.toLocaleString('en-US'),
    formatUsd(sums.cost_nano_usd),
    formatUsd(reference),
    formatUsd(saved),
    reference === 0 ? '' : `${((100 * saved) / reference).toFixed(1)} %`,
    String(sums.escalations),
    tiers.map(({ model, share }) => `${model} ${Math.round(100 * share)} %`).join(' · '),
  ];
}

const STAGE_NAMES: Readonly<Record<SavingStage, string>> = {
  cache: 'kept answers',
  coalesce: 'shared answers',
  route: 'cheaper models',
  service: 'cheaper service',
};

/** `reference − savings + overhead = cost`: the terms that are not zero. */
function attributed(totals: Sums): string {
  const term = (nano: number, what: string): string =>
    nano === 0 ? '' : ` ${nano > 0 ? '−' : '+'} ${formatUsd(Math.abs(nano))} ${what}`;
  const savings = SAVING_STAGES.map((stage) =>
    term(totals.saved_by_nano_usd[stage], STAGE_NAMES[stage]),
  );
  return (
    `Attributed: ${formatUsd(totals.reference_nano_usd)} reference${savings.join('')}` +
    `${term(-totals.overhead_nano_usd, 'for answers not given')} = ${formatUsd(totals.cost_nano_usd)} paid.`
  );
}

function measuredLines(measured: MeasuredSaving): string[] {
  const { perCall, margin, heldOut, treated, attributedPerCall } = measured;
  const nano = (amount: number): string => formatUsd(Math.round(amount), 6);
  const counts = `${heldOut.calls} held-out calls at ${nano(heldOut.mean)}, ${treated.calls} treated at ${nano(treated.mean)}`;
  if (margin === undefined) {
    return [`Measured: too few calls yet for an interval (${counts}).`];
  }
  const needed = measured.stillNeeded ?? 0;
  return [
    `Measured: ${nano(perCall)} a call, 95 % interval ${nano(perCall - margin)} to ${nano(perCall + margin)} ` +
      `(${counts}); attributed: ${nano(attributedPerCall)} a call.`,
    ...(needed > 0 ? [`For the wanted margin ${needed} more held-out calls are needed.`] : []),
    ...(measured.verdict === 'disagrees'
      ? [
          'WARNING: the attributed saving lies outside the measured interval. Trust the measured one: the ' +
            'reference’s own answers cost something else than was reckoned on the cheaper model’s tokens.',
        ]
      : []),
  ];
}

function notes({ unpriced, stale, estimated, failed }: Sums, by: string): string[] {
  const lines: string[] = [];
  if (unpriced > 0)
    lines.push(
      `${unpriced} calls cannot be priced: their cost is not in these sums, and they count as saving nothing.`,
    );
  if (stale > 0)
    lines.push(
      `${stale} calls were priced by prices older than price-max-age: see \`farthing prices\`, then \`farthing prices update\`.`,
    );
  if (estimated > 0)
    lines.push(
      `${estimated} attempts have estimated token counts: their provider reported none, or the client left early.`,
    );
  if (failed > 0)
    lines.push(
      `${failed} calls got no answer: what their attempts cost counts against the savings.`,
    );
  if (by === 'tag')
    lines.push('A call with several tags counts in each; the total counts it once.');
  return lines.length === 0 ? [] : ['', ...lines];
}
