/**
 * OpenAI's usage API: `GET /v1/organization/usage/completions` and `/embeddings`.
 *
 * @module
 */
import { divideTokens, type TokenCounts } from '../pricing/usage.ts';
import type { ExportRow } from './export-row.ts';
import { type JsonReader, periodOf, type ProviderDay } from './provider-day.ts';

const FORMAT = 'OpenAI usage API';
/** Results that are billed by tokens. */
const TOKEN_RESULT = /^organization\.usage\.(?:completions|embeddings|moderations)\.result$/;
/** What tells rows of one bucket apart. */
const DIMENSIONS = [
  'object',
  'model',
  'project_id',
  'user_id',
  'api_key_id',
  'batch',
  'service_tier',
  'api_source',
] as const;

/** Buckets of seconds since the epoch, with results that name what they are. */
export const openaiUsage: JsonReader = {
  format: FORMAT,
  recognises: (page) =>
    page
      .parts('data')
      .some(
        (bucket) =>
          bucket.has('start_time') &&
          bucket.has('results') &&
          !bucket.parts('results').some((row) => row.text('object')?.includes('costs')),
      ),
  read(pages, file) {
    const buckets = pages.flatMap((page) => page.parts('data'));
    const rows = buckets.flatMap((bucket) =>
      bucket.parts('results').map((row) => ({ row, bucket })),
    );
    const counted = rows.filter(({ row }) => TOKEN_RESULT.test(row.text('object') ?? ''));
    const others = new Set(
      rows.map(({ row }) => row.text('object') ?? '').filter((name) => !TOKEN_RESULT.test(name)),
    );
    return {
      file,
      format: FORMAT,
      rank: 0,
      provider: 'openai',
      utcOffsetMinutes: 0,
      period: periodOf(buckets.map((bucket) => bucket.day('start_time'))),
      measures: ['requests', 'tokens'],
      complete: pages.at(-1)?.text('has_more') !== 'true',
      days: counted.map(({ row, bucket }) => ({
        day: bucket.day('start_time'),
        ...usageOf(row),
        identity: bucket.identity(['start_time', 'end_time']) + row.identity(DIMENSIONS),
      })),
      notes: [...others].map(
        (name) =>
          `${file}: usage of the kind ${JSON.stringify(name)} is not billed by tokens and is left out.`,
      ),
    };
  },
};

/** What a row of OpenAI's usage tells, in the API and in the CSV file, whose columns have the same names. */
export function usageOf(row: ExportRow): Omit<ProviderDay, 'day' | 'identity'> {
  const batch = row.text('batch')?.toLowerCase() === 'true';
  const tier = row.text('service_tier');
  return {
    model: row.text('model'),
    requests: row.count('num_model_requests'),
    tokens: tokensOf(row),
    currency: 'USD',
    serviceTier: batch ? 'batch' : tier === 'default' ? undefined : tier,
  };
}

/**
 * `input_tokens` includes what was read from and written to the cache, and audio and images; the counts of
 * audio and images leave cached ones out. Reasoning is part of the output and not told apart.
 */
function tokensOf(row: ExportRow): Partial<TokenCounts> {
  const count = (name: string): number => row.count(name) ?? 0;
  const write12h = count('input_cache_write_12h_tokens');
  const write30m =
    row.count('input_cache_write_30m_tokens') ??
    Math.max(0, count('input_cache_write_tokens') - write12h);
  return {
    ...divideTokens({
      total: count('input_tokens'),
      parts: {
        ...(row.has('input_cached_tokens') ? { cacheRead: count('input_cached_tokens') } : {}),
        cacheWrite12h: write12h,
        cacheWrite30m: write30m,
        inputAudio: count('input_audio_tokens'),
        inputImage: count('input_image_tokens'),
      },
      rest: 'input',
    }),
    ...divideTokens({
      total: count('output_tokens'),
      parts: { outputAudio: count('output_audio_tokens') },
      rest: 'output',
    }),
  };
}
