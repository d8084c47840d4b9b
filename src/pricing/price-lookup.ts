/**
 * The price in force for a model at a provider.
 *
 * @module
 */
import type { Model, Provider } from '../config/config.ts';
import { inForce, type PriceBook } from './price-book.ts';
import type { PriceRule } from './price-rule.ts';
import { scaleRule } from './scale.ts';

/** Finds prices; undefined means unpriced, which is never zero. */
export class PriceLookup {
  readonly #book: PriceBook;
  readonly #known = new Map<Model, Map<string, readonly PriceRule[]>>();

  constructor(book: PriceBook) {
    this.#book = book;
  }

  /**
   * The user's own price of the model, else the price book's at this provider, times the provider's
   * price factor: the one in force at a time, in ms since the epoch.
   */
  find(model: Model, provider: Provider, at: number): PriceRule | undefined {
    let ofModel = this.#known.get(model);
    if (ofModel === undefined) this.#known.set(model, (ofModel = new Map()));
    let rules = ofModel.get(provider.name);
    if (rules === undefined) ofModel.set(provider.name, (rules = this.#rules(model, provider)));
    return rules.length === 1 && rules[0]?.from === undefined && rules[0]?.until === undefined
      ? rules[0]
      : inForce(rules, at);
  }

  /** The price at the first provider of a model, which is the one that is normally asked. */
  usual(model: Model, at: number): PriceRule | undefined {
    const first = model.providers[0];
    return first === undefined ? undefined : this.find(model, first, at);
  }

  #rules(model: Model, provider: Provider): readonly PriceRule[] {
    if (model.price !== undefined) return model.price;
    const listed = this.#book.rules(provider.host ?? provider.name, model.id);
    const factor = provider.priceFactor;
    return factor === 1 ? listed : listed.map((rule) => scaleRule(rule, factor));
  }
}
