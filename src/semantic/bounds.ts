/**
 * Upper and lower bounds of a share that was counted.
 *
 * @module
 */

/** Halvings of an interval: more than a double can tell apart. */
const HALVINGS = 60;

/**
 * The upper bound of a share of which `hits` of `of` were counted: at the given confidence the true share
 * is not above it, for one look at a number of trials that was fixed before. Clopper and Pearson (1934),
 * Biometrika 26, 404. 1 where nothing was counted.
 */
export function clopperPearsonUpper(hits: number, of: number, confidence = 0.95): number {
  if (of === 0 || hits >= of) return 1;
  // The share at which so few hits are just that unlikely.
  return bisect(hits / of, 1, (share) => atMost(hits, of, share) > 1 - confidence);
}

/** The lower bound in the same sense. */
export function clopperPearsonLower(hits: number, of: number, confidence = 0.95): number {
  return hits === 0 ? 0 : 1 - clopperPearsonUpper(of - hits, of, confidence);
}

/** How sure a bound is to be that holds at all times, and the share that the true one is to be told from. */
export interface AnytimeOptions {
  readonly confidence: number;
  readonly aim: number;
}

/**
 * An upper bound that holds at all looks together: with the given confidence the true share is never above
 * it, however often and whenever one looks. From a mixture of likelihood ratios over Beta(½, b) and Ville's
 * inequality (Robbins 1970, Ann. Math. Stat. 41, 1397). The mixture's mean is about a quarter of `aim`, where
 * the bound is then tightest; it is valid for any.
 */
export function anytimeUpper(hits: number, of: number, options: AnytimeOptions): number {
  if (of === 0 || hits >= of) return 1;
  return bisect(hits / of, 1, (share) => !excludes(hits, of, { ...options, share }));
}

/** True where {@link anytimeUpper} is at most `aim`, without looking for where it is. */
export function isAnytimeBelow(hits: number, of: number, options: AnytimeOptions): boolean {
  return (
    of > 0 && hits / of < options.aim && excludes(hits, of, { ...options, share: options.aim })
  );
}

/** Whether what was counted is too unlikely at a share, beside the mixture. */
function excludes(
  hits: number,
  of: number,
  { confidence, aim, share }: AnytimeOptions & { readonly share: number },
): boolean {
  const a = 0.5;
  const b = (4 * a) / aim;
  const mixture = logBeta(a + hits, b + of - hits) - logBeta(a, b);
  const likelihood = (hits === 0 ? 0 : hits * Math.log(share)) + (of - hits) * Math.log1p(-share);
  return mixture - likelihood >= -Math.log(1 - confidence);
}

/** Where `holds` turns from true to false between two numbers. */
function bisect(from: number, to: number, holds: (at: number) => boolean): number {
  let [low, high] = [from, to];
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (low + high) / 2;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return high;
}

/** Probability of at most `hits` of `of` at a share, by summing the binomial's terms. */
function atMost(hits: number, of: number, share: number): number {
  if (share >= 1) return 0;
  const odds = share / (1 - share);
  // Terms are added up from the largest down, relative to it: they neither vanish nor overflow.
  let term = 1;
  let sum = 1;
  for (let k = hits; k > 0 && term > 1e-18; k--) {
    term *= k / ((of - k + 1) * odds);
    sum += term;
  }
  const largest =
    logGamma(of + 1) -
    logGamma(hits + 1) -
    logGamma(of - hits + 1) +
    hits * Math.log(share) +
    (of - hits) * Math.log1p(-share);
  return Math.min(1, sum * Math.exp(largest));
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** Lanczos' approximation, g = 7, nine terms; relative error below 1e-13 for positive arguments. */
const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

function logGamma(value: number): number {
  // Below 1 by the recurrence: the approximation is for arguments from ½ on.
  const x = value - 1;
  let sum = 0.99999999999980993;
  for (const [index, term] of LANCZOS.entries()) sum += term / (x + index + 1);
  const t = x + LANCZOS.length - 0.5;
  return 0.5 * Math.log(2 * Math.PI) + (x + 0.5) * Math.log(t) - t + Math.log(sum);
}
