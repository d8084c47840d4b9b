/**
 * `farthing config`: is the configuration right, and what does it do?
 *
 * @module
 */
import { Command } from 'commander';
import type { Config, Model, Provider, Task } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { priceWarnings } from '../config/price-warnings.ts';
import { PriceBook } from '../pricing/price-book.ts';
import { PriceLookup } from '../pricing/price-lookup.ts';
import { explainCommand } from './config-explain.ts';

/** The command with its subcommands. */
export function configCommand(): Command {
  const check = new Command('check')
    .description('Read the configuration and tell everything that is wrong with it.')
    .option('-c, --config <file>', 'configuration file')
    .option('--json', 'one JSON document')
    .action(checkConfig);
  return new Command('farthing config')
    .description('Check the configuration, explain what it does with a request.')
    .addCommand(check)
    .addCommand(explainCommand());
}

async function checkConfig({
  config: file,
  json,
}: {
  config?: string;
  json?: boolean;
}): Promise<void> {
  const loaded = await loadConfig(file === undefined ? {} : { path: file });
  const { config, path } = loaded;
  const prices = new PriceLookup(PriceBook.load(config?.priceFile));
  const summary = config === undefined ? null : summarize(config, prices);
  const doubts = config === undefined ? [] : priceWarnings(config, prices, Date.now());
  const warnings = [...loaded.warnings, ...doubts];
  if (json === true) {
    process.stdout.write(
      `${JSON.stringify({ ok: true, path: path ?? null, warnings, config: summary })}\n`,
    );
    return;
  }
  if (summary === null) {
    process.stdout.write(
      'No farthing.yaml and no provider key: the gateway would serve simulated models.\n',
    );
    return;
  }
  const lines = [
    `${path ?? 'environment'}: ok`,
    ...summary.providers.map(({ name, url, key }) => `  provider ${name}: ${url} (key ${key})`),
    ...summary.models.map(({ name, provider, price }) => `  model ${name}: ${provider}, ${price}`),
    ...summary.tasks.map(({ name, tiers }) => `  task ${name}: ${tiers.join(' → ')}`),
    ...warnings.map((warning) => `warning: ${warning}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** What is told of a configuration; never a key. */
function summarize({ providers, models, tasks, reference }: Config, prices: PriceLookup) {
  return {
    reference: reference?.name ?? null,
    providers: [...providers.values()].map(({ name, url, key, keyVariable }: Provider) => ({
      name,
      url,
      key:
        key !== undefined
          ? 'set'
          : keyVariable === undefined
            ? 'not needed'
            : `missing: set ${keyVariable}`,
    })),
    models: [...models.values()].map((model: Model) => ({
      name: model.name,
      provider: model.providers.map(({ name }) => name).join(', then '),
      price: priceText(model, prices),
    })),
    tasks: [...tasks.values()].map(({ name, tiers }: Task) => ({
      name,
      tiers: tiers.map(({ model }) => model.name),
    })),
  };
}

function priceText(model: Model, prices: PriceLookup): string {
  const rule = prices.usual(model, Date.now());
  return rule === undefined
    ? 'unpriced'
    : `$${rule.rates.input} / $${rule.rates.output} per 1M tokens (${rule.source}, ${rule.asOf})`;
}
