import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { NO_TOKENS } from '../pricing/usage.ts';
import type { CallRecord } from '../stores/ledger-store.ts';
import { openSqliteStores } from '../stores/sqlite/sqlite-stores.ts';
import { attemptRecord, callRecord } from '../testing/ledger-records.ts';
import { type ExportFormat, exportLines, type ExportRow } from './formats.ts';

const START = Date.UTC(2026, 10, 30, 23, 59, 59, 500);

/** Escalated once, with text that a spreadsheet would run. */
const escalated = callRecord({
  id: '01KAEXAMPLE0000000000000001',
  startedAt: START,
  tenant: 'team-a',
  requestedModel: '=HYPERLINK("http://example.com")',
  tags: { feature: 'draft "new", short' },
  referenceNano: 2_500_000,
  savedNano: { cache: 0, coalesce: 0, route: 1_300_000, service: 0 },
  overheadNano: 1_000_000,
  attempts: [
    attemptRecord({
      startedAt: START + 1,
      costNano: 1_000_000,
      outcome: 'rejected',
      reasons: ['min-length: 3 words', 'mentions: client'],
      tokens: { ...NO_TOKENS, input: 900, cacheRead: 100, output: 40, reasoning: 10 },
    }),
    attemptRecord({
      model: 'large',
      modelId: 'large-v1',
      tier: 1,
      startedAt: START + 700,
      costNano: 1_200_000,
      reportedNano: 1_200_000,
      outcome: 'accepted',
    }),
  ],
});

/** No answer; one attempt that was never billed, one whose price is not known. */
const failed = callRecord({
  id: '01KAEXAMPLE0000000000000002',
  startedAt: START + 60_000,
  model: undefined,
  provider: undefined,
  tier: undefined,
  status: 502,
  errorCode: 'upstream_rejected',
  outcome: undefined,
  referenceModel: undefined,
  referenceNano: 0,
  referenceSource: 'none',
  attempts: [
    attemptRecord({
      startedAt: START + 60_000,
      firstByteMs: undefined,
      status: 500,
      errorCode: 'upstream_rejected',
      tokens: NO_TOKENS,
      usageSource: 'unavailable',
      costNano: 0,
      computedNano: 0,
    }),
    attemptRecord({
      startedAt: START + 60_001,
      costNano: undefined,
      computedNano: undefined,
      priceId: undefined,
      usageSource: 'estimated',
    }),
  ],
});

const written = (
  calls: readonly CallRecord[],
  format: ExportFormat,
  row: ExportRow = 'attempt',
): string => [...exportLines(calls, format, row)].join('');

type Row = Readonly<Record<string, string>>;

/** Reads CSV by RFC 4180, apart from what wrote it. */
function readCsv(text: string): Row[] {
  const lines = text.split('\r\n');
  assert.equal(lines.pop(), '');
  const [header = [], ...rows] = lines.map((line) =>
    [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(
      ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
    ),
  );
  return rows.map((values) => {
    assert.equal(values.length, header.length);
    return Object.fromEntries(header.map((name, index) => [name, values[index] ?? '']));
  });
}

/** Dollars as nano-dollars, digit by digit. */
function nanoOf(dollars: string): number {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)\.(\d{2,9})$/.exec(dollars) ?? [];
  assert.notEqual(whole, '', `"${dollars}" is no amount`);
  return Number(`${sign}${whole}${fraction.padEnd(9, '0')}`);
}

const sumOf = (rows: readonly Row[], column: string, of: (text: string) => number): number =>
  rows.reduce((sum, row) => {
    const text = row[column];
    assert.notEqual(text, undefined, column);
    return text === undefined || text === '' ? sum : sum + of(text);
  }, 0);

describe('csv', () => {
  test('has a row an attempt, in dollars', () => {
    const [first, second, third, fourth, ...more] = readCsv(written([escalated, failed], 'csv'));
    assert.deepEqual(more, []);
    assert.deepEqual(first, {
      call_id: '01KAEXAMPLE0000000000000001',
      seq: '0',
      tenant: 'team-a',
      operation: 'chat',
      task: 'draft',
      requested_model: `'=HYPERLINK("http://example.com")`,
      started_at: '2026-11-30T23:59:59.501Z',
      first_byte_ms: '12',
      duration_ms: '40',
      provider: 'openai',
      model: 'small',
      model_id: 'small-v1',
      answered_by: '',
      tier: '0',
      status: '200',
      error_code: '',
      outcome: 'rejected',
      service_tier: '',
      usage_source: 'provider',
      price_id: 'openai/small@2026-01-01',
      cost_usd: '0.001',
      computed_usd: '0.000001',
      reported_usd: '',
      tokens_input: '900',
      tokens_cache_read: '100',
      tokens_cache_write_5m: '0',
      tokens_cache_write_30m: '0',
      tokens_cache_write_1h: '0',
      tokens_cache_write_12h: '0',
      tokens_input_audio: '0',
      tokens_input_image: '0',
      tokens_output: '40',
      tokens_reasoning: '10',
      tokens_output_audio: '0',
      reasons: 'min-length: 3 words; mentions: client',
      tags: '{"feature":"draft \\"new\\", short"}',
    });
    assert.equal(second?.['reported_usd'], '0.0012');
    assert.deepEqual([third?.['cost_usd'], third?.['tokens_input']], ['0.00', '']);
    assert.deepEqual([fourth?.['cost_usd'], fourth?.['tokens_input']], ['', '10']);
  });

  test('has a row a call where that is wanted', () => {
    const [first, second, ...more] = readCsv(written([escalated, failed], 'csv', 'call'));
    assert.deepEqual(more, []);
    assert.deepEqual(
      Object.entries(first ?? {}).filter(([name]) => /usd|tokens|attempts|escalated/.test(name)),
      Object.entries({
        escalated: 'true',
        input_tokens: '1010',
        output_tokens: '55',
        cost_usd: '0.0022',
        reference_usd: '0.0025',
        saved_usd: '0.0003',
        saved_by_cache_usd: '0.00',
        saved_by_coalesce_usd: '0.00',
        saved_by_route_usd: '0.0013',
        saved_by_service_usd: '0.00',
        overhead_usd: '0.001',
        avoided_usd: '',
        attempts: '2',
      }),
    );
    assert.equal(second?.['priced'], 'false');
    assert.equal(second['error_code'], 'upstream_rejected');
  });

  test('of no calls is its header', () => {
    for (const row of ['attempt', 'call'] as const)
      assert.match(written([], 'csv', row), /^[a-z_0-9,]+\r\n$/);
  });

  test('guards text that a spreadsheet would run, and leaves numbers alone', () => {
    for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1']) {
      const [row] = readCsv(written([{ ...escalated, requestedModel: text }], 'csv', 'call'));
      assert.equal(row?.['requested_model'], `'${text}`);
    }
    const loss = { ...escalated, referenceNano: 1_000_000 };
    assert.equal(readCsv(written([loss], 'csv', 'call'))[0]?.['saved_usd'], '-0.0012');
  });
});

describe('jsonl', () => {
  test('has a line a call with its attempts, in nano-dollars', () => {
    const [first, second, last] = written([escalated, failed], 'jsonl').split('\n');
    assert.equal(last, '');
    const call = JSON.parse(first ?? '') as Record<string, unknown> & {
      attempts: Record<string, unknown>[];
    };
    assert.equal(call['started_at'], '2026-11-30T23:59:59.500Z');
    assert.equal(call['cost_nano_usd'], 2_200_000);
    assert.equal(call['saved_nano_usd'], 300_000);
    assert.deepEqual(call['tags'], { feature: 'draft "new", short' });
    assert.deepEqual(call.attempts[0]?.['reasons'], ['min-length: 3 words', 'mentions: client']);
    assert.equal((call.attempts[0]['tokens'] as Record<string, unknown>)['cache_read'], 100);
    const without = JSON.parse(second ?? '') as typeof call;
    assert.equal(without['priced'], false);
    assert.equal(without['model'], null);
    const [unbilled, unpriced] = without.attempts;
    assert.ok(unbilled && unpriced);
    assert.equal((unbilled['tokens'] as Record<string, unknown>)['input'], null);
    assert.equal(unpriced['cost_nano_usd'], null);
  });
});

/** What FOCUS 1.2 requires of every dataset. */
const MANDATORY = `BilledCost BillingAccountId BillingAccountName BillingCurrency BillingPeriodEnd
  BillingPeriodStart ChargeCategory ChargeClass ChargeDescription ChargePeriodEnd ChargePeriodStart
  ContractedCost EffectiveCost InvoiceIssuerName ListCost PricingQuantity PricingUnit ProviderName
  PublisherName ServiceCategory ServiceName`.split(/\s+/);
/** Those of them that may be empty. */
const NULLABLE = new Set(['ChargeClass', 'PricingQuantity', 'PricingUnit']);

describe('focus', () => {
  const rows = readCsv(written([escalated, failed], 'focus'));

  test('has all mandatory columns, filled; its own begin with x_', () => {
    for (const row of rows) {
      for (const name of MANDATORY) {
        assert.notEqual(row[name], undefined, name);
        if (!NULLABLE.has(name)) assert.notEqual(row[name], '', name);
      }
      if (row['ChargeCategory'] === 'Usage') assert.notEqual(row['PricingQuantity'], '');
      for (const name of Object.keys(row)) assert.match(name, /^(?:x_)?[A-Z][A-Za-z]+$/);
    }
  });

  test('has a row a charge, and one for what the call saved', () => {
    const [first, second, credit, unpriced, ...more] = rows;
    assert.deepEqual(more, [], 'what was not billed is no charge');
    assert.deepEqual(first, {
      BilledCost: '0.001',
      BillingAccountId: 'openai',
      BillingAccountName: 'openai',
      BillingCurrency: 'USD',
      BillingPeriodEnd: '2026-12-01T00:00:00Z',
      BillingPeriodStart: '2026-11-01T00:00:00Z',
      ChargeCategory: 'Usage',
      ChargeClass: '',
      ChargeDescription: 'small: 1000 input and 50 output tokens',
      ChargeFrequency: 'Usage-Based',
      ChargePeriodEnd: '2026-12-01T00:00:00Z',
      ChargePeriodStart: '2026-11-30T23:59:59Z',
      ContractedCost: '0.001',
      EffectiveCost: '0.001',
      InvoiceIssuerName: 'openai',
      ListCost: '0.001',
      PricingQuantity: '1050',
      PricingUnit: 'Tokens',
      ProviderName: 'openai',
      PublisherName: 'openai',
      ServiceCategory: 'AI and Machine Learning',
      ServiceName: 'Chat completions',
      ServiceSubcategory: 'Generative AI',
      SubAccountId: 'team-a',
      SubAccountName: 'team-a',
      Tags: '{"feature":"draft \\"new\\", short"}',
      x_CallId: '01KAEXAMPLE0000000000000001',
      x_InputTokens: '1000',
      x_Model: 'small',
      x_ModelId: 'small-v1',
      x_Outcome: 'rejected',
      x_OutputTokens: '50',
      x_PriceId: 'openai/small@2026-01-01',
      x_Priced: 'true',
      x_ReferenceModel: 'large',
      x_SavedCost: '',
      x_Task: 'draft',
      x_UsageSource: 'provider',
    });
    assert.equal(second?.['BillingPeriodStart'], '2026-12-01T00:00:00Z', 'began in the next month');
    assert.deepEqual(
      ['ChargeCategory', 'BilledCost', 'x_SavedCost', 'PricingQuantity'].map(
        (name) => credit?.[name],
      ),
      ['Credit', '0.00', '0.0003', ''],
    );
    assert.deepEqual(
      ['ChargeCategory', 'BilledCost', 'x_Priced'].map((name) => unpriced?.[name]),
      ['Usage', '0.00', 'false'],
    );
  });
});

describe('sums', () => {
  const attempts = fc.array(
    fc
      .record({
        tokens: fc
          .tuple(fc.nat(1e6), fc.nat(1e6), fc.nat(1e6))
          .map(([input, cacheRead, output]) => ({ ...NO_TOKENS, input, cacheRead, output })),
        costNano: fc.option(fc.nat(1e12), { nil: undefined }),
      })
      .map(attemptRecord),
    { maxLength: 3 },
  );
  const calls = fc.array(
    fc
      .record({
        attempts,
        referenceNano: fc.option(fc.nat(1e12), { nil: undefined }),
        startedAt: fc.integer({ min: START, max: START + 1e10 }),
        requestedModel: fc.string(),
      })
      .map(callRecord),
    { maxLength: 20 },
  );

  test('over every export are those of the report, to the nano-dollar', async () => {
    await fc.assert(
      fc.asyncProperty(calls, async (records) => {
        const stores = openSqliteStores(':memory:');
        for (const record of records) void stores.ledger.append(record);
        await stores.ledger.flush();
        const { totals } = stores.ledger.report({});
        const kept = [...stores.ledger.calls({})];
        await stores.close();

        const byCall = readCsv(written(kept, 'csv', 'call'));
        assert.equal(byCall.length, totals.calls);
        assert.equal(sumOf(byCall, 'cost_usd', nanoOf), totals.cost_nano_usd);
        assert.equal(sumOf(byCall, 'reference_usd', nanoOf), totals.reference_nano_usd);
        assert.equal(sumOf(byCall, 'saved_usd', nanoOf), totals.saved_nano_usd);
        assert.equal(sumOf(byCall, 'input_tokens', Number), totals.input_tokens);
        assert.equal(sumOf(byCall, 'output_tokens', Number), totals.output_tokens);

        const byAttempt = readCsv(written(kept, 'csv'));
        assert.equal(byAttempt.length, totals.attempts);
        assert.equal(sumOf(byAttempt, 'cost_usd', nanoOf), totals.cost_nano_usd);

        const focus = readCsv(written(kept, 'focus'));
        assert.equal(sumOf(focus, 'BilledCost', nanoOf), totals.cost_nano_usd);
        assert.equal(sumOf(focus, 'x_SavedCost', nanoOf), totals.saved_nano_usd);

        const lines = written(kept, 'jsonl').trimEnd().split('\n').filter(Boolean);
        const objects = lines.map((line) => JSON.parse(line) as Record<string, number>);
        const sum = (name: string): number =>
          objects.reduce((total, object) => total + (object[name] ?? Number.NaN), 0);
        assert.equal(sum('cost_nano_usd'), totals.cost_nano_usd);
        assert.equal(sum('reference_nano_usd'), totals.reference_nano_usd);
        assert.equal(sum('saved_nano_usd'), totals.saved_nano_usd);
      }),
      { numRuns: 50 },
    );
  });
});
