import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { type Attributes, context, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Attempt, AttemptPrice, Call, Receipt } from '../call.ts';
import { FarthingError } from '../errors.ts';
import { NO_TOKENS } from '../pricing/usage.ts';
import type { SettledCall } from '../stages/ledger/ledger.ts';
import { callOf, modelAt, nowhere, taskOf, tierOf } from '../testing/stage-fixtures.ts';
import { telemetrySink } from './sink.ts';

const SECRET = 'sk-the-upstream-key';
const PROMPT = 'The prompt nobody may see';
const host = {
  ...nowhere,
  name: 'gemini',
  host: 'gemini',
  url: 'https://generativelanguage.googleapis.com/v1beta/openai',
  key: SECRET,
};
const small = { ...modelAt('small', 1), id: 'gemini-flash-lite', providers: [host] };
const large = { ...modelAt('large', 10), id: 'gemini-pro', providers: [host] };
const task = taskOf([tierOf(small), tierOf(large)], { name: 'draft' });
const START = Date.UTC(2026, 10, 2, 12);

const rejected: Attempt = {
  model: small,
  provider: 'gemini',
  tier: 0,
  startedAt: START + 1,
  firstByteMs: 200,
  endedAt: START + 501,
  status: 200,
  answeredBy: 'gemini-flash-lite-002',
  outcome: 'rejected',
  reasons: ['mentions: an answer nobody may see'],
  usage: {
    source: 'provider',
    serviceTier: 'flex',
    tokens: { ...NO_TOKENS, input: 60, cacheRead: 30, cacheWrite1h: 10, output: 40, reasoning: 5 },
  },
};
const answered: Attempt = {
  model: large,
  provider: 'gemini',
  tier: 1,
  startedAt: START + 501,
  firstByteMs: 300,
  endedAt: START + 1501,
  status: 200,
  outcome: 'accepted',
  usage: { source: 'provider', tokens: { ...NO_TOKENS, input: 100, output: 50 } },
};
const failed: Attempt = {
  model: large,
  provider: 'gemini',
  tier: 1,
  startedAt: START + 501,
  endedAt: START + 701,
  status: 500,
  error: new FarthingError('upstream_rejected', `It said: ${PROMPT}`),
};

interface Money {
  readonly costs: readonly (number | undefined)[];
  readonly reference: number | undefined;
}

/** A settled call of these attempts; the last one answers unless it failed. */
function settledOf(
  attempts: readonly Attempt[],
  { costs, reference }: Money,
  more: Partial<Call> = {},
): SettledCall {
  const json = {
    model: 'task/draft',
    stream: true,
    temperature: 0.5,
    max_tokens: 300,
    n: 2,
    response_format: { type: 'json_schema' },
    messages: [{ role: 'user', content: PROMPT }],
  };
  const last = attempts.at(-1);
  const error = last?.error;
  const call: Call = {
    ...callOf(task, json),
    startedAt: START,
    headers: { authorization: 'Bearer sk-the-caller-key' },
    ...more,
    trace: {
      attempts: [...attempts],
      task,
      ...(last === undefined || error !== undefined ? {} : { answer: last, outcome: 'accepted' }),
    },
  };
  const costNano = costs.reduce<number>((sum, cost) => sum + (cost ?? 0), 0);
  const priced = costs.every((cost) => cost !== undefined);
  const receipt: Receipt = {
    attempts: costs.map((cost): AttemptPrice => ({
      costNano: cost,
      computedNano: cost,
      rule: undefined,
    })),
    costNano,
    priced,
    reference: large,
    referenceNano: reference,
    referenceSource: reference === undefined ? 'none' : 'measured',
    countedReferenceNano: priced ? (reference ?? costNano) : costNano,
    savedNano: { cache: 0, coalesce: 0, route: 0, service: 0 },
    stale: false,
    overheadNano: 0,
  };
  return { call, receipt, endedAt: START + 1502, error };
}

function spansOf(settled: SettledCall) {
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  telemetrySink({ tracerProvider })(settled);
  return exporter.getFinishedSpans();
}

const ms = ([seconds, nanoseconds]: readonly [number, number]): number =>
  seconds * 1000 + nanoseconds / 1e6;

describe('spans', () => {
  const settled = settledOf([rejected, answered], {
    costs: [100_000, 700_000],
    reference: 1_000_000,
  });

  test('are one for the call and one for each attempt, with the times of what happened', () => {
    const [first, second, call] = spansOf(settled);
    assert.ok(first && second && call);
    assert.deepEqual(
      [first, second, call].map(({ name, kind }) => [name, kind]),
      [
        ['chat gemini-flash-lite', SpanKind.CLIENT],
        ['chat gemini-pro', SpanKind.CLIENT],
        ['chat task/draft', SpanKind.SERVER],
      ],
    );
    assert.deepEqual(
      [first, second, call].map(({ startTime, endTime }) => [ms(startTime), ms(endTime)]),
      [
        [START + 1, START + 501],
        [START + 501, START + 1501],
        [START, START + 1502],
      ],
    );
    assert.equal(call.parentSpanContext, undefined);
    for (const attempt of [first, second])
      assert.equal(attempt.parentSpanContext?.spanId, call.spanContext().spanId);
  });

  test('of an attempt speak the conventions', () => {
    assert.deepEqual(spansOf(settled)[0]?.attributes, {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'gcp.gemini',
      'server.address': 'generativelanguage.googleapis.com',
      'server.port': 443,
      'gen_ai.request.model': 'gemini-flash-lite',
      'gen_ai.response.model': 'gemini-flash-lite-002',
      'gen_ai.request.stream': true,
      'gen_ai.request.max_tokens': 300,
      'gen_ai.request.temperature': 0.5,
      'gen_ai.request.choice.count': 2,
      'gen_ai.output.type': 'json',
      'gen_ai.response.time_to_first_chunk': 0.2,
      'gen_ai.usage.input_tokens': 100,
      'gen_ai.usage.output_tokens': 45,
      'gen_ai.usage.cache_read.input_tokens': 30,
      'gen_ai.usage.cache_creation.input_tokens': 10,
      'gen_ai.usage.reasoning.output_tokens': 5,
      'http.response.status_code': 200,
      'farthing.task': 'draft',
      'farthing.model': 'small',
      'farthing.tier': 0,
      'farthing.outcome': 'rejected',
      'farthing.usage_source': 'provider',
      'farthing.service_tier': 'flex',
      'farthing.priced': true,
      'farthing.cost_nano_usd': 100_000,
    });
  });

  test('of a call tell its money, and no tokens: those are at the attempts', () => {
    const attributes = spansOf(settled)[2]?.attributes ?? {};
    assert.equal(attributes['farthing.cost_nano_usd'], 800_000);
    assert.equal(attributes['farthing.reference_nano_usd'], 1_000_000);
    assert.equal(attributes['farthing.saved_nano_usd'], 200_000);
    assert.equal(attributes['farthing.reference_model'], 'large');
    assert.equal(attributes['farthing.task'], 'draft');
    assert.equal(attributes['farthing.tier'], 1);
    assert.equal(attributes['farthing.outcome'], 'accepted');
    assert.equal(attributes['farthing.attempts'], 2);
    assert.deepEqual(
      Object.keys(attributes).filter((name) => name.startsWith('gen_ai.usage.')),
      [],
    );
  });

  test('leave out what is not known', () => {
    const unknown: Attempt = {
      ...answered,
      usage: { source: 'unavailable', tokens: NO_TOKENS },
    };
    const [attempt, call] = spansOf(
      settledOf([unknown], { costs: [undefined], reference: undefined }),
    );
    assert.equal(attempt?.attributes['farthing.usage_source'], 'unavailable');
    assert.equal(attempt?.attributes['farthing.priced'], false);
    assert.equal(call?.attributes['farthing.priced'], false);
    const names = [attempt, call].flatMap((span) => Object.keys(span?.attributes ?? {}));
    for (const left of [
      'gen_ai.usage.input_tokens',
      'farthing.reference_nano_usd',
      'farthing.saved_nano_usd',
    ])
      assert.ok(!names.includes(left), left);
  });

  test('of a failure have its code, not its words', () => {
    const [attempt, call] = spansOf(settledOf([failed], { costs: [0], reference: 0 }));
    for (const span of [attempt, call]) {
      assert.deepEqual(span?.status, { code: SpanStatusCode.ERROR, message: 'upstream_rejected' });
      assert.equal(span?.attributes['error.type'], 'upstream_rejected');
    }
    assert.equal(attempt?.attributes['http.response.status_code'], 500);
    assert.equal(call?.attributes['http.response.status_code'], 502);
  });

  test('never hold a prompt, an answer, a reason or a key', () => {
    for (const attempts of [
      [rejected, answered],
      [rejected, failed],
    ]) {
      const told = JSON.stringify(
        spansOf(settledOf(attempts, { costs: [1, 2], reference: 3 })).map((span) => [
          span.name,
          span.attributes,
          span.events,
          span.status,
        ]),
      );
      assert.doesNotMatch(told, /nobody may see|sk-the/);
    }
  });

  test('hang beneath the span of the caller', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const [attempt, call] = spansOf(
      settledOf(
        [answered],
        { costs: [1], reference: 2 },
        { headers: { traceparent, tracestate: 'vendor=1' } },
      ),
    );
    assert.equal(call?.parentSpanContext?.spanId, 'b7ad6b7169203331');
    assert.equal(call?.spanContext().traceState?.serialize(), 'vendor=1');
    for (const span of [attempt, call])
      assert.equal(span?.spanContext().traceId, '0af7651916cd43dd8448eb211c80319c');
  });

  test('are not written where the caller does not sample', () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-0${TraceFlags.NONE}`;
    const money = { costs: [1], reference: 2 };
    assert.deepEqual(spansOf(settledOf([answered], money, { headers: { traceparent } })), []);
  });
});

interface Point {
  readonly attributes: Attributes;
  readonly value: unknown;
}

async function metricsOf(...settled: readonly SettledCall[]): Promise<Map<string, Point[]>> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const sink = telemetrySink({ meterProvider });
  for (const one of settled) sink(one);
  await meterProvider.forceFlush();
  const found = exporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) =>
      scopeMetrics.flatMap(({ metrics }) =>
        metrics.map(({ descriptor, dataPoints }): [string, Point[]] => [
          descriptor.name,
          dataPoints.map(({ attributes, value }) => ({ attributes, value })),
        ]),
      ),
    );
  await meterProvider.shutdown();
  return new Map(found);
}

const sumOf = (points: readonly Point[] = []): number =>
  points.reduce(
    (sum, { value }) => sum + (typeof value === 'number' ? value : (value as { sum: number }).sum),
    0,
  );

describe('metrics', () => {
  const settled = settledOf([rejected, answered], {
    costs: [100_000, 700_000],
    reference: 500_000,
  });

  test('count tokens by kind, and times in seconds, as the conventions have it', async () => {
    const metrics = await metricsOf(settled);
    const tokens = metrics.get('gen_ai.client.token.usage') ?? [];
    const kind = (type: string): number =>
      sumOf(tokens.filter(({ attributes }) => attributes['gen_ai.token.type'] === type));
    assert.equal(kind('input'), 200);
    assert.equal(kind('output'), 95);
    assert.equal(sumOf(metrics.get('gen_ai.client.operation.duration')), 1.5);
    assert.equal(sumOf(metrics.get('gen_ai.client.operation.time_to_first_chunk')), 0.5);
    const [point] = tokens;
    assert.ok(point);
    assert.deepEqual(
      (point.value as { buckets: { boundaries: number[] } }).buckets.boundaries.slice(0, 4),
      [1, 4, 16, 64],
    );
    assert.deepEqual(point.attributes, {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'gcp.gemini',
      'gen_ai.request.model': 'gemini-flash-lite',
      'gen_ai.response.model': 'gemini-flash-lite-002',
      'gen_ai.token.type': 'input',
      'server.address': 'generativelanguage.googleapis.com',
      'server.port': 443,
    });
  });

  test('count dollars; a loss makes the savings fall', async () => {
    const metrics = await metricsOf(settled);
    assert.equal(sumOf(metrics.get('farthing.cost')), 0.0008);
    assert.equal(sumOf(metrics.get('farthing.reference')), 0.0005);
    assert.equal(sumOf(metrics.get('farthing.saved')), -0.0003);
    assert.equal(metrics.get('farthing.unpriced'), undefined);
    assert.deepEqual(metrics.get('farthing.saved')?.[0]?.attributes, { 'farthing.task': 'draft' });
  });

  test('an unpriced call is counted as such, and saves nothing', async () => {
    const metrics = await metricsOf(
      settledOf([rejected, answered], { costs: [100_000, undefined], reference: undefined }),
    );
    assert.equal(sumOf(metrics.get('farthing.unpriced')), 1);
    assert.equal(sumOf(metrics.get('farthing.saved')), 0);
    assert.equal(sumOf(metrics.get('farthing.cost')), 0.0001);
  });

  test('the time of a failed attempt carries its error, and no tokens', async () => {
    const metrics = await metricsOf(settledOf([failed], { costs: [0], reference: 0 }));
    const [point] = metrics.get('gen_ai.client.operation.duration') ?? [];
    assert.equal(point?.attributes['error.type'], 'upstream_rejected');
    assert.equal(metrics.get('gen_ai.client.token.usage'), undefined);
    assert.equal(metrics.get('gen_ai.client.operation.time_to_first_chunk'), undefined);
  });
});

test('a sink without any SDK, or with a broken one, throws nothing', () => {
  const settled = settledOf([answered], { costs: [1], reference: 2 });
  assert.doesNotThrow(() => telemetrySink()(settled));
  const broken = {
    getTracer: () => ({
      startSpan: () => {
        throw new Error('broken');
      },
      startActiveSpan: () => undefined as never,
    }),
  };
  assert.doesNotThrow(() => telemetrySink({ tracerProvider: broken })(settled));
  assert.ok(context.active());
});
