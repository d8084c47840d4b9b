/**
 * `coalesce`: identical calls in flight share one question upstream. It is paid once, by the call that
 * asked first; what the others saved stands in their rows.
 *
 * Which calls are identical says the cache's key: the tenant, the task, its policy and every field that
 * can change an answer are the same, and an answer of one may be given to the other. Streams are shared
 * among those that stream, JSON among those that do not.
 *
 * @module
 */
import type { Call, Handler, Reply, Stage } from '../../call.ts';
import { type FarthingError, toFarthingError } from '../../errors.ts';
import { Flight } from './flight.ts';

/** The stage. A call without `sameAs` goes on by itself. */
export function coalesce(): Stage {
  return {
    name: 'coalesce',
    wrap: (next) => {
      const flights = new Map<string, Flight>();
      return async (call) => (call.sameAs === undefined ? next(call) : share(call, next, flights));
    },
  };
}

async function share(call: Call, next: Handler, flights: Map<string, Flight>): Promise<Reply> {
  const form = call.body.json['stream'] === true ? 'stream' : 'json';
  const key = `${form} ${call.sameAs}`;
  const found = flights.get(key);
  if (found !== undefined) {
    try {
      return await found.join(call);
    } catch (thrown) {
      if (call.departure.left || isOfTheRequest(toFarthingError(thrown))) throw thrown;
      // What failed was the leader's: its budget, its luck with the provider. The first to try again leads
      // the others; who fails then has failed by itself.
      return share(call, next, flights);
    }
  }
  const flight = new Flight(call, next, () => {
    if (flights.get(key) === flight) flights.delete(key);
  });
  flights.set(key, flight);
  return flight.lead();
}

/** Errors that any other call with the same request would get as well. */
function isOfTheRequest({ status }: FarthingError): boolean {
  return status === 400 || status === 413 || status === 415 || status === 422;
}
