/**
 * The saving, measured: what calls cost that the reference answered untouched, against what calls cost
 * that were treated, and how sure that is.
 *
 * @module
 */
import type { ArmSums } from '../stores/report.ts';

/** A difference of means with its interval. Money is nano-dollars a call. */
export interface MeasuredSaving {
  readonly heldOut: ArmMean;
  readonly treated: ArmMean;
  /** Mean cost of a held-out call less that of a treated one. */
  readonly perCall: number;
  /** Half the width of the 95 % interval around {@link perCall}; undefined while there are too few. */
  readonly margin: number | undefined;
  /** What all treated calls saved together, by this measure, in nano-dollars. */
  readonly total: number;
  /** What the ledger attributes to a treated call, on average. */
  readonly attributedPerCall: number;
  /** `agrees`: the attributed saving lies within the interval. */
  readonly verdict: 'agrees' | 'disagrees' | 'too few';
  /**
   * Held-out calls that are still needed until the margin is as small as was wanted, at the shares and the
   * variation seen so far; undefined while nothing can be said.
   */
  readonly stillNeeded: number | undefined;
}

/** One side. */
export interface ArmMean {
  readonly calls: number;
  /** Calls, users or conversations: whatever was drawn. */
  readonly units: number;
  /** Nano-dollars a call. */
  readonly mean: number;
}

/** Units that each side must have before an interval is given: fewer say nothing about a skewed cost. */
const LEAST_UNITS = 10;
/** 97.5th percentile of the normal distribution. */
const Z = 1.959964;

/**
 * Compares the two sides. Undefined while either has no calls.
 *
 * Each mean is the ratio of Σ cost to Σ calls over units; its variance is that of the ratio estimator,
 * s²(cost − mean × calls) / (n × (mean calls of a unit)²) (Cochran, Sampling Techniques, 6.3), which for
 * units of one call each is the usual s²/n. The interval is Welch's: the variances of both sides add up,
 * with his degrees of freedom.
 *
 * `wantedMargin` is the share of the held-out mean that the margin should be.
 */
export function measureSaving(
  arms: readonly ArmSums[],
  wantedMargin: number,
): MeasuredSaving | undefined {
  const heldOut = arms.find(({ arm }) => arm === 'hold-out');
  const treated = arms.find(({ arm }) => arm === 'treated');
  if (heldOut === undefined || treated === undefined) return undefined;
  if (heldOut.calls === 0 || treated.calls === 0) return undefined;
  const perCall = meanOf(heldOut) - meanOf(treated);
  const margin = marginOf(heldOut, treated);
  const attributed = (treated.reference_nano_usd - treated.cost_nano_usd) / treated.calls;
  return {
    heldOut: { calls: heldOut.calls, units: heldOut.units, mean: meanOf(heldOut) },
    treated: { calls: treated.calls, units: treated.units, mean: meanOf(treated) },
    perCall,
    margin,
    total: Math.round(perCall * treated.calls),
    attributedPerCall: attributed,
    verdict:
      margin === undefined
        ? 'too few'
        : Math.abs(attributed - perCall) <= margin
          ? 'agrees'
          : 'disagrees',
    stillNeeded: margin === undefined ? undefined : stillNeeded(heldOut, treated, wantedMargin),
  };
}

function meanOf({ cost_nano_usd: cost, calls }: ArmSums): number {
  return cost / calls;
}

/** Variance of the mean over units. */
function varianceOfMean(arm: ArmSums): number {
  const { units, calls } = arm;
  const mean = meanOf(arm);
  const residuals = arm.cost_squared - 2 * mean * arm.calls_cost + mean * mean * arm.calls_squared;
  const callsAUnit = calls / units;
  return Math.max(0, residuals) / (units - 1) / units / (callsAUnit * callsAUnit);
}

function marginOf(heldOut: ArmSums, treated: ArmSums): number | undefined {
  if (heldOut.units < LEAST_UNITS || treated.units < LEAST_UNITS) return undefined;
  const [a, b] = [varianceOfMean(heldOut), varianceOfMean(treated)];
  const freedom =
    (a + b) ** 2 / (a ** 2 / (heldOut.units - 1) + b ** 2 / (treated.units - 1) || Infinity);
  return studentT(freedom) * Math.sqrt(a + b);
}

/** Both sides grow alike: the margin falls with the root of their size. */
function stillNeeded(heldOut: ArmSums, treated: ArmSums, wantedMargin: number): number {
  const wanted = wantedMargin * meanOf(heldOut);
  const variance = varianceOfMean(heldOut) + varianceOfMean(treated);
  if (wanted <= 0) return 0;
  const factor = (variance * Z * Z) / (wanted * wanted);
  return Math.max(0, Math.ceil(heldOut.calls * (factor - 1)));
}

/**
 * 97.5th percentile of Student's t by its expansion around the normal one (Abramowitz and Stegun,
 * 26.7.5); within 0.1 % from nine degrees of freedom on.
 */
export function studentT(freedom: number): number {
  if (!(freedom > 0) || !Number.isFinite(freedom)) return Z;
  const z2 = Z * Z;
  const first = (Z * (z2 + 1)) / 4;
  const second = (Z * (5 * z2 * z2 + 16 * z2 + 3)) / 96;
  const third = (Z * (3 * z2 ** 3 + 19 * z2 ** 2 + 17 * z2 - 15)) / 384;
  return Z + first / freedom + second / freedom ** 2 + third / freedom ** 3;
}
