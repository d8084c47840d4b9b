/**
 * Anthropic's cost report: `GET /v1/organizations/cost_report`, and its newer relative
 * `/v1/organizations/analytics/cost_report`, which also has the amount before discounts.
 *
 * @module
 */
import type { ExportRow } from './export-row.ts';
import { type JsonReader, periodOf, type ProviderDay } from './provider-day.ts';

const FORMAT = 'Anthropic cost report';
const DIMENSIONS = [
  'description',
  'model',
  'workspace_id',
  'cost_type',
  'token_type',
  'service_tier',
  'context_window',
  'inference_geo',
  'product',
  'speed',
];

/** Amounts are texts, in cents: `"123.45"` is 1.23 dollars. */
export const anthropicCosts: JsonReader = {
  format: FORMAT,
  recognises: (page) =>
    page
      .parts('data')
      .some(
        (bucket) =>
          bucket.has('starting_at') && bucket.parts('results').some((row) => row.has('amount')),
      ),
  read(pages, file) {
    const buckets = pages.flatMap((page) => page.parts('data'));
    const rows = buckets.flatMap((bucket) =>
      bucket.parts('results').map((row) => ({ row, bucket })),
    );
    return {
      file,
      format: FORMAT,
      rank: rows.some(({ row }) => row.has('list_amount')) ? 1 : 0,
      provider: 'anthropic',
      utcOffsetMinutes: 0,
      period: periodOf(buckets.map((bucket) => bucket.day('starting_at'))),
      measures: ['cost'],
      complete: pages.at(-1)?.text('has_more') !== 'true',
      days: rows.map(({ row, bucket }) => ({
        day: bucket.day('starting_at'),
        ...costOf(row),
        identity: bucket.identity(['starting_at', 'ending_at']) + row.identity(DIMENSIONS),
      })),
      notes: [`${FORMAT}: the priority tier is billed apart and not in it.`],
    };
  },
};

function costOf(row: ExportRow): Omit<ProviderDay, 'day' | 'identity'> {
  const model = row.text('model');
  const kind = row.text('cost_type');
  const tier = row.text('service_tier');
  return {
    model,
    item: model === undefined && kind !== 'tokens' ? kind?.replaceAll('_', ' ') : undefined,
    costNano: row.nano('amount', 'cents') ?? 0,
    listNano: row.nano('list_amount', 'cents'),
    currency: (row.text('currency') ?? 'USD').toUpperCase(),
    serviceTier: tier === 'standard' ? undefined : tier,
  };
}
