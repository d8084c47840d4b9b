/**
 * Which entries a full cache should drop: the policies side by side on one made-up stream of calls.
 *
 *     npm run bench:eviction [-- --json]
 *
 * Assumed, not measured: how often which question is asked (Zipf with s = 0.9 over 100,000 questions, of
 * which the popular ones change: each 20,000 calls a fiftieth of the ranks is dealt anew), how long answers are
 * (log-normal, median 1.2 KB, a fiftieth of them embeddings of 20 KB), and which model answers (1 in 5
 * calls a model of 30 times the price). Size, cost and popularity are independent of each other.
 */
import { parseArgs } from 'node:util';
import type { Entry } from '../src/cache/entry.ts';
import { type EvictionPolicy, lfu, lru, savedPerByte } from '../src/cache/eviction.ts';
import { MemoryCache } from '../src/cache/memory-cache.ts';
import { NO_TOKENS } from '../src/pricing/usage.ts';

const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false } } });

const QUESTIONS = 100_000;
const CALLS = 400_000;
const WARM_UP = 100_000;
const SKEW = 0.9;
const DEALT_EACH = 20_000;
/** Pairs of ranks that change places. */
const DEALT_ANEW = QUESTIONS / 100;
const SEEDS = [1, 2, 3, 4, 5];
/** Room, as a share of what all answers together take. */
const ROOMS = [0.01, 0.05, 0.2];
const POLICIES: Readonly<Record<string, EvictionPolicy>> = {
  'least recently used': lru,
  'least frequently used': lfu,
  'saved per byte': savedPerByte,
};

/** Mulberry32: the same stream for all. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Stream {
  readonly calls: Uint32Array;
  readonly entries: readonly Entry[];
  readonly bytes: number;
}

function streamOf(seed: number): Stream {
  const draw = random(seed);
  const entries = Array.from({ length: QUESTIONS }, (_, index) => entryOf(index, draw));
  const cumulated: number[] = [];
  let sum = 0;
  for (let rank = 1; rank <= QUESTIONS; rank++) cumulated.push((sum += rank ** -SKEW));
  const ofRank = Uint32Array.from({ length: QUESTIONS }, (_, index) => index);
  const swap = (a: number, b: number): void => {
    const before = ofRank[a] ?? 0;
    ofRank[a] = ofRank[b] ?? 0;
    ofRank[b] = before;
  };
  for (let at = QUESTIONS - 1; at > 0; at--) swap(at, Math.floor(draw() * (at + 1)));
  const calls = Uint32Array.from({ length: CALLS }, (_, call) => {
    if (call % DEALT_EACH === 0) {
      for (let dealt = 0; dealt < DEALT_ANEW; dealt++) {
        swap(Math.floor(draw() * QUESTIONS), Math.floor(draw() * QUESTIONS));
      }
    }
    return ofRank[rankOf(cumulated, draw() * sum)] ?? 0;
  });
  const bytes = entries.reduce((total, { body }) => total + body.length + 900, 0);
  return { calls, entries, bytes };
}

function rankOf(cumulated: readonly number[], at: number): number {
  let [low, high] = [0, cumulated.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cumulated[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function entryOf(index: number, draw: () => number): Entry {
  const isEmbedding = draw() < 0.02;
  const normal = Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
  const length = isEmbedding ? 20_000 : Math.min(20_000, Math.round(1200 * Math.exp(0.8 * normal)));
  const dear = draw() < 0.2 ? 30 : 1;
  // Answers are paid by their length, about; embeddings cost next to nothing.
  const costNano = isEmbedding ? 2_000 : 20_000 + dear * length * 100;
  return {
    key: `question-${index}`,
    operation: 'chat',
    body: 'x'.repeat(length),
    usage: { tokens: NO_TOKENS, source: 'provider' },
    model: 'm',
    provider: 'p',
    tier: 0,
    outcome: 'accepted',
    costNano,
    storedAt: 0,
    freshUntil: Infinity,
    deadAt: Infinity,
    task: 't',
    tenant: '',
    tags: {},
  };
}

interface Shares {
  readonly hits: number;
  readonly money: number;
}

function play({ calls, entries }: Stream, policy: EvictionPolicy, bytes: number): Shares {
  const cache = new MemoryCache({ bytes, policy });
  const sums = { calls: 0, hits: 0, money: 0, saved: 0 };
  for (const [at, index] of calls.entries()) {
    const entry = entries[index];
    if (entry === undefined) continue;
    const hit = cache.get(entry.key) !== undefined;
    if (!hit) cache.put(entry);
    if (at < WARM_UP) continue;
    sums.calls++;
    sums.money += entry.costNano ?? 0;
    if (!hit) continue;
    sums.hits++;
    sums.saved += entry.costNano ?? 0;
  }
  return { hits: sums.hits / sums.calls, money: sums.saved / sums.money };
}

/** Mean and the half width of its 95 % interval over the seeds (Student's t, 4 degrees of freedom). */
function summed(values: readonly number[]): { readonly mean: number; readonly margin: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance =
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, margin: 2.776 * Math.sqrt(variance / values.length) };
}

const streams = SEEDS.map(streamOf);
const rows = ROOMS.flatMap((room) =>
  Object.entries(POLICIES).map(([policy, of]) => {
    const shares = streams.map((stream) => play(stream, of, Math.round(stream.bytes * room)));
    return {
      room,
      policy,
      hits: summed(shares.map(({ hits }) => hits)),
      money: summed(shares.map(({ money }) => money)),
    };
  }),
);

if (options.json) console.log(JSON.stringify({ rows }, undefined, 2));
else {
  const percent = ({ mean, margin }: { mean: number; margin: number }): string =>
    `${(100 * mean).toFixed(1)} ± ${(100 * margin).toFixed(1)} %`;
  console.log('| room | policy | hits | money saved |\n| ---: | --- | ---: | ---: |');
  for (const { room, policy, hits, money } of rows) {
    console.log(`| ${100 * room} % | ${policy} | ${percent(hits)} | ${percent(money)} |`);
  }
}
