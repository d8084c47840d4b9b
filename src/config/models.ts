/**
 * Which models can be asked, by the names that clients use.
 *
 * @module
 */
import { FarthingError } from '../errors.ts';
import { nearest } from '../pricing/nearest.ts';
import type { PriceRule } from '../pricing/price-rule.ts';
import { RecentMap } from '../recent-map.ts';
import type { Config, Model, Provider } from './config.ts';

/** The part of a price book that tells which models a host has. */
export interface ListedModels {
  find(host: string, id: string): PriceRule | undefined;
  modelsOf(host: string): readonly string[];
}

/** Models kept that were named as `provider/id`; a client must not fill the memory with names. */
const MOST_NAMED = 10_000;
/** UTF-16 units of the longest name that is remembered to be none. */
const LONGEST_KEPT = 200;

/**
 * Finds models. A name is a configured model, `provider/id` of a configured provider (any id: what the
 * price book does not list is unpriced), or an id that the price book lists for a configured provider.
 * The same name always gives the same object.
 */
export class ModelRegistry {
  readonly #configured: ReadonlyMap<string, Model>;
  readonly #providers: ReadonlyMap<string, Provider>;
  readonly #prices: ListedModels;
  readonly #others = new Map<string, Model>();
  readonly #none = new RecentMap<string, true>(MOST_NAMED);

  constructor({ models, providers }: Pick<Config, 'models' | 'providers'>, prices: ListedModels) {
    this.#configured = models;
    this.#providers = providers;
    this.#prices = prices;
  }

  /** Undefined for a name that is none. */
  find(name: string): Model | undefined {
    return this.#configured.get(name) ?? this.#others.get(name) ?? this.#search(name);
  }

  /** Throws `model_not_found` with the nearest known name. */
  require(name: string): Model {
    const model = this.find(name);
    if (model !== undefined) return model;
    const close = nearest(name, this.#names());
    const hint = close === undefined ? '' : ` Did you mean "${close}"?`;
    const [provider] = this.#providers.keys();
    const direct =
      provider === undefined ? '' : ` Any model of a provider can be asked as "${provider}/ID".`;
    throw new FarthingError(
      'model_not_found',
      `The model "${name}" does not exist here.${hint}${direct}`,
      {
        param: 'model',
      },
    );
  }

  /** Configured models, and those that the price book lists for providers whose models are not configured. */
  list(): readonly Model[] {
    const models = [...this.#configured.values()];
    const served = new Set(models.flatMap(({ providers }) => providers));
    for (const provider of this.#providers.values()) {
      if (served.has(provider)) continue;
      for (const id of this.#prices.modelsOf(provider.host ?? provider.name)) {
        const model = this.find(id);
        if (model?.providers[0] === provider) models.push(model);
      }
    }
    return models;
  }

  /** Every call of a task asks for its name, which is no model's: to find that out takes longer than to know it. */
  #search(name: string): Model | undefined {
    if (this.#none.get(name) === true) return undefined;
    const found = this.#prefixed(name) ?? this.#listed(name);
    if (found === undefined && name.length <= LONGEST_KEPT) this.#none.set(name, true);
    return found;
  }

  #prefixed(name: string): Model | undefined {
    const slash = name.indexOf('/');
    const provider = slash < 1 ? undefined : this.#providers.get(name.slice(0, slash));
    const id = name.slice(slash + 1);
    return provider === undefined || id === '' ? undefined : this.#remember(name, id, provider);
  }

  #listed(name: string): Model | undefined {
    for (const provider of this.#providers.values()) {
      const rule = this.#prices.find(provider.host ?? provider.name, name);
      if (rule !== undefined) return this.#remember(name, name, provider);
    }
    return undefined;
  }

  #remember(name: string, id: string, provider: Provider): Model {
    const rule = this.#prices.find(provider.host ?? provider.name, id);
    const model: Model = {
      name,
      id,
      providers: [provider],
      price: undefined,
      maxOutputTokens: rule?.maxOutputTokens,
    };
    if (this.#others.size < MOST_NAMED) this.#others.set(name, model);
    return model;
  }

  *#names(): Generator<string> {
    yield* this.#configured.keys();
    for (const provider of this.#providers.values()) {
      yield* this.#prices.modelsOf(provider.host ?? provider.name);
    }
  }
}
