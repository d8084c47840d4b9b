/**
 * Traffic with repetition through all kinds of cache together. The distribution is an assumption, not a
 * measurement; its numbers are {@link ASSUMED}.
 */
import { BruteIndex } from '../../src/semantic/brute-index.ts';
import { refusal, type NamedGuard } from '../../src/semantic/guards/guards.ts';
import { WrongRate } from '../../src/semantic/wrong-rate.ts';
import type { Labelled } from './banking.ts';
import { generator, shuffled } from './random.ts';

/** What is assumed of the traffic. */
export const ASSUMED = {
  calls: 40_000,
  tenants: 5,
  /** Share of calls by tenant. */
  tenantShares: [0.5, 0.25, 0.15, 0.07, 0.03],
  /** Questions that a tenant's customers ask, by rank r with a weight of 1 / r^exponent. */
  questionsPerTenant: 10_000,
  exponent: 0.9,
  /** Share of calls that write their question otherwise: case, spaces, a full stop. */
  reformatted: 0.3,
  /** Share of calls that come as a burst of two to five at once. */
  bursts: 0.05,
  /** Share of would-be hits that are judged: all while the model answers, for labels are compared for nothing. */
  shadowShare: 1,
  verifyShare: 0.05,
} as const;

/** Who answered. */
export type By = 'exact' | 'normalised' | 'coalesced' | 'semantic' | 'model';

/** What came of the replay. */
export interface Replayed {
  readonly calls: number;
  readonly by: Readonly<Record<By, number>>;
  /** Semantic hits of another intent. */
  readonly wrong: number;
  /** Calls to the model that only verified a served hit. */
  readonly verifying: number;
  /** Tenants that were served by likeness at the end. */
  readonly serving: number;
}

/** What a replay works with; without an embedder's vectors there are no semantic hits. */
export interface ReplayOptions {
  readonly questions: readonly Labelled[];
  readonly vectorOf: (text: string) => Float32Array | undefined;
  readonly guards: readonly NamedGuard[];
  readonly maxWrong: number;
}

interface Tenant {
  readonly pool: readonly Labelled[];
  readonly exact: Set<string>;
  readonly normal: Set<string>;
  readonly index: BruteIndex | undefined;
  readonly kept: Labelled[];
  readonly rate: WrongRate;
}

/** Runs it; the same options give the same. */
export function replay(options: ReplayOptions): Replayed {
  const random = generator(4960);
  // Judging must not change what is asked.
  const judging = generator(4961);
  const weights = cumulative(ASSUMED.questionsPerTenant, ASSUMED.exponent);
  const tenants = ASSUMED.tenantShares.map(() => newTenant(options, random));
  const by: Record<By, number> = { exact: 0, normalised: 0, coalesced: 0, semantic: 0, model: 0 };
  let [calls, wrong, verifying] = [0, 0, 0];
  while (calls < ASSUMED.calls) {
    const tenant = tenants[draw(cumulativeShares, random())] ?? tenants[0];
    const asked = tenant?.pool[draw(weights, random())];
    if (tenant === undefined || asked === undefined) continue;
    const text = random() < ASSUMED.reformatted ? reformat(asked.text, random) : asked.text;
    const answered = answer(
      tenant,
      { text, intent: asked.intent },
      { ...options, random: judging },
    );
    by[answered.by]++;
    calls++;
    if (answered.wrong) wrong++;
    if (answered.verified) verifying++;
    if (random() < ASSUMED.bursts) {
      const more = 1 + Math.floor(random() * 4);
      // Those that come at once wait for the same answer, or find it kept.
      by[
        answered.by === 'model' ? 'coalesced' : answered.by === 'semantic' ? 'semantic' : 'exact'
      ] += more;
      if (answered.wrong) wrong += more;
      calls += more;
    }
  }
  const serving = tenants.filter(({ rate }) => rate.threshold !== undefined).length;
  return { calls, by, wrong, verifying, serving };
}

const cumulativeShares = ASSUMED.tenantShares.map((_, at) =>
  ASSUMED.tenantShares.slice(0, at + 1).reduce((sum, share) => sum + share, 0),
);

function newTenant({ questions, vectorOf, maxWrong }: ReplayOptions, random: () => number): Tenant {
  const pool = shuffled(questions, random).slice(0, ASSUMED.questionsPerTenant);
  const dimensions = vectorOf(pool[0]?.text ?? '')?.length;
  return {
    pool,
    exact: new Set(),
    normal: new Set(),
    index: dimensions === undefined ? undefined : new BruteIndex(dimensions),
    kept: [],
    rate: new WrongRate(maxWrong),
  };
}

interface Answered {
  readonly by: By;
  readonly wrong: boolean;
  readonly verified: boolean;
}

function answer(
  tenant: Tenant,
  asked: Labelled,
  options: ReplayOptions & { readonly random: () => number },
): Answered {
  const plain = (by: By): Answered => ({ by, wrong: false, verified: false });
  if (tenant.exact.has(asked.text)) return plain('exact');
  const normal = normalise(asked.text);
  if (tenant.normal.has(normal)) return plain('normalised');
  const vector = options.vectorOf(normal);
  const near =
    vector === undefined ? undefined : nearest(tenant, { vector, asked }, options.guards);
  const { threshold } = tenant.rate;
  if (near !== undefined) {
    const served = threshold !== undefined && near.similarity >= threshold;
    const verdict = near.wrong ? 'wrong' : 'right';
    const judged = options.random() < (served ? ASSUMED.verifyShare : ASSUMED.shadowShare);
    if (judged) tenant.rate.record({ similarity: near.similarity, verdict, served });
    if (served) return { by: 'semantic', wrong: near.wrong, verified: judged };
  }
  tenant.exact.add(asked.text);
  tenant.normal.add(normal);
  if (vector !== undefined) tenant.index?.add(tenant.kept.push(asked) - 1, vector);
  return plain('model');
}

function nearest(
  { index, kept }: Tenant,
  { vector, asked }: { readonly vector: Float32Array; readonly asked: Labelled },
  guards: readonly NamedGuard[],
): { similarity: number; wrong: boolean } | undefined {
  for (const { id, similarity } of index?.nearest(vector, 4) ?? []) {
    const entry = kept[id];
    if (entry === undefined || similarity < 0.5) return undefined;
    if (refusal(guards, asked.text, entry.text) !== undefined) continue;
    return { similarity, wrong: entry.intent !== asked.intent };
  }
  return undefined;
}

/** What the exact cache's normalisation of space and case does. */
export function normalise(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/\s+/g, ' ')
    .replace(/[.!?\s]+$/, '')
    .trim();
}

function reformat(text: string, random: () => number): string {
  const way = Math.floor(random() * 4);
  if (way === 0) return text.toLowerCase();
  if (way === 1) return text.replace(/[.!?]+$/, '');
  if (way === 2) return `${text} `;
  return text.replace(' ', '  ');
}

function cumulative(count: number, exponent: number): number[] {
  let sum = 0;
  const sums = Array.from({ length: count }, (_, at) => (sum += 1 / (at + 1) ** exponent));
  return sums.map((value) => value / sum);
}

/** The first place whose cumulative share is above the number. */
function draw(shares: readonly number[], at: number): number {
  let [low, high] = [0, shares.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((shares[middle] ?? 1) > at) high = middle;
    else low = middle + 1;
  }
  return low;
}
