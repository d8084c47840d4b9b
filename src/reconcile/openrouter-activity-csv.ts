/**
 * The CSV file of OpenRouter's activity page: one row a generation.
 *
 * @module
 */
import { divideTokens, type TokenCounts } from '../pricing/usage.ts';
import type { ExportRow } from './export-row.ts';
import { type CsvReader, periodOf } from './provider-day.ts';

const FORMAT = 'OpenRouter activity CSV';

/** Costs are in dollars. */
export const openRouterActivityCsv: CsvReader = {
  format: FORMAT,
  recognises: (columns) =>
    ['generation_id', 'created_at', 'cost_total', 'model_permaslug'].every((name) =>
      columns.has(name),
    ),
  read(rows, file) {
    return {
      file,
      format: FORMAT,
      rank: 1,
      provider: 'openrouter',
      utcOffsetMinutes: 0,
      period: periodOf(rows.map((row) => row.day('created_at'))),
      measures: ['cost', 'requests', 'tokens'],
      complete: true,
      days: rows.map((row) => ({
        day: row.day('created_at'),
        model: modelOf(row),
        requests: 1,
        tokens: openRouterTokens({
          prompt: row.count('tokens_prompt'),
          completion: row.count('tokens_completion'),
          reasoning: row.count('tokens_reasoning'),
          cached: row.count('tokens_cached'),
        }),
        costNano: row.nano('cost_total', 'dollars') ?? 0,
        currency: 'USD',
        identity: row.required('generation_id'),
      })),
      notes: [],
    };
  },
};

/** Variants (`free`, `nitro`) are part of a model's name everywhere else. */
function modelOf(row: ExportRow): string | undefined {
  const model = row.text('model_permaslug');
  const variant = row.text('variant');
  if (model === undefined || variant === undefined || variant === 'standard') return model;
  return model.endsWith(`:${variant}`) ? model : `${model}:${variant}`;
}

/** Counts as OpenRouter gives them: cached tokens within the prompt, reasoning within the completion. */
export function openRouterTokens(counts: {
  readonly prompt: number | undefined;
  readonly completion: number | undefined;
  readonly reasoning: number | undefined;
  /** Undefined where it is not told apart. */
  readonly cached?: number | undefined;
}): Partial<TokenCounts> {
  const { prompt = 0, completion = 0, reasoning = 0, cached } = counts;
  return {
    ...divideTokens({
      total: prompt,
      parts: cached === undefined ? {} : { cacheRead: cached },
      rest: 'input',
    }),
    ...divideTokens({ total: completion, parts: { reasoning }, rest: 'output' }),
  };
}
