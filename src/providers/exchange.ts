/**
 * One HTTP exchange with an upstream, on undici's dispatcher: the least machinery that still gives
 * back-pressure, time-outs and cancellation.
 *
 * @module
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { WireRequest } from '../dialects/dialect.ts';
import { clientGone, type Departure } from '../departure.ts';
import { FarthingError } from '../errors.ts';
import type { Connection } from './connections.ts';
import { ResponseBody } from './response-body.ts';

/** What came back. The body must be read to its end or cancelled. */
export interface Exchange {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: ResponseBody;
}

/**
 * Sends a request and resolves when the response's headers are in. Throws `upstream_unreachable`,
 * `upstream_timeout`, or `client_disconnected` when the client leaves first. Its leaving stops the body
 * too, which then fails with `client_disconnected`.
 */
export async function exchange(
  connection: Connection,
  request: WireRequest,
  departure: Departure,
): Promise<Exchange> {
  if (departure.left) throw clientGone();
  return await new Promise<Exchange>((resolve, reject) => {
    connection.pool.dispatch(
      {
        method: 'POST',
        path: connection.prefix + request.path,
        headers: request.headers,
        body: request.body,
      },
      new ExchangeHandler(departure, { resolve, reject }),
    );
  });
}

/** How the waiting caller is told. */
interface Settlement {
  readonly resolve: (exchange: Exchange) => void;
  readonly reject: (error: FarthingError) => void;
}

class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #departure: Departure;
  readonly #settlement: Settlement;
  #controller: Dispatcher.DispatchController | undefined;
  #body: ResponseBody | undefined;
  readonly #abort = (): void => this.#controller?.abort(clientGone());

  constructor(departure: Departure, settlement: Settlement) {
    this.#departure = departure;
    this.#settlement = settlement;
    departure.listen(this.#abort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // The client may have left while the request waited for a free connection.
    if (this.#departure.left) controller.abort(clientGone());
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200) return;
    this.#body = new ResponseBody(controller);
    this.#settlement.resolve({ status, headers, body: this.#body });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body?.push(chunk);
  }

  onResponseEnd(): void {
    this.#departure.forget(this.#abort);
    this.#body?.finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#departure.forget(this.#abort);
    const failure = describeFailure(error, this.#body !== undefined);
    if (this.#body === undefined) this.#settlement.reject(failure);
    else this.#body.fail(failure);
  }
}

const TIMEOUTS = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/** A transport error in Farthing's words; `begun` when the response's headers had arrived. */
function describeFailure(error: Error, begun: boolean): FarthingError {
  if (error instanceof FarthingError) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  if (TIMEOUTS.has(code)) {
    const what = begun ? 'stopped sending in the middle of its answer' : 'did not answer in time';
    return new FarthingError('upstream_timeout', `The provider ${what}.`, { cause: error });
  }
  return begun
    ? new FarthingError(
        'upstream_truncated',
        `The provider closed the connection in the middle of its answer (${code}).`,
        { cause: error },
      )
    : new FarthingError('upstream_unreachable', `The provider could not be reached (${code}).`, {
        cause: error,
      });
}
