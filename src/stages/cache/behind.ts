/**
 * What Farthing asks by itself behind a client's call.
 *
 * @module
 */
import { type Call, newTrace } from '../../call.ts';
import { Departure } from '../../departure.ts';
import { ulid } from '../../stores/ulid.ts';

/**
 * The same question as a call of its own, which does not end when the client leaves. It costs money, and has
 * no reference: nobody asked for it.
 */
export function callBehind(call: Call): Call {
  const { task, template, arm, unit } = call.trace;
  const startedAt = Date.now();
  return {
    ...call,
    id: ulid(startedAt),
    startedAt,
    departure: new Departure(),
    // On the same side of the hold-out: what it costs is part of what being treated costs.
    trace: { ...newTrace(), arm, unit, task, template, cache: 'revalidate' },
  };
}
