/**
 * Farthing's own form of a price list: `{ "rows": [{ "provider", "model", "rates", … }] }`, the form of the
 * list that comes along and of the file that `farthing prices update` writes.
 *
 * @module
 */
import { z } from 'zod';
import type { PriceRow } from '../price-list.ts';
import { canonicalProvider } from '../provider-names.ts';
import { absurdities } from './absurd.ts';

const rate = z.number().nonnegative();
const rates = z.strictObject({
  input: rate,
  output: rate,
  cacheRead: rate.optional(),
  cacheWrite5m: rate.optional(),
  cacheWrite30m: rate.optional(),
  cacheWrite1h: rate.optional(),
  cacheWrite12h: rate.optional(),
  reasoning: rate.optional(),
  inputAudio: rate.optional(),
  inputImage: rate.optional(),
  outputAudio: rate.optional(),
});
const band = z.strictObject({ abovePromptTokens: z.int().positive(), rates });
const minute = z.int().min(0).max(1440);
const window = z.strictObject({
  utcDays: z.array(z.int().min(0).max(6)).min(1),
  fromMinute: minute,
  toMinute: minute,
  rates,
});
const factor = z.number().positive();
const tier = z
  .strictObject({
    factor: factor.optional(),
    rates: rates.optional(),
    bands: z.array(band).optional(),
  })
  .refine((price) => (price.factor === undefined) !== (price.rates === undefined), {
    message: 'a service tier has a factor or rates, and not both',
  });
const day = z.string().regex(/^\d{4}-\d\d-\d\d$/, 'must be a date such as 2026-12-01');
const instant = z
  .string()
  .refine(
    (text) => /^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(Date.parse(text)),
    'must be a date such as 2026-12-01',
  );

const row = z.strictObject({
  provider: z.string().min(1),
  model: z.string().min(1),
  from: instant.optional(),
  until: instant.optional(),
  rates,
  bands: z.array(band).optional(),
  windows: z.array(window).optional(),
  tiers: z
    .strictObject({
      flex: tier.optional(),
      priority: tier.optional(),
      batch: tier.optional(),
      fast: tier.optional(),
    })
    .optional(),
  regions: z.record(z.string(), factor).optional(),
  fees: z.strictObject({ request: rate.optional(), search: rate.optional() }).optional(),
  source: z.string().min(1).optional(),
  asOf: day.optional(),
  maxOutputTokens: z.int().positive().optional(),
  contextTokens: z.int().positive().optional(),
  retiresOn: day.optional(),
});

const list = z.object({
  _source: z.object({ list: z.string().optional(), asOf: day.optional() }).optional(),
  rows: z.array(row),
});

/** What rows have that do not say it themselves. */
export interface RowDefaults {
  readonly source: string;
  /** ISO date. */
  readonly asOf: string;
}

/**
 * The rows of a list in Farthing's own form. A row without source or date takes those of the list's
 * `_source`, else the defaults. Throws an Error that names the first thing that is wrong with the form,
 * or every price that cannot be right.
 */
export function readOwnList(value: unknown, defaults: RowDefaults): readonly PriceRow[] {
  const form = list.safeParse(value);
  if (!form.success) {
    const [issue] = form.error.issues;
    const path = (issue?.path ?? []).map((part) =>
      typeof part === 'number' ? `[${part}]` : `.${String(part)}`,
    );
    throw new Error(
      `${path.join('').replace(/^\./, '') || 'the list'}: ${issue?.message ?? 'wrong form'}`,
    );
  }
  const { _source: source, rows } = form.data;
  const complete = rows.map(
    (of) =>
      ({
        ...of,
        provider: canonicalProvider(of.provider),
        source: of.source ?? source?.list ?? defaults.source,
        asOf: of.asOf ?? source?.asOf ?? defaults.asOf,
      }) as PriceRow,
  );
  const problems = absurdities(complete);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return complete;
}
