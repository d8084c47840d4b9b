/**
 * The form of a price in the configuration.
 *
 * @module
 */
import { z } from 'zod';

const rate = z
  .number('must be a number, USD per 1M tokens')
  .nonnegative('must not be negative: it is USD per 1M tokens');

const rates = {
  input: rate.describe('USD per 1M uncached input tokens'),
  output: rate.describe('USD per 1M output tokens'),
  'cache-read': rate
    .optional()
    .describe('USD per 1M tokens read from the provider’s cache; default: input'),
  'cache-write': rate
    .optional()
    .describe('USD per 1M tokens written to the provider’s cache; default: input'),
  'cache-write-30m': rate
    .optional()
    .describe('The same for entries that live 30 minutes; default: cache-write'),
  'cache-write-1h': rate
    .optional()
    .describe('The same for entries that live an hour; default: that of the shorter time'),
  'cache-write-12h': rate
    .optional()
    .describe('The same for entries that live 12 hours; default: that of the shorter time'),
  reasoning: rate.optional().describe('USD per 1M reasoning tokens; default: output'),
  'input-audio': rate.optional().describe('USD per 1M audio input tokens; default: input'),
  'input-image': rate.optional().describe('USD per 1M image input tokens; default: input'),
  'output-audio': rate.optional().describe('USD per 1M audio output tokens; default: output'),
};

const band = z
  .strictObject({
    above: z.int().positive().describe('Prompt tokens, cached ones included, exclusive'),
    ...rates,
  })
  .describe('Rates of the whole request for prompts above a size');

const tierPrice = z
  .union([z.number().positive('must be above zero'), z.strictObject(rates)])
  .describe('A factor on all rates, such as 0.5, or rates of its own');

const day = z
  .string()
  .refine((text) => !Number.isNaN(Date.parse(text)), 'must be a date such as 2026-12-01');

const fee = z.number().nonnegative('must not be negative');

/** A price as users write it: USD per 1M tokens. */
export const price = z
  .strictObject({
    ...rates,
    bands: z.array(band).optional(),
    flex: tierPrice.optional(),
    priority: tierPrice.optional(),
    batch: tierPrice.optional(),
    fast: tierPrice.optional(),
    'per-request': fee.optional().describe('USD for each answered request'),
    'per-search': fee.optional().describe('USD for each web search of the provider'),
    from: day.optional().describe('The price holds from here on (UTC); default: always'),
    until: day.optional().describe('Exclusive; default: for good'),
    unusual: z
      .boolean()
      .optional()
      .describe('True for a price that is right although it is far off the public list'),
  })
  .describe('A price, in USD per 1M tokens');

/** A price as it stands in the file. */
export type PriceForm = z.infer<typeof price>;
/** Rates as they stand in the file. */
export type RatesForm = z.infer<typeof band>;
