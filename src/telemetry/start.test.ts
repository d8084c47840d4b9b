import { afterEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { metrics, trace } from '@opentelemetry/api';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { startTelemetry } from './start.ts';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };

describe('telemetry', () => {
  afterEach(() => {
    trace.disable();
    metrics.disable();
  });

  test('is not there where nobody wants it', async () => {
    assert.equal(await startTelemetry({}), undefined);
    assert.equal(await startTelemetry({ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }), undefined);
    assert.equal(await startTelemetry({ ...ENDPOINT, OTEL_SDK_DISABLED: 'true' }), undefined);
  });

  test('is there where the program registered a tracer or a meter provider', async () => {
    trace.setGlobalTracerProvider(new TracerProvider());
    assert.notEqual(await startTelemetry({}), undefined);
    trace.disable();
    metrics.setGlobalMeterProvider(new MeterProvider());
    assert.notEqual(await startTelemetry({}), undefined);
  });

  test('is there where an endpoint is set, for one signal or for all', async () => {
    for (const environment of [
      ENDPOINT,
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:9/v1/traces' },
      { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://127.0.0.1:9/v1/metrics' },
    ]) {
      const telemetry = await startTelemetry(environment);
      assert.notEqual(telemetry, undefined);
      await telemetry?.close();
    }
  });
});
