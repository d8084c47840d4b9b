/**
 * What a provider charges alike for all its models: service tiers, regions, searches.
 *
 * @module
 */
import type { PriceRow } from './price-list.ts';

/**
 * What providers charge alike for all their models, where a price says nothing else.
 * OpenAI: developers.openai.com/api/docs/pricing (batch and flex at half price). Anthropic:
 * platform.claude.com/docs/en/about-claude/pricing (batch at half price, `inference_geo` "us" 1.1 times,
 * web search 10 USD per 1,000). Gemini: ai.google.dev/gemini-api/docs/pricing (batch at half price).
 * Groq: console.groq.com/docs/flex-processing (at the ordinary price).
 */
const TERMS: ReadonlyMap<string, Pick<PriceRow, 'tiers' | 'regions' | 'fees'>> = new Map([
  ['openai', { tiers: { batch: { factor: 0.5 }, flex: { factor: 0.5 } } }],
  [
    'anthropic',
    { tiers: { batch: { factor: 0.5 } }, regions: { us: 1.1 }, fees: { search: 0.01 } },
  ],
  ['gemini', { tiers: { batch: { factor: 0.5 } } }],
  ['groq', { tiers: { flex: { factor: 1 } } }],
]);

/** A row with its provider's terms where it says nothing else. */
export function withTerms(row: PriceRow): PriceRow {
  const { tiers, regions, fees } = TERMS.get(row.provider) ?? {};
  return {
    ...(regions === undefined ? {} : { regions }),
    ...row,
    ...(tiers === undefined ? {} : { tiers: { ...tiers, ...row.tiers } }),
    ...(fees === undefined ? {} : { fees: { ...fees, ...row.fees } }),
  };
}
