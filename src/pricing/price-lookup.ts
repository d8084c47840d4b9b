/**
 * The price in force for a model at a provider.
 *
 * @module
 */
import type { Model, Provider } from '../config/config.ts';
import type { PriceBook } from './price-book.ts';
import type { PriceRule } from './price-rule.ts';

/** Finds prices; undefined means unpriced, which is never zero. */
export class PriceLookup {
  readonly #book: PriceBook;
  readonly #known = new Map<Model, Map<string, PriceRule | undefined>>();

  constructor(book: PriceBook) {
    this.#book = book;
  }

  /** The user's own price of the model, else the price book's at this provider. */
  find(model: Model, provider: Provider): PriceRule | undefined {
    let ofModel = this.#known.get(model);
    if (ofModel === undefined) this.#known.set(model, (ofModel = new Map()));
    if (!ofModel.has(provider.name)) {
      const rule = model.price ?? this.#book.find(provider.host ?? provider.name, model.id);
      ofModel.set(provider.name, rule);
    }
    return ofModel.get(provider.name);
  }

  /** The price at the first provider of a model, which is the one that is normally asked. */
  usual(model: Model): PriceRule | undefined {
    const first = model.providers[0];
    return first === undefined ? undefined : this.find(model, first);
  }
}
