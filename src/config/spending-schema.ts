/**
 * Budgets, limits and the hold-out, as they stand in the file.
 *
 * @module
 */
import { z } from 'zod';
import { CALENDAR_UNITS } from './spending.ts';
import { parseDuration, parseMoney, parseShare } from './units.ts';

const share = z
  .union([z.number(), z.string()])
  .refine(
    (value) => parseShare(value) !== undefined,
    'must be a share such as 2% or 0.02, from 0 to 100%',
  );

const whose = z
  .strictObject({
    key: z.string().min(1).optional().describe('A key’s name; * is each key by itself'),
    user: z.string().min(1).optional().describe('A value of the tag user; * is each'),
    task: z.string().min(1).optional().describe('A task; * is each'),
    tag: z
      .record(z.string(), z.string().min(1))
      .optional()
      .describe('Values of tags; * is each value by itself'),
  })
  .optional()
  .describe('Whose calls; all parts that are given must hold; left out: all calls together');

export const budget = z
  .strictObject({
    match: whose,
    usd: z
      .union([z.number(), z.string()])
      .refine(
        (value) => parseMoney(value) !== undefined,
        'must be an amount in US dollars such as 25',
      )
      .describe('What may be spent, in USD'),
    per: z
      .string()
      .refine(
        (value) =>
          value === 'total' ||
          (CALENDAR_UNITS as readonly string[]).includes(value) ||
          (parseDuration(value) ?? 0) >= 60_000,
        `must be ${CALENDAR_UNITS.join(', ')} (UTC), total, or a rolling window such as 24h`,
      )
      .describe('hour, day, week, month, year (UTC), total, or a rolling window such as 24h'),
    hard: z
      .boolean()
      .optional()
      .describe('False only warns; default true: calls that do not fit are refused'),
    'warn-at': z
      .array(share)
      .optional()
      .describe('Shares of the budget at which the webhook is called once'),
    webhook: z
      .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
      .optional()
      .describe('Told when a share of warn-at, or all, is spent'),
    unpriced: z
      .enum(['refuse', 'allow'])
      .optional()
      .describe(
        'What becomes of calls whose cost is not known; default refuse, allow where not hard',
      ),
  })
  .describe('Money that may be spent');

export const limit = z
  .strictObject({
    match: whose,
    'requests-per-minute': z.int().positive().optional(),
    'tokens-per-minute': z.int().positive().optional(),
  })
  .refine(
    (given) => (given['requests-per-minute'] ?? given['tokens-per-minute']) !== undefined,
    'must name requests-per-minute, tokens-per-minute, or both',
  )
  .describe('How fast may be asked');

export const holdOut = z
  .strictObject({
    share: share.describe('Share of calls that the reference answers untouched, such as 2%'),
    by: z
      .enum(['call', 'user', 'conversation'])
      .optional()
      .describe(
        'What is drawn: each call (default), or all of a user’s or conversation’s together',
      ),
  })
  .describe('Control: a random share of calls that the reference answers untouched');

/** A budget as it stands in the file. */
export type BudgetForm = z.infer<typeof budget>;
export type LimitForm = z.infer<typeof limit>;
export type HoldOutForm = z.infer<typeof holdOut>;
export type WhoseForm = z.infer<typeof whose>;
