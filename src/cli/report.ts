/**
 * `farthing report`: what was paid, for what, and what was saved.
 *
 * @module
 */
import { Command } from 'commander';
import { parseShare } from '../config/units.ts';
import { FarthingError } from '../errors.ts';
import { measureSaving, type MeasuredSaving } from '../policy/measured-saving.ts';
import { SANDBOX_DATA } from '../stores/ledger-store.ts';
import type { Grouping, Report, ReportQuery } from '../stores/report.ts';
import { openSqliteStores } from '../stores/sqlite/sqlite-stores.ts';
import { existingDataFile } from './data-file.ts';
import { readPeriod } from './period.ts';
import { renderReport } from './report-text.ts';

interface Options {
  readonly by: string;
  readonly since?: string;
  readonly until?: string;
  readonly margin: string;
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** The command. */
export function reportCommand(): Command {
  return new Command('farthing report')
    .description('What was paid, for what, and what was saved against the reference.')
    .option('-b, --by <what>', 'task, model, tag, tag:NAME, key or day', 'task')
    .option('-s, --since <when>', 'a date (UTC), or how far back: 7d, 12h')
    .option('-u, --until <when>', 'a date (UTC), or how far back')
    .option(
      '--margin <share>',
      'wanted margin of the measured saving, of what a held-out call costs',
      '10%',
    )
    .option('-d, --data <file>', "the ledger's file, instead of the configured one")
    .option('-c, --config <file>', 'configuration file')
    .option('--json', 'one JSON document; money in integer nano-dollars')
    .action(report);
}

async function report(options: Options): Promise<void> {
  const query = readQuery(options);
  const margin = parseShare(options.margin);
  if (margin === undefined || margin === 0) {
    throw new FarthingError(
      'invalid_value',
      `--margin takes a share such as 10%, not "${options.margin}".`,
    );
  }
  const data = await existingDataFile(options);
  const stores = openSqliteStores(data);
  try {
    const found = stores.ledger.report(query);
    const measured = measureSaving(found.arms, margin);
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify(asJson(found, measured, query))}\n`
        : renderReport(found, { measured, by: query.by, data, isSandbox: data === SANDBOX_DATA }),
    );
  } finally {
    await stores.close();
  }
}

function readQuery(options: Options): ReportQuery & { readonly by: Grouping } {
  const { by } = options;
  if (!/^(?:task|model|tag|key|day|tag:.+)$/.test(by)) {
    throw new FarthingError(
      'invalid_value',
      `Cannot report by "${by}": there is task, model, tag, tag:NAME, key and day.`,
    );
  }
  return { by: by as Grouping, ...readPeriod(options) };
}

/** The contract: `totals` and `rows` of the same fields, each row with its group's name. */
function asJson(
  { totals, tiers, rows }: Report,
  measured: MeasuredSaving | undefined,
  { by, since, until }: ReportQuery & { readonly by: Grouping },
): object {
  const field = by.startsWith('tag') ? 'tag' : by;
  return {
    by,
    since: since === undefined ? null : new Date(since).toISOString(),
    until: until === undefined ? null : new Date(until).toISOString(),
    totals: { ...totals, tiers },
    measured: measured === undefined ? null : measuredJson(measured),
    rows: rows.map(({ group, ...sums }) => ({ [field]: group, ...sums })),
  };
}

/** Means are rounded to nano-dollars here; they are no sums that anything must add up to. */
function measuredJson(measured: MeasuredSaving): object {
  const { perCall, margin, attributedPerCall } = measured;
  const side = ({ calls, units, mean }: MeasuredSaving['treated']): object => ({
    calls,
    units,
    mean_cost_nano_usd: Math.round(mean),
  });
  return {
    hold_out: side(measured.heldOut),
    treated: side(measured.treated),
    saved_per_call_nano_usd: Math.round(perCall),
    interval_95_nano_usd:
      margin === undefined ? null : [Math.round(perCall - margin), Math.round(perCall + margin)],
    saved_nano_usd: measured.total,
    attributed_per_call_nano_usd: Math.round(attributedPerCall),
    verdict: measured.verdict,
    hold_out_calls_still_needed: measured.stillNeeded ?? null,
  };
}
