/**
 * OpenAI's costs API: `GET /v1/organization/costs`, grouped by `line_item` where models are to be told apart.
 *
 * @module
 */
import type { TokenClass, TokenCounts } from '../pricing/usage.ts';
import type { ExportRow } from './export-row.ts';
import { type JsonReader, periodOf, type ProviderDay } from './provider-day.ts';

const FORMAT = 'OpenAI costs API';
const DIMENSIONS = ['line_item', 'project_id', 'user_id', 'api_key_id', 'api_source'];

/** Amounts are in dollars. */
export const openaiCosts: JsonReader = {
  format: FORMAT,
  recognises: (page) =>
    page
      .parts('data')
      .some((bucket) =>
        bucket.parts('results').some((row) => row.text('object') === 'organization.costs.result'),
      ),
  read(pages, file) {
    const buckets = pages.flatMap((page) => page.parts('data'));
    const days = buckets.flatMap((bucket) =>
      bucket.parts('results').map((row) => ({
        day: bucket.day('start_time'),
        ...costOf(row),
        identity: bucket.identity(['start_time', 'end_time']) + row.identity(DIMENSIONS),
      })),
    );
    return {
      file,
      format: FORMAT,
      rank: 2,
      provider: 'openai',
      utcOffsetMinutes: 0,
      period: periodOf(buckets.map((bucket) => bucket.day('start_time'))),
      measures: days.some(({ tokens }) => tokens !== undefined) ? ['cost', 'tokens'] : ['cost'],
      complete: pages.at(-1)?.text('has_more') !== 'true',
      days,
      notes: [],
    };
  },
};

function costOf(row: ExportRow): Omit<ProviderDay, 'day' | 'identity'> {
  const amount = row.part('amount');
  const line = parseLineItem(row.text('line_item'));
  return {
    model: line.model,
    item: line.item,
    serviceTier: line.serviceTier,
    tokens: line.tokenClass === undefined ? undefined : quantity(row, line.tokenClass),
    costNano: amount.nano('value', 'dollars') ?? 0,
    currency: (amount.text('currency') ?? 'usd').toUpperCase(),
  };
}

function quantity(row: ExportRow, name: TokenClass): Partial<TokenCounts> | undefined {
  const unit = row.text('quantity_unit');
  if (unit !== 'tokens' && unit !== '1000_tokens') return undefined;
  const tokens = Number(row.text('quantity')) * (unit === 'tokens' ? 1 : 1000);
  return Number.isFinite(tokens) ? { [name]: Math.round(tokens) } : undefined;
}

interface LineItem {
  readonly model?: string;
  readonly item?: string;
  readonly serviceTier?: string;
  readonly tokenClass?: TokenClass;
}

const TOKEN_CLASS: Readonly<Record<string, TokenClass>> = {
  input: 'input',
  'cached input': 'cacheRead',
  'cache writes': 'cacheWrite30m',
  output: 'output',
  'audio input': 'inputAudio',
  'audio output': 'outputAudio',
  'image input': 'inputImage',
};

/**
 * Line items are one text: `gpt-4o-2024-08-06, cached input`, `gpt-audio-mini audio, input`,
 * `priority | gpt-5.6-sol, output, long context`, `web search tool calls`. Fine-tuned models begin with
 * `ft-` here and with `ft:` everywhere else.
 */
export function parseLineItem(text: string | undefined): LineItem {
  if (text === undefined) return {};
  const found = /^(?:(\w+) \| )?([^\s,|]+)(?: (audio|image|text))?, ([^,]+)/.exec(text);
  if (found === null) return { item: text };
  const [, tier, model = '', medium, what = ''] = found;
  const tokenClass =
    TOKEN_CLASS[medium === undefined || medium === 'text' ? what : `${medium} ${what}`];
  return {
    model: model.replace(/^ft-/, 'ft:'),
    ...(tier === undefined ? {} : { serviceTier: tier }),
    ...(tokenClass === undefined ? {} : { tokenClass }),
  };
}
