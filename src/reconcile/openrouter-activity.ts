/**
 * OpenRouter's activity by day: `GET /api/v1/activity`.
 *
 * @module
 */
import type { ExportRow } from './export-row.ts';
import { type JsonReader, periodOf } from './provider-day.ts';
import { openRouterTokens } from './openrouter-activity-csv.ts';

const FORMAT = 'OpenRouter activity API';
const DIMENSIONS = ['date', 'model_permaslug', 'model', 'endpoint_id', 'workspace_id'];

/** Usage is in dollars. What is paid to a provider by one's own key is not on OpenRouter's bill. */
export const openRouterActivity: JsonReader = {
  format: FORMAT,
  recognises: (page) => page.parts('data').some((row) => row.has('date') && row.has('usage')),
  read(pages, file) {
    const rows = pages.flatMap((page) => page.parts('data'));
    return {
      file,
      format: FORMAT,
      rank: 0,
      provider: 'openrouter',
      utcOffsetMinutes: 0,
      period: periodOf(rows.map((row) => row.day('date'))),
      measures: ['cost', 'requests', 'tokens'],
      complete: true,
      days: rows.map((row) => ({
        day: row.day('date'),
        model: modelOf(row),
        requests: row.count('requests'),
        tokens: openRouterTokens({
          prompt: row.count('prompt_tokens'),
          completion: row.count('completion_tokens'),
          reasoning: row.count('reasoning_tokens'),
        }),
        costNano: row.nano('usage', 'dollars') ?? 0,
        currency: 'USD',
        identity: row.identity(DIMENSIONS),
      })),
      notes: [],
    };
  },
};

function modelOf(row: ExportRow): string | undefined {
  return row.text('model_permaslug') ?? row.text('model');
}
