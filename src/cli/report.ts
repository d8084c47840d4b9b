/**
 * `farthing report`: what was paid, for what, and what was saved.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import { parseDuration } from '../config/units.ts';
import { FarthingError } from '../errors.ts';
import { formatUsd } from '../pricing/format-usd.ts';
import { SANDBOX_DATA } from '../stores/ledger-store.ts';
import type { Grouping, Report, ReportQuery, Sums, TierShare } from '../stores/report.ts';
import { openSqliteStores } from '../stores/sqlite-stores.ts';
import { type Column, renderTable } from './table.ts';

interface Options {
  readonly by: string;
  readonly since?: string;
  readonly until?: string;
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
    .option('-d, --data <file>', "the ledger's file, instead of the configured one")
    .option('-c, --config <file>', 'configuration file')
    .option('--json', 'one JSON document; money in integer nano-dollars')
    .action(report);
}

async function report(options: Options): Promise<void> {
  const query = readQuery(options);
  const data = options.data ?? (await configuredData(options.config));
  if (!existsSync(data)) {
    throw new FarthingError(
      'invalid_value',
      `There is no ledger at ${data}; it is made by the first call.`,
    );
  }
  const stores = openSqliteStores(data);
  try {
    const found = stores.ledger.report(query);
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify(asJson(found, query))}\n`
        : render(found, { data, query }),
    );
  } finally {
    await stores.close();
  }
}

async function configuredData(path: string | undefined): Promise<string> {
  const { config } = await loadConfig(path === undefined ? {} : { path });
  return config?.data ?? SANDBOX_DATA;
}

function readQuery({ by, since, until }: Options): ReportQuery & { readonly by: Grouping } {
  if (!/^(?:task|model|tag|key|day|tag:.+)$/.test(by)) {
    throw new FarthingError(
      'invalid_value',
      `Cannot report by "${by}": there is task, model, tag, tag:NAME, key and day.`,
    );
  }
  const from = readTime('--since', since);
  const to = readTime('--until', until);
  return {
    by: by as Grouping,
    ...(from === undefined ? {} : { since: from }),
    ...(to === undefined ? {} : { until: to }),
  };
}

function readTime(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const back = /[a-z]$/i.test(value) ? parseDuration(value) : undefined;
  if (back !== undefined) return Date.now() - back;
  const date = /^\d{4}-\d{2}-\d{2}/.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(date)) return date;
  throw new FarthingError(
    'invalid_value',
    `${option} takes a date such as 2026-11-01, or a time back such as 7d; not "${value}".`,
  );
}

/** The contract: `totals` and `rows` of the same fields, each row with its group's name. */
function asJson(
  { totals, tiers, rows }: Report,
  { by, since, until }: ReportQuery & { by: Grouping },
): object {
  const field = by.startsWith('tag') ? 'tag' : by;
  return {
    by,
    since: since === undefined ? null : new Date(since).toISOString(),
    until: until === undefined ? null : new Date(until).toISOString(),
    totals: { ...totals, tiers },
    rows: rows.map(({ group, ...sums }) => ({ [field]: group, ...sums })),
  };
}

const NUMBERS = ['calls', 'attempts', 'in', 'out', 'cost', 'reference', 'saved', '', 'escalated'];

function render(
  found: Report,
  { data, query }: { data: string; query: { readonly by: Grouping } },
): string {
  const { totals, rows } = found;
  if (totals.calls === 0) return `No calls in ${data} in this period.\n`;
  const columns: Column[] = [
    { title: query.by, align: 'left' },
    ...NUMBERS.map((title) => ({ title, align: 'right' as const })),
    { title: 'answered by', align: 'left' },
  ];
  const lines = rows.map(({ group, tiers, ...sums }) => cells(group, sums, tiers));
  const table = renderTable(columns, [...lines, cells('total', totals, found.tiers)]);
  return [
    data === SANDBOX_DATA ? 'Sandbox: simulated models, no real money.\n' : '',
    table,
    ...notes(totals, query.by),
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

function notes({ unpriced, estimated, failed }: Sums, by: Grouping): string[] {
  const lines: string[] = [];
  if (unpriced > 0)
    lines.push(
      `${unpriced} calls cannot be priced: their cost is not in these sums, and they count as saving nothing.`,
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
