/**
 * Anthropic's usage report: `GET /v1/organizations/usage_report/messages`, and its newer relative
 * `/v1/organizations/analytics/usage_report`, which also counts requests.
 *
 * @module
 */
import type { TokenCounts } from '../pricing/usage.ts';
import type { ExportRow } from './export-row.ts';
import { type JsonReader, type Measure, periodOf } from './provider-day.ts';

const FORMAT = 'Anthropic usage report';
const DIMENSIONS = [
  'model',
  'workspace_id',
  'api_key_id',
  'service_tier',
  'context_window',
  'inference_geo',
  'product',
  'speed',
];

/** Buckets of ISO times; input tokens are those that were neither read from nor written to the cache. */
export const anthropicUsage: JsonReader = {
  format: FORMAT,
  recognises: (page) =>
    page
      .parts('data')
      .some(
        (bucket) =>
          bucket.has('starting_at') &&
          bucket.has('results') &&
          !bucket.parts('results').some((row) => row.has('amount')),
      ),
  read(pages, file) {
    const buckets = pages.flatMap((page) => page.parts('data'));
    const rows = buckets.flatMap((bucket) =>
      bucket.parts('results').map((row) => ({ row, bucket })),
    );
    const counts = rows.some(({ row }) => row.has('requests'));
    const measures: readonly Measure[] = counts ? ['requests', 'tokens'] : ['tokens'];
    return {
      file,
      format: FORMAT,
      rank: counts ? 1 : 0,
      provider: 'anthropic',
      utcOffsetMinutes: 0,
      period: periodOf(buckets.map((bucket) => bucket.day('starting_at'))),
      measures,
      complete: pages.at(-1)?.text('has_more') !== 'true',
      days: rows.map(({ row, bucket }) => ({
        day: bucket.day('starting_at'),
        model: row.text('model'),
        requests: row.count('requests'),
        tokens: tokensOf(row),
        currency: 'USD',
        serviceTier: tierOf(row),
        identity: bucket.identity(['starting_at', 'ending_at']) + row.identity(DIMENSIONS),
      })),
      notes: [],
    };
  },
};

/** Fast mode is a speed here, and a service tier in responses and prices. */
function tierOf(row: ExportRow): string | undefined {
  if (row.text('speed') === 'fast') return 'fast';
  const tier = row.text('service_tier');
  return tier === 'standard' ? undefined : tier;
}

function tokensOf(row: ExportRow): Partial<TokenCounts> {
  const written = row.part('cache_creation');
  return {
    input: row.count('uncached_input_tokens') ?? 0,
    cacheRead: row.count('cache_read_input_tokens') ?? 0,
    cacheWrite5m: written.count('ephemeral_5m_input_tokens') ?? 0,
    cacheWrite1h: written.count('ephemeral_1h_input_tokens') ?? 0,
    output: row.count('output_tokens') ?? 0,
  };
}
