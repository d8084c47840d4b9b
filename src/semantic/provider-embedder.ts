/**
 * Embeddings from a configured model, through the gateway's own providers: any OpenAI-compatible
 * endpoint. Texts that come within a few milliseconds of each other share one request.
 *
 * @module
 */
import { batchesOf, type Call, type Handler, NO_TIER } from '../call.ts';
import type { Model } from '../config/config.ts';
import { Departure } from '../departure.ts';
import { toFarthingError } from '../errors.ts';
import { asArray, asNumber, asObject, type Json } from '../json.ts';
import { RecentMap } from '../recent-map.ts';
import { type Embedder, normalised } from './embedder.ts';

/** How long texts are gathered, in ms. */
const WINDOW_MS = 5;
/** Most texts of one request. */
const MOST_TEXTS = 64;
/** Vectors kept: of 1,536 numbers, 6 kB each. */
const VECTORS_KEPT = 4_096;
/** Failed requests in a row after which the endpoint is left alone, and for how long, in ms. */
const FAILURES_BORNE = 3;
const REST_MS = 10_000;

const REFUSALS: ReadonlySet<string> = new Set(['budget_exceeded', 'budget_busy', 'unpriced_model']);

/** What the embedder works with. */
export interface ProviderEmbedderOptions {
  readonly model: Model;
  /** Asks a provider; the attempt is in the trace of the call it is given. */
  readonly ask: Handler;
  /** Longest wait for vectors, in ms. @default 300 */
  readonly timeoutMs?: number;
  /** Milliseconds since the epoch. @default the clock */
  readonly now?: () => number;
}

/** Texts on their way in one request, all of one tenant: who pays is who asked. */
interface Batch {
  readonly call: Call;
  readonly texts: Map<string, PromiseWithResolvers<Float32Array | undefined>>;
  readonly timer: NodeJS.Timeout;
}

/**
 * The embedder. A request that fails, comes too late or makes no sense gives undefined; after three of
 * them in a row nothing is asked for ten seconds. A request that several calls share is an attempt of the
 * first of them. Vectors are kept by tenant: how fast one is there tells nothing of another's texts.
 */
export class ProviderEmbedder implements Embedder {
  readonly name: string;
  readonly #options: ProviderEmbedderOptions;
  readonly #timeoutMs: number;
  readonly #now: () => number;
  readonly #kept = new RecentMap<string, Float32Array>(VECTORS_KEPT);
  readonly #gathering = new Map<string, Batch>();
  #failures = 0;
  #restsUntil = 0;

  constructor(options: ProviderEmbedderOptions) {
    this.name = `model:${options.model.name}`;
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? 300;
    this.#now = options.now ?? Date.now;
  }

  async embed(text: string, call: Call): Promise<Float32Array | undefined> {
    const known = this.#kept.get(keyOf(call.tenant, text));
    if (known !== undefined) return known;
    if (this.#now() < this.#restsUntil) return undefined;
    const batch = this.#gathering.get(call.tenant) ?? this.#begin(call);
    let waiting = batch.texts.get(text);
    if (waiting === undefined) batch.texts.set(text, (waiting = Promise.withResolvers()));
    if (batch.texts.size >= MOST_TEXTS) this.#dispatch(batch);
    return waiting.promise;
  }

  #begin(call: Call): Batch {
    const batch: Batch = {
      call,
      texts: new Map(),
      timer: setTimeout(() => this.#dispatch(batch), WINDOW_MS),
    };
    this.#gathering.set(call.tenant, batch);
    return batch;
  }

  #dispatch(batch: Batch): void {
    clearTimeout(batch.timer);
    if (this.#gathering.get(batch.call.tenant) === batch) this.#gathering.delete(batch.call.tenant);
    void this.#fetch(batch);
  }

  async #fetch({ call, texts }: Batch): Promise<void> {
    const inputs = [...texts.keys()];
    const vectors = await this.#inTime(call, inputs);
    for (const [index, text] of inputs.entries()) {
      const vector = vectors?.[index];
      if (vector !== undefined) this.#kept.set(keyOf(call.tenant, text), vector);
      texts.get(text)?.resolve(vector);
    }
  }

  #failed(): void {
    if (++this.#failures < FAILURES_BORNE) return;
    this.#failures = 0;
    this.#restsUntil = this.#now() + REST_MS;
  }

  /** The vectors, or undefined when the time is over: then the request is broken off. */
  async #inTime(call: Call, inputs: readonly string[]): Promise<Vectors | undefined> {
    const departure = new Departure();
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => {
      departure.leave();
      late.resolve(undefined);
    }, this.#timeoutMs);
    try {
      const vectors = await Promise.race([this.#request(call, inputs, departure), late.promise]);
      if (vectors === undefined) this.#failed();
      else this.#failures = 0;
      return vectors;
    } catch (thrown) {
      // The attempt in the trace says why; where a budget lets none be made, the endpoint is not at fault.
      if (!REFUSALS.has(toFarthingError(thrown).code)) this.#failed();
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  async #request(
    call: Call,
    inputs: readonly string[],
    departure: Departure,
  ): Promise<Vectors | undefined> {
    const { model, ask } = this.#options;
    const json = { model: model.name, input: inputs, encoding_format: 'float' };
    const reply = await ask({
      ...call,
      operation: 'embeddings',
      body: { raw: JSON.stringify(json), json },
      departure,
      ask: { model, tier: NO_TIER },
    });
    const [event] = (await batchesOf(reply)).flat();
    return vectorsOf(event?.value['data'], inputs.length);
  }
}

type Vectors = readonly (Float32Array | undefined)[];

function keyOf(tenant: string, text: string): string {
  return `${tenant}\n${text}`;
}

/** The vectors by their index; undefined where the answer does not have as many as were asked for. */
function vectorsOf(data: Json | undefined, count: number): Vectors | undefined {
  const items = asArray(data);
  if (items.length !== count) return undefined;
  const vectors: (Float32Array | undefined)[] = Array.from({ length: count });
  for (const [position, item] of items.entries()) {
    const given = asObject(item);
    vectors[asNumber(given?.['index']) ?? position] = normalised(
      asArray(given?.['embedding']).map((value) => asNumber(value) ?? Number.NaN),
    );
  }
  return vectors.length === count && vectors.every((vector) => vector !== undefined)
    ? vectors
    : undefined;
}
