/**
 * One name for a model, whatever a bill and the ledger call it.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util';
import { type PriceBook, spellings } from '../pricing/price-book.ts';
import type { PriceRule } from '../pricing/price-rule.ts';

/**
 * Names of the same model at a provider have the same key: the shortest that the price book's rules of
 * spelling allow, without the provider's prefix, `-latest` and its date. Bills name dated versions where
 * the ledger may have the plain name; a dated version that costs something else stays apart.
 *
 * OpenRouter's bills turn names around (`anthropic/claude-4.5-sonnet-20250929` is
 * `anthropic/claude-sonnet-4.5`): there the order of the words does not count.
 */
export function modelKey(provider: string, model: string, book: PriceBook): string {
  const own = book.rules(provider, model);
  const [name = model] = [...spellings(provider, model)]
    .filter((spelling) => costTheSame(own, book.rules(provider, spelling)))
    .toSorted((one, other) => one.length - other.length);
  return provider === 'openrouter' ? sortedWords(name) : name;
}

function costTheSame(own: readonly PriceRule[], other: readonly PriceRule[]): boolean {
  const prices = (rules: readonly PriceRule[]): unknown =>
    rules.map(({ rates, bands, windows, from, until }) => ({ rates, bands, windows, from, until }));
  return isDeepStrictEqual(prices(own), prices(other));
}

function sortedWords(name: string): string {
  return name.split(/[-/]/).toSorted().join(' ');
}
