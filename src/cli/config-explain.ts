/**
 * `farthing config explain`: which task and tiers a request would get, and why. Asks nobody, spends nothing.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Call } from '../call.ts';
import type { Match, Tier } from '../config/config.ts';
import { loadConfigOrSandbox } from '../sandbox/load.ts';
import { FarthingError } from '../errors.ts';
import { createGateway, type Gateway } from '../gateway.ts';
import type { PriceRule } from '../pricing/price-rule.ts';
import type { Identified } from '../stages/identify/identify.ts';
import { capOf } from '../stages/route/spending-cap.ts';
import { renderTable } from './table.ts';

interface Options {
  readonly config?: string;
  readonly header?: readonly string[];
  readonly json?: boolean;
}

/** What is told of one tier. */
interface ExplainedTier {
  readonly model: string;
  readonly provider: string;
  /** USD per 1M tokens; null where unpriced. */
  readonly price: {
    readonly input: number;
    readonly output: number;
    readonly source: string;
  } | null;
  readonly accept: readonly string[];
  readonly threshold: number | null;
}

/** The whole explanation. */
interface Explanation {
  readonly task: string;
  readonly why: string;
  readonly template: string | null;
  readonly tiers: readonly ExplainedTier[];
  readonly reference: string | null;
  readonly max_cost_nano_usd: number | null;
  readonly sticky: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

/** The command. */
export function explainCommand(): Command {
  return new Command('explain')
    .description('Tell which task and tiers a request would get, and why.')
    .argument('<request>', 'a file with the JSON body of a request, or - for standard input')
    .option('-c, --config <file>', 'configuration file')
    .option('-H, --header <header...>', 'a request header, as "name: value"')
    .option('--json', 'one JSON document')
    .action(explain);
}

async function explain(file: string, options: Options): Promise<void> {
  const { config, close } = await loadConfigOrSandbox(options.config);
  const gateway = createGateway({ ...config, data: ':memory:' });
  try {
    const call = gateway.read({
      operation: 'chat',
      body: readRequest(file),
      headers: readHeaders(options.header ?? []),
    });
    const explanation = describe(gateway, call);
    process.stdout.write(
      options.json === true ? `${JSON.stringify(explanation)}\n` : render(explanation),
    );
  } finally {
    await gateway.close();
    await close();
  }
}

function readRequest(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (cause) {
    throw new FarthingError('invalid_value', `Cannot read ${file}.`, { cause });
  }
}

function readHeaders(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      if (colon < 1)
        throw new FarthingError('invalid_value', `"${line}" is no header; write "name: value".`);
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}

function describe(gateway: Gateway, call: Call): Explanation {
  const identified = gateway.identify(call);
  const { task } = identified;
  return {
    task: task.name,
    why: reason(identified),
    template: identified.template ?? null,
    tiers: task.tiers.map((tier) => describeTier(gateway, tier)),
    reference: gateway.referenceOf(call, task)?.name ?? null,
    max_cost_nano_usd: capOf({ ...call, task }) ?? null,
    sticky: task.sticky,
    tags: call.tags,
  };
}

function reason({ by, task }: Identified): string {
  switch (by.kind) {
    case 'model':
      return `the request's model is task/${task.name}`;
    case 'header':
      return `the header x-farthing-task names it`;
    case 'match':
      return `its match rule holds: ${describeRule(by.rule)}`;
    case 'template':
    default:
      return 'no task was named and no match rule holds: the task is the template itself';
  }
}

function describeRule(rule: Match): string {
  return Object.entries(rule)
    .map(([part, pattern]) => `${part} fits ${JSON.stringify(pattern)}`)
    .join(' and ');
}

function describeTier(gateway: Gateway, { model, accept, threshold }: Tier): ExplainedTier {
  const price = gateway.prices.usual(model, Date.now());
  return {
    model: model.name,
    provider: model.providers.map(({ name }) => name).join(', then '),
    price: price === undefined ? null : { ...ratesOf(price), source: price.source },
    accept: accept.map(({ check, weight }) =>
      weight === 1 ? check.name : `${check.name} ×${weight}`,
    ),
    threshold: threshold ?? null,
  };
}

function ratesOf({ rates }: PriceRule): { input: number; output: number } {
  return { input: rates.input, output: rates.output };
}

function render(explanation: Explanation): string {
  const { tiers, reference, max_cost_nano_usd: cap, template } = explanation;
  const rows = tiers.map(({ model, provider, price, accept, threshold }, index) => [
    String(index + 1),
    model,
    provider,
    price === null ? 'unpriced' : `$${price.input} / $${price.output}`,
    accept.length === 0 ? 'anything' : accept.join(', '),
    threshold === null ? '' : `score ≥ ${threshold}`,
  ]);
  const columns = [
    { title: 'tier', align: 'right' as const },
    ...['model', 'provider', 'USD per 1M in / out', 'accepts when', 'threshold'].map((title) => ({
      title,
      align: 'left' as const,
    })),
  ];
  return [
    `Task:      ${explanation.task}, because ${explanation.why}`,
    ...(template === null ? [] : [`Template:  ${template}`]),
    `Reference: ${reference ?? 'none'}`,
    `Max cost:  ${cap === null ? 'no limit' : `$${cap / 1e9} a call, all tiers together`}`,
    '',
    renderTable(columns, rows),
    '',
  ].join('\n');
}
