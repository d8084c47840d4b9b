/**
 * `farthing prices`: what models cost, and where that is known from.
 *
 * @module
 */
import { Command } from 'commander';
import { loadPriceSettings } from '../config/load.ts';
import { FarthingError } from '../errors.ts';
import { nearest } from '../pricing/nearest.ts';
import { type ListedPrice, PriceBook, canonicalProvider } from '../pricing/price-book.ts';
import { pricesAsJson, renderPrices } from './prices-table.ts';
import { pricesUpdateCommand } from './prices-update.ts';

interface Options {
  readonly provider?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** Which prices are asked for. */
export interface PriceQuery {
  /** An id as requests name it. */
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
}

/** Names offered for a model that is unknown. */
const MOST_HINTS = 5;

/** The command. */
export function pricesCommand(): Command {
  return new Command('farthing prices')
    .description('Tell what models cost, in USD per 1M tokens, and where that is known from.')
    .argument('[model]', 'a model, as requests name it; left out: all')
    .option('-p, --provider <provider>', 'only at this provider')
    .option('-c, --config <file>', 'configuration file')
    .option('--json', 'one JSON document')
    .enablePositionalOptions()
    .action((model: string | undefined, { provider, config, json }: Options) => {
      const { priceFile, priceMaxAgeMs } = loadPriceSettings(
        config === undefined ? {} : { path: config },
      );
      const book = PriceBook.load(priceFile);
      const prices = findPrices(book, { model, provider });
      const when = { now: Date.now(), maxAgeMs: priceMaxAgeMs };
      process.stdout.write(
        json === true
          ? `${JSON.stringify({ as_of: book.asOf, prices: pricesAsJson(prices, when) })}\n`
          : `${renderPrices(prices, when)}\n`,
      );
    })
    .addCommand(pricesUpdateCommand());
}

/**
 * The prices that a query means, sorted: for a model, that of each provider which has it under this id or
 * with its maker before it (`openai/gpt-4o`). Throws `model_not_found` with the nearest known names where
 * there is none, `invalid_value` for a provider that is not in the book.
 */
export function findPrices(
  book: PriceBook,
  { model, provider }: PriceQuery,
): readonly ListedPrice[] {
  const wanted = provider === undefined ? undefined : requireProvider(book, provider);
  const listed = book.prices.filter((price) => wanted === undefined || price.provider === wanted);
  if (model === undefined) return listed;
  const providers = wanted === undefined ? book.providers() : [wanted];
  const rules = new Set(providers.flatMap((name) => book.rules(name, model)));
  const lower = model.toLowerCase();
  const found = listed.filter(
    (price) => rules.has(price.rule) || price.model.toLowerCase().endsWith(`/${lower}`),
  );
  if (found.length > 0) return found;
  throw new FarthingError('model_not_found', unknownModel(model, listed, provider));
}

function requireProvider(book: PriceBook, provider: string): string {
  const name = canonicalProvider(provider);
  const known = book.providers();
  if (known.includes(name)) return name;
  const close = nearest(provider, known);
  const hint = close === undefined ? '' : ` Did you mean "${close}"?`;
  throw new FarthingError(
    'invalid_value',
    `There are no prices of "${provider}".${hint} Known are ${known.join(', ')}.`,
  );
}

function unknownModel(model: string, listed: readonly ListedPrice[], provider?: string): string {
  const at = provider === undefined ? '' : ` at ${provider}`;
  const lower = model.toLowerCase();
  const names = [...new Set(listed.map((price) => price.model))];
  const close = nearest(model, names);
  const similar = names.filter((name) => name.toLowerCase().includes(lower));
  const hints = [...new Set([...(close === undefined ? [] : [close]), ...similar])].slice(
    0,
    MOST_HINTS,
  );
  const hint = hints.length === 0 ? '' : ` Near it are ${hints.join(', ')}.`;
  return `"${model}" has no known price${at}.${hint} Set one in farthing.yaml: models: NAME: { price: { input: …, output: … } }.`;
}
