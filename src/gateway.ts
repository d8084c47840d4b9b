/**
 * The engine without a server: takes wire requests, gives replies, keeps the ledger.
 *
 * @module
 */
import { Cashier } from './accounts/cashier.ts';
import { KeyRing } from './access/key-ring.ts';
import { AnswerCache } from './cache/answer-cache.ts';
import type { CacheStore } from './cache/cache-store.ts';
import { openCache, usesCache } from './cache/open-cache.ts';
import { Deliveries } from './alerts/deliveries.ts';
import type { Call, Reply } from './call.ts';
import type { Config, Model, Task } from './config/config.ts';
import { ModelRegistry } from './config/models.ts';
import { anthropicDialect } from './dialects/anthropic-messages.ts';
import { openaiDialect } from './dialects/openai-chat.ts';
import { createAsk, createPipeline } from './pipeline.ts';
import { PriceBook } from './pricing/price-book.ts';
import { PriceLookup } from './pricing/price-lookup.ts';
import { referenceOf } from './pricing/receipt.ts';
import { Connections } from './providers/connections.ts';
import { createProviderHandler } from './providers/provider.ts';
import { createQuoter, type Quote } from './quote/quote.ts';
import { openSemantic } from './semantic/open-semantic.ts';
import type { SemanticCaches } from './semantic/semantic-caches.ts';
import { type Identified, Identifier, taskOf } from './stages/identify/identify.ts';
import { TemplateIndex } from './stages/identify/template-index.ts';
import { type GatewayRequest, type Headers, readCall } from './read-call.ts';
import type { SettledCall, Sink } from './stages/ledger/ledger.ts';
import { recordCall } from './stages/ledger/record.ts';
import type { KeyRecord } from './stores/key-store.ts';
import { openSqliteStores } from './stores/sqlite/sqlite-stores.ts';
import type { Stores } from './stores/stores.ts';
import { ulid } from './stores/ulid.ts';

/** A running engine. */
export interface Gateway {
  readonly config: Config;
  readonly models: ModelRegistry;
  readonly prices: PriceLookup;
  readonly stores: Stores;
  readonly cashier: Cashier;
  /** Undefined where no task's answers are kept. */
  readonly cache: AnswerCache | undefined;
  /** Undefined where no task's answers are found by likeness. */
  readonly semantic: SemanticCaches | undefined;
  /**
   * Whose key a request carries; undefined in an open gateway. Throws `missing_api_key` or
   * `invalid_api_key`.
   */
  authenticate(headers: Headers): KeyRecord | undefined | Promise<KeyRecord>;
  /** Reads a request into a call. Throws a {@link FarthingError} for one that cannot be understood. */
  read(request: GatewayRequest): Call;
  /** Which task a call belongs to, and why. Throws like {@link answer} where there is none. */
  identify(call: Call): Identified;
  /** The model that a call of a task is compared with. */
  referenceOf(call: Call, task: Task): Model | undefined;
  /** What a call would cost, and whether it would be let through. Asks nobody. Throws like {@link identify}. */
  quote(call: Call): Promise<Quote>;
  /** Answers a call. The reply's events must be read, or ended by `return()`. */
  readonly answer: (call: Call) => Promise<Reply>;
  /** Tells of every settled call from here on. */
  onSettled(sink: Sink): void;
  /** Waits for requests in flight upstream, writes the ledger out and closes everything. */
  close(): Promise<void>;
}

/** What can be given from outside. */
export interface GatewayOptions {
  /** Where ledger, accounts and keys are kept. @default the SQLite file of the configuration */
  readonly stores?: Stores;
  /** Where answers are kept. @default where the configuration says */
  readonly cache?: CacheStore;
}

const DIALECTS = { openai: openaiDialect, anthropic: anthropicDialect } as const;

/** Name under which the ledger keeps what was learned about templates. */
const TEMPLATES = 'templates';

/**
 * Starts an engine.
 *
 * @example
 * const gateway = createGateway(await parseConfig('models: …'));
 * const call = gateway.read({ operation: 'chat', body: text, headers: {} });
 * for await (const batch of (await gateway.answer(call)).events) console.log(batch.map(({ data }) => data));
 */
export function createGateway(config: Config, options: GatewayOptions = {}): Gateway {
  const stores = options.stores ?? openSqliteStores(config.data);
  const { ledger } = stores;
  const book = PriceBook.load(config.priceFile);
  const models = new ModelRegistry(config, book);
  const prices = new PriceLookup(book);
  const { reference, tasks, spending, priceMaxAgeMs } = config;
  const money = { prices, models, reference, priceMaxAgeMs };
  const compared = (call: Call, task: Task): Model | undefined => referenceOf(call, money, task);
  const templates = TemplateIndex.from(ledger.load(TEMPLATES));
  const identifier = new Identifier({ tasks, models, reference, templates });
  const { cashier, deliveries } = createCashier(config, stores, prices);
  const connections = new Connections();
  const sinks: Sink[] = [];
  const cache = answerCacheOf(config, options);
  const provider = createProviderHandler({ dialects: DIALECTS, connections });
  const ask = createAsk({ spending, cashier, provider });
  const semantic = openSemantic(config, { ask, ledger, answers: cache, given: options.cache });
  const answer = createPipeline({
    ...money,
    identifier,
    spending,
    cashier,
    cache,
    semantic,
    keep: keeper(stores, cashier),
    sinks,
    provider,
  });
  const ring = spending.keys === 'required' ? new KeyRing(stores.keys) : undefined;
  const quoter = createQuoter({ prices, cashier, cache, stores, referenceOf: compared });
  const closing = { connections, cache, semantic, cashier, deliveries, ring, templates, stores };
  return {
    config,
    models,
    prices,
    stores,
    cashier,
    cache,
    semantic,
    answer,
    close: async () => close(closing),
    authenticate: (headers) => ring && (ring.identify(headers) ?? ring.lookUp(headers)),
    read: (request) => readCall(request, cache?.repeated),
    identify: (call) => identifier.identify(call),
    referenceOf: compared,
    quote: async (call) => quoter(call, taskOf(call, identifier)),
    onSettled: (sink) => void sinks.push(sink),
  };
}

interface Closing extends Pick<Gateway, 'stores' | 'cashier' | 'cache' | 'semantic'> {
  readonly connections: Connections;
  readonly deliveries: Deliveries;
  readonly ring: KeyRing | undefined;
  readonly templates: TemplateIndex;
}

/** From the outside in: what still goes on may write to the ledger, which is closed last. */
async function close({ stores, cashier, cache, semantic, ...others }: Closing): Promise<void> {
  const { ledger } = stores;
  await others.connections.close();
  await cache?.close();
  await semantic?.close();
  await ledger.flush().catch(() => undefined);
  await cashier.close();
  await others.deliveries.close();
  await others.ring?.close();
  ledger.save(TEMPLATES, others.templates.serialize());
  await stores.close();
}

function answerCacheOf(config: Config, { cache }: GatewayOptions): AnswerCache | undefined {
  if (!usesCache(config)) return undefined;
  return new AnswerCache(cache ?? openCache(config.cache, config.data), config.cache.policy);
}

function createCashier(
  { spending }: Config,
  stores: Stores,
  prices: PriceLookup,
): { readonly cashier: Cashier; readonly deliveries: Deliveries } {
  const deliveries = new Deliveries();
  const cashier = new Cashier({
    spending,
    stores,
    prices,
    tell: (event, url) => {
      const data = {
        type: 'budget.threshold',
        id: ulid(),
        timestamp: new Date().toISOString(),
        data: event,
      };
      deliveries.send(data, { url, secret: spending.webhookSecret });
    },
  });
  return { cashier, deliveries };
}

/** Writes a settled call down: its rows and what it is charged to, in one step. */
function keeper({ ledger }: Stores, cashier: Cashier): (settled: SettledCall) => Promise<void> {
  return (settled) => {
    const charges = cashier.settle(settled.call, settled.receipt);
    const written = ledger.append(recordCall(settled), charges);
    return charges.length === 0 ? written : written.then(() => cashier.written(charges));
  };
}
