/**
 * Budgets, limits and the hold-out, as the rest of the house sees them.
 *
 * @module
 */

/**
 * Whose calls are meant; every part that is given must hold, and none means all calls. `*` is each value
 * by itself: a budget for the key `*` is one for each key.
 */
export interface Whose {
  /** A key's name. */
  readonly key?: string | undefined;
  /** A value of the tag `user`. */
  readonly user?: string | undefined;
  readonly task?: string | undefined;
  /** Values of tags, by their name. */
  readonly tag?: Readonly<Record<string, string>> | undefined;
}

/** Every value by itself. */
export const EACH = '*';

/** Calendar periods, in UTC; weeks begin on Monday. */
export const CALENDAR_UNITS = ['hour', 'day', 'week', 'month', 'year'] as const;
export type CalendarUnit = (typeof CALENDAR_UNITS)[number];

/** Over which time money is counted: a calendar period, the last so many ms, or for good. */
export type BudgetPeriod =
  | { readonly kind: 'calendar'; readonly unit: CalendarUnit }
  | { readonly kind: 'rolling'; readonly ms: number }
  | { readonly kind: 'total' };

/** Money that may be spent. */
export interface Budget {
  /** Unique, and the same from start to start: whose and per what, as text. */
  readonly id: string;
  readonly whose: Whose;
  readonly limitNano: number;
  readonly period: BudgetPeriod;
  /** False for a budget that only warns. */
  readonly hard: boolean;
  /** Shares of the limit at which somebody is told, ascending; always with 1. */
  readonly warnAt: readonly number[];
  /** Who is told. */
  readonly webhook: string | undefined;
  /** Whether calls of models without a price are let through a hard budget, which cannot count them. */
  readonly unpriced: 'refuse' | 'allow';
}

/** How fast may be asked. */
export interface RateLimit {
  readonly id: string;
  readonly whose: Whose;
  readonly requestsPerMinute: number | undefined;
  /** Prompt and answer tokens of all attempts. */
  readonly tokensPerMinute: number | undefined;
}

/** The random share of calls that the reference answers untouched, as control. */
export interface HoldOut {
  /** 0 to 1. */
  readonly share: number;
  /** What is drawn: each call, or all calls of a `user` or `conversation` (tags) together. */
  readonly by: 'call' | 'user' | 'conversation';
}

/** All of it. */
export interface Spending {
  /**
   * `required`: each call carries a virtual key. `none`: open to whoever reaches it, on purpose. Undefined:
   * open, and therefore only on this machine.
   */
  readonly keys: 'required' | 'none' | undefined;
  readonly budgets: readonly Budget[];
  readonly limits: readonly RateLimit[];
  readonly holdOut: HoldOut | undefined;
  /** Signs webhooks; undefined leaves them unsigned. Never logged. */
  readonly webhookSecret: string | undefined;
}
