/**
 * The innermost handler: asks the providers of a model, in order, with retries, until one begins to
 * answer. A stream that has begun is never repeated.
 *
 * @module
 */
import type { Call, Handler, Reply } from '../call.ts';
import type { DialectName, Model, Provider } from '../config/config.ts';
import type { UpstreamDialect } from '../dialects/dialect.ts';
import { clientGone, type Departure } from '../departure.ts';
import { FarthingError, toFarthingError } from '../errors.ts';
import { attemptOnce } from './attempt.ts';
import { retryDelay } from './backoff.ts';
import { Breaker } from './breaker.ts';
import type { Connections } from './connections.ts';

/** What the handler works with. */
export interface ProviderHandlerOptions {
  readonly dialects: Readonly<Record<DialectName, UpstreamDialect>>;
  readonly connections: Connections;
}

/** Errors after which another provider of the same model would fail alike. */
const SAME_EVERYWHERE = new Set([400, 413, 415, 422]);

/** Makes the handler that asks `call.ask`. Throws the last provider's error. */
export function createProviderHandler(options: ProviderHandlerOptions): Handler {
  const breakers = new Map<Model, Map<Provider, Breaker>>();
  return async (call) => {
    const ask = call.ask;
    if (ask === undefined) throw new FarthingError('internal_error', 'No model was chosen.');
    let failure: FarthingError | undefined;
    for (const provider of ask.model.providers) {
      const breaker = breakerOf(breakers, ask.model, provider);
      try {
        return await askProvider(call, { ...options, ask, provider, breaker });
      } catch (thrown) {
        failure = toFarthingError(thrown);
        if (failure.code === 'client_disconnected' || SAME_EVERYWHERE.has(failure.status)) break;
      }
    }
    throw failure ?? new FarthingError('internal_error', 'The model has no provider.');
  };
}

function breakerOf(
  breakers: Map<Model, Map<Provider, Breaker>>,
  model: Model,
  provider: Provider,
): Breaker {
  let ofModel = breakers.get(model);
  if (ofModel === undefined) breakers.set(model, (ofModel = new Map()));
  let breaker = ofModel.get(provider);
  if (breaker === undefined) ofModel.set(provider, (breaker = new Breaker()));
  return breaker;
}

interface Asking extends ProviderHandlerOptions {
  readonly ask: NonNullable<Call['ask']>;
  readonly provider: Provider;
  readonly breaker: Breaker;
}

async function askProvider(call: Call, asking: Asking): Promise<Reply> {
  const { ask, provider, breaker, connections } = asking;
  if (provider.key === undefined && provider.keyVariable !== undefined) throw missingKey(provider);
  const dialect = asking.dialects[provider.dialect];
  for (let retry = 0; ; retry++) {
    if (!breaker.admit()) throw unavailable(provider, breaker);
    try {
      const reply = await attemptOnce(call, { ask, provider, dialect, connections, breaker });
      breaker.succeeded();
      return reply;
    } catch (thrown) {
      const failure = toFarthingError(thrown);
      report(breaker, failure);
      const delay = retry < provider.retries ? retryDelay(failure, retry) : undefined;
      if (delay === undefined) throw failure;
      await pause(delay, call.departure);
    }
  }
}

function missingKey({ name, keyVariable }: Provider): FarthingError {
  return new FarthingError(
    'missing_provider_key',
    `The provider ${name} has no key. Set ${keyVariable} in the gateway's environment, or ` +
      `providers.${name}.key in its configuration.`,
  );
}

function unavailable(provider: Provider, breaker: Breaker): FarthingError {
  return new FarthingError(
    'upstream_unavailable',
    `The provider ${provider.name} keeps failing and is left alone for a moment.`,
    { retryAfterMs: Math.max(1000, breaker.pauseLeftMs) },
  );
}

/** Tells the breaker what a failure says about the provider's health. */
function report(breaker: Breaker, failure: FarthingError): void {
  if (failure.code === 'client_disconnected' || failure.code === 'unsupported_parameter') {
    breaker.abandoned();
  } else if (failure.code === 'upstream_rejected' && failure.status < 500) breaker.succeeded();
  else breaker.failed();
}

/** Waits, unless the client leaves: then it throws at once. */
async function pause(ms: number, departure: Departure): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      departure.forget(done);
      resolve();
    }
    if (departure.left) done();
    else departure.listen(done);
  });
  if (departure.left) throw clientGone();
}
