/**
 * `farthing quote`: what a request would cost, without asking anybody.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { FarthingError } from '../errors.ts';
import { createGateway } from '../gateway.ts';
import { formatUsd } from '../pricing/format-usd.ts';
import type { Quote, QuotedTier } from '../quote/quote.ts';
import type { QuotedBudget } from '../quote/quote-budgets.ts';
import { loadConfigOrSandbox } from '../sandbox/load.ts';
import { type Column, renderTable } from './table.ts';

interface Options {
  readonly header: readonly string[];
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** The command. */
export function quoteCommand(): Command {
  return new Command('farthing quote')
    .description('What a request would cost, tier by tier, and whether it would be let through.')
    .argument('<request>', "a chat or embeddings request as JSON; '-' reads standard input")
    .option(
      '-H, --header <name: value>',
      'a header of the request, such as x-farthing-task: draft; may be repeated',
      (value: string, before: readonly string[]) => [...before, value],
      [],
    )
    .option('-d, --data <file>', "the ledger's file, instead of the configured one")
    .option('-c, --config <file>', 'configuration file')
    .option('--json', 'one JSON document; money in integer nano-dollars')
    .action(quote);
}

async function quote(file: string, options: Options): Promise<void> {
  const text = readRequest(file);
  const { config, close } = await loadConfigOrSandbox(options.config);
  const { data = config.data } = options;
  const gateway = createGateway({ ...config, data });
  try {
    const quoted = await gateway.quote(
      gateway.read({ body: text, headers: readHeaders(options.header) }),
    );
    process.stdout.write(options.json === true ? `${JSON.stringify(quoted)}\n` : render(quoted));
  } finally {
    await gateway.close();
    await close();
  }
}

function readRequest(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (cause) {
    throw new FarthingError('invalid_value', `Cannot read the request ${file}.`, { cause });
  }
}

function readHeaders(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((header) => {
      const colon = header.indexOf(':');
      if (colon < 1) {
        throw new FarthingError('invalid_value', `--header takes "name: value", not "${header}".`);
      }
      return [header.slice(0, colon).trim().toLowerCase(), header.slice(colon + 1).trim()];
    }),
  );
}

const COLUMNS: readonly Column[] = [
  { title: 'tier', align: 'right' },
  { title: 'model', align: 'left' },
  { title: 'tokens in', align: 'right' },
  { title: 'out', align: 'right' },
  { title: 'cost', align: 'right' },
  { title: 'at most', align: 'right' },
  { title: 'reached by', align: 'right' },
  { title: '', align: 'left' },
];

function render(quoted: Quote): string {
  const { reference, saved_nano_usd: saved } = quoted;
  return [
    `Task ${quoted.task}`,
    '',
    renderTable([...COLUMNS], quoted.tiers.map(cells)),
    '',
    `Expected: ${money(quoted.expected_nano_usd)} (${quoted.calls_seen} calls of this task seen in 30 days)`,
    ...(reference === null
      ? []
      : [
          `Reference ${reference.model}: ${money(reference.cost_nano_usd)}` +
            (saved === null ? '' : `, saved: ${formatUsd(saved)}`),
        ]),
    ...(quoted.cache.state === 'hit'
      ? [`Cache: entry ${quoted.cache.entry} answers, stored ${quoted.cache.age} s ago`]
      : []),
    ...quoted.budgets.map(budgetLine),
    `Verdict: ${quoted.verdict}`,
    '',
  ].join('\n');
}

function cells(tier: QuotedTier): string[] {
  return [
    String(tier.tier),
    tier.model,
    tier.input_tokens.toLocaleString('en-US'),
    tier.output_tokens.toLocaleString('en-US'),
    money(tier.cost_nano_usd),
    tier.most_nano_usd === null ? 'unbounded' : formatUsd(tier.most_nano_usd),
    tier.reached === null ? '' : `${(100 * tier.reached).toFixed(1)} %`,
    tier.refused ?? (tier.tokens_from === 'guessed' ? 'length guessed' : ''),
  ];
}

function budgetLine(budget: QuotedBudget): string {
  const renews = budget.renews_at === null ? '' : `, renews ${budget.renews_at}`;
  return (
    `Budget ${budget.budget}: ${formatUsd(budget.left_nano_usd)} of ${formatUsd(budget.limit_nano_usd)} left` +
    `${renews}: ${budget.verdict}`
  );
}

function money(nano: number | null): string {
  return nano === null ? 'unpriced' : formatUsd(nano);
}
