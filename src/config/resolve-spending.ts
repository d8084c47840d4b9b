/**
 * Budgets, limits and the hold-out: from the file's form into what is meant.
 *
 * @module
 */
import { nearest } from '../pricing/nearest.ts';
import { type Environment, readVariable } from './environment.ts';
import type { Problems } from './problems.ts';
import type { FileForm } from './schema.ts';
import {
  type Budget,
  type BudgetPeriod,
  CALENDAR_UNITS,
  type CalendarUnit,
  EACH,
  type RateLimit,
  type Spending,
  type Whose,
} from './spending.ts';
import type { BudgetForm, LimitForm, WhoseForm } from './spending-schema.ts';
import { parseDuration, parseMoney, parseShare } from './units.ts';

/** What names of tasks begin with that are found, not configured (`stages/identify/template-index.ts`). */
const FOUND_PREFIX = 't-';

/** The environment variable that holds the secret of webhooks where the file does not name one. */
const WEBHOOK_SECRET = 'FARTHING_WEBHOOK_SECRET';

/** What resolving needs. */
export interface SpendingOptions {
  readonly environment: Environment;
  readonly problems: Problems;
}

/** Resolves all of it. What is wrong is added to the problems. */
export function resolveSpending(
  form: FileForm,
  { environment, problems }: SpendingOptions,
): Spending {
  const budgets = (form.budgets ?? []).map(resolveBudget);
  const limits = (form.limits ?? []).map(resolveLimit);
  refuseTwins('budgets', budgets, problems);
  refuseTwins('limits', limits, problems);
  for (const [list, rules] of [
    ['budgets', budgets],
    ['limits', limits],
  ] as const) {
    for (const [at, { whose }] of rules.entries()) {
      if (whose.key !== undefined && form.keys !== 'required') {
        problems.add([list, at, 'match', 'key'], 'needs "keys: required": else no call has a key');
      }
      const missing = missingTask(whose, Object.keys(form.tasks ?? {}));
      if (missing !== undefined) problems.add([list, at, 'match', 'task'], missing);
    }
  }
  const { 'hold-out': held } = form;
  return {
    keys: form.keys,
    budgets,
    limits,
    holdOut:
      held === undefined
        ? undefined
        : { share: parseShare(held.share) ?? 0, by: held.by ?? 'call' },
    webhookSecret: form['webhook-secret'] ?? readVariable(WEBHOOK_SECRET, environment),
  };
}

/** What is wrong with a rule's task: one that no call ever has would hold nothing. */
function missingTask({ task }: Whose, tasks: readonly string[]): string | undefined {
  if (task === undefined || task === EACH || tasks.includes(task)) return undefined;
  if (task.startsWith(FOUND_PREFIX)) return undefined;
  const close = nearest(task, tasks);
  const hint = close === undefined ? '' : `; did you mean "${close}"?`;
  return `there is no task "${task}"${hint}`;
}

function resolveBudget(form: BudgetForm): Budget {
  const whose = resolveWhose(form.match);
  const hard = form.hard ?? true;
  const shares = (form['warn-at'] ?? []).map((share) => parseShare(share) ?? 1);
  return {
    id: `${whoseText(whose)}/${form.per}`,
    whose,
    limitNano: parseMoney(form.usd) ?? 0,
    period: periodOf(form.per),
    hard,
    warnAt: [...new Set([...shares, 1])].toSorted((a, b) => a - b),
    webhook: form.webhook,
    unpriced: form.unpriced ?? (hard ? 'refuse' : 'allow'),
  };
}

function resolveLimit(form: LimitForm): RateLimit {
  const whose = resolveWhose(form.match);
  return {
    id: `${whoseText(whose)}/minute`,
    whose,
    requestsPerMinute: form['requests-per-minute'],
    tokensPerMinute: form['tokens-per-minute'],
  };
}

function resolveWhose({ key, user, task, tag }: NonNullable<WhoseForm> = {}): Whose {
  return { key, user, task, tag };
}

/** `key=team-a,tag.feature=draft`; `all` without any part. Quoted where it could be taken for another's. */
function whoseText({ key, user, task, tag = {} }: Whose): string {
  const named = { key, user, task };
  const tags = Object.entries(tag).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const parts = [
    ...Object.entries(named).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${quoted(value)}`],
    ),
    ...tags.map(([name, value]) => `tag.${quoted(name)}=${quoted(value)}`),
  ];
  return parts.length === 0 ? 'all' : parts.join(',');
}

function quoted(text: string): string {
  return /[\s/,="]/.test(text) ? JSON.stringify(text) : text;
}

function periodOf(per: string): BudgetPeriod {
  if (per === 'total') return { kind: 'total' };
  if ((CALENDAR_UNITS as readonly string[]).includes(per)) {
    return { kind: 'calendar', unit: per as CalendarUnit };
  }
  return { kind: 'rolling', ms: parseDuration(per) ?? 0 };
}

/** Two of the same whose and time would count everything twice. */
function refuseTwins(
  list: 'budgets' | 'limits',
  entries: readonly { readonly id: string }[],
  problems: Problems,
): void {
  const seen = new Set<string>();
  for (const [index, { id }] of entries.entries()) {
    if (seen.has(id)) problems.add([list, index], `there are two for ${id}; keep one`);
    seen.add(id);
  }
}
