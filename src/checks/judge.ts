/**
 * Judging an answer by all checks of its tier.
 *
 * @module
 */
import type { Tier } from '../config/config.ts';
import type { Outcome } from '../call.ts';
import type { CheckContext, Choice, Verdict } from './check.ts';

/** The word on a whole answer. */
export interface Judgement {
  readonly outcome: Outcome;
  /** Weighted share of the checks that passed, 0 to 1; the worst choice counts. */
  readonly score: number;
  /** What did not pass, or was mended, as `check: reason`. */
  readonly reasons: readonly string[];
  /** The choices, mended where that was possible. */
  readonly choices: readonly Choice[];
}

/** What a tier demands. */
export type Demand = Pick<Tier, 'accept' | 'threshold'>;

/** Milliseconds that one check may take: a user's own function may wait for something. */
const CHECK_TIMEOUT_MS = 5_000;

/**
 * Judges every choice; all must pass. Checks run in order, and see what checks before them mended.
 * Without a threshold every check must pass; with one, their weighted score must reach it. A check that
 * throws or takes longer than five seconds has not passed. Never throws.
 */
export async function judge(
  demand: Demand,
  choices: readonly Choice[],
  context: CheckContext,
): Promise<Judgement> {
  if (demand.accept.length === 0) return { outcome: 'unchecked', score: 1, reasons: [], choices };
  if (choices.length === 0)
    return { outcome: 'rejected', score: 0, reasons: ['no choices'], choices };
  const judged: Judged[] = [];
  for (const choice of choices) judged.push(await judgeChoice(demand, choice, context));
  const passed = judged.every((one) => one.passed);
  const repaired = judged.some((one) => one.repaired);
  return {
    outcome: passed ? (repaired ? 'repaired' : 'accepted') : 'rejected',
    score: Math.min(...judged.map(({ score }) => score)),
    reasons: [...new Set(judged.flatMap(({ reasons }) => reasons))],
    choices: judged.map(({ choice }) => choice),
  };
}

interface Judged {
  readonly passed: boolean;
  readonly repaired: boolean;
  readonly score: number;
  readonly reasons: readonly string[];
  readonly choice: Choice;
}

async function judgeChoice(
  { accept, threshold }: Demand,
  given: Choice,
  context: CheckContext,
): Promise<Judged> {
  let choice = given;
  let repaired = false;
  let scored = 0;
  let total = 0;
  let allPassed = true;
  const reasons: string[] = [];
  for (const { check, weight } of accept) {
    const verdict = await ask(() => check.judge(choice, context));
    total += weight;
    scored += weight * scoreOf(verdict);
    if (verdict.verdict === 'accept') continue;
    reasons.push(`${check.name}: ${verdict.reason}`);
    if (verdict.verdict === 'repair') {
      choice = verdict.choice;
      repaired = true;
    } else allPassed = false;
  }
  const score = total === 0 ? 1 : scored / total;
  return {
    passed: threshold === undefined ? allPassed : score >= threshold - 1e-9,
    repaired,
    score,
    reasons,
    choice,
  };
}

function scoreOf(verdict: Verdict): number {
  if (verdict.verdict === 'repair') return 1;
  const score = verdict.score ?? (verdict.verdict === 'accept' ? 1 : 0);
  return Number.isFinite(score) ? Math.min(1, Math.max(0, score)) : 0;
}

async function ask(check: () => Verdict | Promise<Verdict>): Promise<Verdict> {
  try {
    const verdict = check();
    return verdict instanceof Promise ? await withinTime(verdict) : verdict;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { verdict: 'escalate', reason: `failed: ${message.slice(0, 200)}` };
  }
}

async function withinTime(verdict: Promise<Verdict>): Promise<Verdict> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Verdict>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`took longer than ${CHECK_TIMEOUT_MS} ms`)),
      CHECK_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([verdict, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Why an answer that is still arriving can no longer pass; undefined while it can. With a threshold,
 * only when the checks that have failed outweigh what it leaves.
 */
export function earlyFailure(
  demand: Demand,
  textSoFar: string,
  context: CheckContext,
): string | undefined {
  let lost = 0;
  let total = 0;
  let first: string | undefined;
  for (const { check, weight } of demand.accept) {
    total += weight;
    const reason = check.early?.(textSoFar, context);
    if (reason === undefined) continue;
    lost += weight;
    first ??= `${check.name}: ${reason}`;
  }
  if (first === undefined || demand.threshold === undefined) return first;
  return (total - lost) / total < demand.threshold - 1e-9 ? first : undefined;
}
