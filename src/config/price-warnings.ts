/**
 * What is doubtful about the prices of the configured models.
 *
 * @module
 */
import { ageInDays, isStale } from '../pricing/freshness.ts';
import type { PriceLookup } from '../pricing/price-lookup.ts';
import type { Config, Model, Provider } from './config.ts';

/**
 * One line for each configured model and provider whose price is unknown, or older than `price-max-age`
 * at a time (ms since the epoch), or whose end was announced and has come.
 */
export function priceWarnings(
  { models, priceMaxAgeMs }: Pick<Config, 'models' | 'priceMaxAgeMs'>,
  prices: PriceLookup,
  at: number,
): readonly string[] {
  return [...models.values()].flatMap((model) =>
    model.providers.flatMap((provider) => warnings(model, provider, { prices, at, priceMaxAgeMs })),
  );
}

interface Asking {
  readonly prices: PriceLookup;
  readonly at: number;
  readonly priceMaxAgeMs: number;
}

function warnings(
  model: Model,
  provider: Provider,
  { prices, at, priceMaxAgeMs }: Asking,
): string[] {
  const name = `models.${model.name} at ${provider.name}`;
  const rule = prices.find(model, provider, at);
  if (rule === undefined) {
    return [`${name} is unpriced: what it costs is in no sum; give it a price`];
  }
  const found: string[] = [];
  if (isStale(rule, at, priceMaxAgeMs)) {
    found.push(
      `${name}: its price was read ${ageInDays(rule, at)} days ago (${rule.source}, ${rule.asOf}); ` +
        '"farthing prices update" takes a newer list',
    );
  }
  if (rule.retiresOn !== undefined && Date.parse(rule.retiresOn) <= at) {
    found.push(`${name} was to be taken down on ${rule.retiresOn}`);
  }
  return found;
}
