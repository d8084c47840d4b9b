/**
 * Telemetry of a server: by the SDK that the program registered, else by the environment's OTLP endpoint,
 * else not at all.
 *
 * @module
 */
import {
  createNoopMeter,
  metrics,
  type MeterProvider,
  ProxyTracerProvider,
  trace,
  type TracerProvider,
} from '@opentelemetry/api';
import type { Sink } from '../stages/ledger/ledger.ts';
import { type OtlpEnvironment, wantsOtlp } from './otlp-environment.ts';
import { telemetrySink } from './sink.ts';

/** Telemetry that runs. */
export interface Telemetry {
  readonly sink: Sink;
  /** Sends what is left, for at most some seconds, and stops. Never rejects. */
  close(): Promise<void>;
}

/** The two halves of an SDK; a half that is missing tells nobody. */
export interface TelemetryProviders {
  readonly tracerProvider: TracerProvider | undefined;
  readonly meterProvider: MeterProvider | undefined;
  readonly close: () => Promise<void>;
}

/**
 * Starts telemetry where somebody wants it; undefined where nobody does, and then no call pays for it.
 * Throws `invalid_config` where an endpoint is set but the SDK's packages are not installed.
 */
export async function startTelemetry(environment: OtlpEnvironment): Promise<Telemetry | undefined> {
  // A program that registered its own SDK has set the endpoint for that one.
  if (isRegistered()) return { sink: telemetrySink(), close: async () => undefined };
  if (!wantsOtlp(environment)) return undefined;
  const { startOtlp } = await import('./otlp.ts');
  const { close, ...providers } = await startOtlp(environment);
  return { sink: telemetrySink(providers), close };
}

/** Whether the program registered a tracer or a meter provider. */
function isRegistered(): boolean {
  const tracers = trace.getTracerProvider();
  const traces =
    !(tracers instanceof ProxyTracerProvider) ||
    tracers.getDelegateTracer('farthing') !== undefined;
  return traces || metrics.getMeterProvider().getMeter('farthing') !== createNoopMeter();
}
