/**
 * Looking up among many vectors: time, memory and how often the nearest is found.
 *
 *     node bench/cache-vectors.ts [--packages FOLDER] [--count 100000] [--dimensions 384] [--json]
 *
 * FOLDER is where `npm install usearch@2.26.2` was run, when it was not here. Vectors are random around
 * random centres, twenty to a centre, as questions are around their intents; what is looked up is near one
 * of them. Building is not timed with the look-ups.
 */
import { parseArgs } from 'node:util';
import { BruteIndex } from '../src/semantic/brute-index.ts';
import { normalised } from '../src/semantic/embedder.ts';
import { loadNativeIndexes } from '../src/semantic/native-index.ts';
import type { VectorIndex } from '../src/semantic/vector-index.ts';
import { importFrom } from './cache/packages.ts';
import { generator } from './cache/random.ts';

const LOOKUPS = 500;
/** Look-ups compared with brute force. */
const COMPARED = 200;
const CENTRE_SIZE = 20;

const { values } = parseArgs({
  options: {
    packages: { type: 'string' },
    count: { type: 'string', default: '100000' },
    dimensions: { type: 'string', default: '384' },
    json: { type: 'boolean', default: false },
  },
});
const count = Number(values.count);
const dimensions = Number(values.dimensions);
const random = generator(7);

function gaussian(): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function around(centre: Float32Array | undefined, spread: number): Float32Array {
  const values_ = Array.from(
    { length: dimensions },
    (_, at) => (centre?.[at] ?? 0) + spread * gaussian(),
  );
  return normalised(values_) ?? new Float32Array(dimensions);
}

interface Measured {
  readonly index: string;
  readonly buildMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly bytes: number;
  /** Growth of the process, in bytes, while building. */
  readonly rssBytes: number;
  readonly recall: number;
}

function measure(name: string, index: VectorIndex, exact: readonly number[]): Measured {
  const before = process.memoryUsage().rss;
  const start = performance.now();
  for (const [id, vector] of vectors.entries()) index.add(id, vector);
  const buildMs = performance.now() - start;
  const rssBytes = process.memoryUsage().rss - before;
  const looked = exact.length === 0 ? COMPARED : LOOKUPS;
  const times: number[] = [];
  let found = 0;
  for (const [at, query] of queries.slice(0, looked).entries()) {
    const from = performance.now();
    const [nearest] = index.nearest(query, 4);
    times.push(performance.now() - from);
    if (at < COMPARED && nearest?.id === exact[at]) found++;
  }
  times.sort((a, b) => a - b);
  return {
    index: name,
    buildMs,
    p50Ms: times[Math.floor(looked * 0.5)] ?? Number.NaN,
    p99Ms: times[Math.floor(looked * 0.99)] ?? Number.NaN,
    bytes: index.bytes,
    rssBytes,
    recall: exact.length === 0 ? 1 : found / COMPARED,
  };
}

const centres = Array.from({ length: Math.ceil(count / CENTRE_SIZE) }, () => around(undefined, 1));
const vectors = Array.from({ length: count }, (_, at) =>
  around(centres[at % centres.length], 0.03),
);
const queries = Array.from({ length: LOOKUPS }, () =>
  around(vectors[Math.floor(random() * count)], 0.02),
);

const brute = new BruteIndex(dimensions);
const rows = [measure('brute force', brute, [])];
const exact = queries.slice(0, COMPARED).map((query) => brute.nearest(query, 1)[0]?.id ?? -1);
const native = await loadNativeIndexes(importFrom(values.packages));
if (native === undefined) {
  console.error('usearch is not installed here: only brute force is measured. See --packages.');
} else rows.push(measure('usearch', native(dimensions), exact));

if (values.json) console.log(JSON.stringify({ count, dimensions, rows }));
else {
  console.log(`${count} vectors of ${dimensions} numbers, the 4 nearest\n`);
  console.log(
    '| index | p50 | p99 | recall@1 | memory | grew by | built in |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
  );
  for (const { index, p50Ms, p99Ms, recall, bytes, rssBytes, buildMs } of rows) {
    console.log(
      `| ${index} | ${p50Ms.toFixed(2)} ms | ${p99Ms.toFixed(2)} ms | ${recall.toFixed(3)} | ${(bytes / 1e6).toFixed(0)} MB | ${(rssBytes / 1e6).toFixed(0)} MB | ${(buildMs / 1000).toFixed(1)} s |`,
    );
  }
}
