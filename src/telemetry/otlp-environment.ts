/**
 * Which signals the environment wants exported, by OpenTelemetry's own variables.
 *
 * @module
 */

/** Variables by name. */
export type OtlpEnvironment = Readonly<Record<string, string | undefined>>;

/** A kind of telemetry that is sent by itself. */
export type Signal = 'traces' | 'metrics';

const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT';

/** True where an endpoint is set for this signal, or for all. */
export function wantsSignal(signal: Signal, environment: OtlpEnvironment): boolean {
  const own = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`;
  return isSet(environment[own]) || isSet(environment[ENDPOINT]);
}

/** True where anything is to be exported. */
export function wantsOtlp(environment: OtlpEnvironment): boolean {
  if (environment['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return false;
  return wantsSignal('traces', environment) || wantsSignal('metrics', environment);
}

/** An empty variable counts as unset, as OpenTelemetry has it. */
function isSet(value: string | undefined): boolean {
  return value !== undefined && value.trim() !== '';
}
