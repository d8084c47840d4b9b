/**
 * OpenTelemetry's SDK with its OTLP exporters, for a server whose environment names an endpoint. The
 * packages are optional peers: they are loaded here and nowhere else.
 *
 * @module
 */
import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { FarthingError } from '../errors.ts';
import { VERSION } from '../version.ts';
import { type OtlpEnvironment, wantsSignal } from './otlp-environment.ts';
import type { TelemetryProviders } from './start.ts';

/** What must be installed. */
const PACKAGES = [
  '@opentelemetry/resources',
  '@opentelemetry/sdk-trace',
  '@opentelemetry/sdk-metrics',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/exporter-metrics-otlp-http',
] as const;

/** At most one complaint in this time, in ms. */
const COMPLAINTS_EVERY_MS = 60_000;

/**
 * Starts exporting what the environment wants; the exporters read its other variables (headers, time-outs,
 * compression) themselves. Throws `invalid_config` where packages are missing.
 */
export async function startOtlp(environment: OtlpEnvironment): Promise<TelemetryProviders> {
  const sdk = await load();
  const resource = sdk.defaultResource().merge(
    sdk
      .resourceFromAttributes({ 'service.name': 'farthing', 'service.version': VERSION })
      // What the environment says of the service counts more than what we say.
      .merge(sdk.detectResources({ detectors: [sdk.envDetector] })),
  );
  const tracers = wantsSignal('traces', environment)
    ? new sdk.TracerProvider({
        resource,
        spanProcessors: [
          new sdk.BatchSpanProcessor({ exporter: outspoken(new sdk.OTLPTraceExporter()) }),
        ],
      })
    : undefined;
  const meters = wantsSignal('metrics', environment)
    ? new sdk.MeterProvider({
        resource,
        readers: [
          new sdk.PeriodicExportingMetricReader({
            exporter: outspoken(new sdk.OTLPMetricExporter()),
          }),
        ],
      })
    : undefined;
  return {
    tracerProvider: tracers satisfies TracerProvider | undefined,
    meterProvider: meters satisfies MeterProvider | undefined,
    close: async () => {
      // What cannot be sent was complained about by its exporter.
      await Promise.allSettled([tracers?.shutdown(), meters?.shutdown()]);
    },
  };
}

/** All that is needed of the packages. */
async function load() {
  try {
    const [resources, traces, metrics, traceExporter, metricExporter] = await Promise.all([
      import('@opentelemetry/resources'),
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/sdk-metrics'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/exporter-metrics-otlp-http'),
    ]);
    return { ...resources, ...traces, ...metrics, ...traceExporter, ...metricExporter };
  } catch (cause) {
    throw missing(cause);
  }
}

function missing(cause: unknown): FarthingError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const why =
    code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
      ? 'is not installed'
      : 'cannot be loaded';
  return new FarthingError(
    'invalid_config',
    `OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry's SDK ${why}. Install it beside Farthing: ` +
      `npm install ${PACKAGES.join(' ')}`,
    { cause },
  );
}

/** What an exporter is, in the words that traces and metrics share. */
interface Exporter<Batch> {
  export(
    batch: Batch,
    done: (result: { readonly code: number; readonly error?: Error }) => void,
  ): void;
}

/** An exporter that says on standard error when it fails; by itself the SDK fails in silence. */
function outspoken<Batch, Kind extends Exporter<Batch>>(exporter: Kind & Exporter<Batch>): Kind {
  const send = exporter.export.bind(exporter);
  let complainedAt = -Infinity;
  exporter.export = (batch, done) =>
    send(batch, (result) => {
      const now = Date.now();
      if (result.code !== 0 && now - complainedAt >= COMPLAINTS_EVERY_MS) {
        complainedAt = now;
        const why = result.error?.message ?? 'no reason given';
        process.stderr.write(`Telemetry cannot be exported: ${why}\n`);
      }
      done(result);
    });
  return exporter;
}
