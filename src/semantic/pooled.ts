/**
 * What several gateways on one ledger have learned, together: each adds what is new to what the others have
 * written meanwhile.
 *
 * @module
 */
import type { ScopeCounts, ScopeState } from './scope.ts';
import { WATCHED, type WrongRateState } from './wrong-rate.ts';

/** One scope, as it was when both sides were last alike, and as it is now on each side. */
export interface Sides {
  /** What is written; undefined where it is gone, and everything here is new. */
  readonly written: ScopeState | undefined;
  /** What was written when this gateway last read or wrote it; undefined where there was none. */
  readonly before: ScopeState | undefined;
  /** What this gateway knows. */
  readonly now: ScopeState;
}

/** All that is known of the scope, at the limit of this gateway. */
export function pooled({ written, before, now }: Sides): ScopeState {
  if (written === undefined) return now;
  return {
    ...now,
    usedAt: Math.max(written.usedAt, now.usedAt),
    counts: pooledCounts(written.counts, before?.counts, now.counts),
    rate: pooledRate(written.rate, before?.rate, now.rate),
  };
}

function pooledCounts(
  written: Readonly<ScopeCounts>,
  before: Readonly<ScopeCounts> | undefined,
  now: Readonly<ScopeCounts>,
): ScopeCounts {
  const sums = { ...now };
  for (const name of Object.keys(now) as (keyof ScopeCounts)[]) {
    sums[name] = written[name] + now[name] - (before?.[name] ?? 0);
  }
  return sums;
}

/**
 * An alarm drops all evidence there was. Where one side had one, what the other has learned since both were
 * alike is dropped with it: some of it is from before, and to learn it again errs to the safe side.
 */
function pooledRate(
  written: WrongRateState,
  before: WrongRateState | undefined,
  now: WrongRateState,
): WrongRateState {
  const alarmsBefore = before?.alarms ?? 0;
  const alarms = written.alarms + now.alarms - alarmsBefore;
  if (now.alarms > alarmsBefore) return { ...now, alarms };
  if (written.alarms > alarmsBefore) return { ...written, alarms };
  return {
    alarms,
    unknown: written.unknown + now.unknown - (before?.unknown ?? 0),
    counts: now.counts.map(([right, wrong], at) => {
      const [rightWritten, wrongWritten] = written.counts[at] ?? [0, 0];
      const [rightBefore, wrongBefore] = before?.counts[at] ?? [0, 0];
      return [rightWritten + right - rightBefore, wrongWritten + wrong - wrongBefore] as const;
    }),
    recent: [...written.recent, ...addedTo(before?.recent ?? [], now.recent)].slice(-WATCHED),
  };
}

/**
 * What was added at the end of a list that drops as much at its front. Where several readings fit, as in a
 * list of equals, the shortest: to miss hits that were right makes the alarm no later.
 */
function addedTo(before: readonly boolean[], now: readonly boolean[]): readonly boolean[] {
  for (let dropped = 0; dropped <= before.length; dropped++) {
    const kept = before.length - dropped;
    if (kept <= now.length && before.slice(dropped).every((one, at) => one === now[at])) {
      return now.slice(kept);
    }
  }
  return now;
}
