/**
 * Settled calls as OpenTelemetry spans and metrics.
 *
 * @module
 */
import { type MeterProvider, metrics, trace, type TracerProvider } from '@opentelemetry/api';
import type { Sink } from '../stages/ledger/ledger.ts';
import { VERSION } from '../version.ts';
import { Meters } from './meters.ts';
import { writeSpans } from './spans.ts';

/** Where telemetry goes. */
export interface TelemetryOptions {
  /** @default the one that the program registered with `@opentelemetry/api` */
  readonly tracerProvider?: TracerProvider | undefined;
  /** @default the one that the program registered with `@opentelemetry/api` */
  readonly meterProvider?: MeterProvider | undefined;
}

const NAME = 'farthing';

/**
 * A sink that tells OpenTelemetry of every settled call. Never throws.
 *
 * @example
 * gateway.onSettled(telemetrySink());
 */
export function telemetrySink(options: TelemetryOptions = {}): Sink {
  const { tracerProvider = trace.getTracerProvider(), meterProvider = metrics.getMeterProvider() } =
    options;
  const tracer = tracerProvider.getTracer(NAME, VERSION);
  const meters = new Meters(meterProvider.getMeter(NAME, VERSION));
  return (settled) => {
    try {
      writeSpans(tracer, settled);
      meters.record(settled);
    } catch {
      // A call that is answered and in the ledger must not fail for want of a span.
    }
  };
}
