/**
 * What a gateway costs: side by side in one run, each in a process of its own, against the same upstream.
 *
 *     npm run bench:overhead [-- --quick] [--json]
 *
 * See bench/README.md for what is measured and how.
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type Contender,
  contenders,
  farthingConfig,
  startFarthing,
} from './overhead/contenders.ts';
import { type HitFigures, hitFigures } from './overhead/hits.ts';
import { atRate, firstBytes, manyStreams, saturate, type Target } from './overhead/load.ts';
import { cpuMicros, peakMemory, PINNED, type Served, start, stop } from './overhead/process.ts';
import { median, percentile, spread, type Spread, spreadText } from './overhead/statistics.ts';
import { optionalContenders } from './overhead/optional.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    'with-litellm': { type: 'boolean', default: false },
    'with-bifrost': { type: 'boolean', default: false },
  },
});
/** Many short rounds: what else the machine does changes from second to second, and a ratio is of one round. */
const ROUNDS = options.quick ? 5 : 25;
const PHASE_MS = 800;
/** Until all that is hot is compiled. */
const WARM_MS = options.quick ? 3_000 : 8_000;
const LATENCY_MS = options.quick ? 3_000 : 8_000;
const CONNECTIONS = 32;
const SMALL = 4_000;
const BIG = 64_000;
const STREAMS = 1000;

interface Running {
  readonly contender: Contender;
  readonly served: Served;
  readonly target: Target;
}

/** One contender's figures. */
interface Figures {
  readonly name: string;
  readonly cpu: number[];
  readonly cpuBig: number[];
  readonly perSecond: number[];
  readonly first: number[];
  p50: number;
  p99: number;
  /** MB after all but the many streams. */
  memory: number;
  streams: { readonly whole: number; readonly memory: number } | undefined;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function main(): Promise<void> {
  say('building …');
  const built = spawnSync(process.execPath, [join(import.meta.dirname, '../scripts/build.ts')], {
    stdio: 'inherit',
  });
  if (built.status !== 0) throw new Error('The build failed.');
  const upstream = await start({
    command: [process.execPath, join(import.meta.dirname, 'overhead/upstream.ts')],
    core: 1,
  });
  if (PINNED) spawnSync('taskset', ['-cp', '1', String(process.pid)]);
  const listed = [
    ...contenders(upstream.url),
    ...(await optionalContenders(upstream.url, options)),
  ];
  const running: Running[] = [];
  for (const contender of listed) {
    if (contender.run === undefined) say(`${contender.name}: ${contender.missing}`);
    else running.push({ contender, ...(await contender.run()) });
  }
  const direct: Target = {
    url: upstream.url,
    path: '/v1/chat/completions',
    headers: {},
    model: 'bench',
  };
  const figures = running.map(({ contender }): Figures => ({
    name: contender.name,
    cpu: [],
    cpuBig: [],
    perSecond: [],
    first: [],
    p50: 0,
    p99: 0,
    memory: 0,
    streams: undefined,
  }));
  const directFirst: number[] = [];
  await rounds(running, figures, { direct, directFirst });
  await atHalfLoad(running, figures);
  for (const [index, one] of running.entries()) {
    const figure = figures[index];
    if (figure !== undefined) figure.memory = peakMemory(one.served);
  }
  await holdStreams(running, figures);
  const ready = await readyTimes(upstream.url);
  for (const { served } of running) await stop(served);
  say('a hit of the cache …');
  const hits = await hitFigures(upstream.url, { rounds: ROUNDS, ms: PHASE_MS, warmMs: WARM_MS });
  await stop(upstream);
  report(figures, {
    directFirst,
    ready,
    hits,
    missing: listed.filter(({ run }) => run === undefined),
  });
}

/** Interleaved, so that whatever else the machine does hits all alike. */
async function rounds(
  running: readonly Running[],
  figures: readonly Figures[],
  { direct, directFirst }: { direct: Target; directFirst: number[] },
): Promise<void> {
  for (const { target } of running) {
    await saturate(target, { connections: CONNECTIONS, ms: WARM_MS, bytes: SMALL });
    await saturate(target, { connections: CONNECTIONS, ms: WARM_MS / 4, bytes: BIG });
  }
  for (let round = 0; round < ROUNDS; round++) {
    say(`round ${round + 1} of ${ROUNDS} …`);
    directFirst.push(percentile(await firstBytes(direct, 200), 0.5));
    for (const [index, { served, target }] of running.entries()) {
      const figure = figures[index];
      if (figure === undefined) continue;
      const small = await cpuPerRequest(served, target, SMALL);
      figure.cpu.push(small.micros);
      figure.perSecond.push(small.perSecond);
      figure.cpuBig.push((await cpuPerRequest(served, target, BIG)).micros);
      figure.first.push(percentile(await firstBytes(target, 200), 0.5));
    }
  }
}

async function cpuPerRequest(served: Served, target: Target, bytes: number) {
  const before = cpuMicros(served);
  const began = performance.now();
  const done = await saturate(target, { connections: CONNECTIONS, ms: PHASE_MS, bytes });
  const seconds = (performance.now() - began) / 1000;
  return { micros: (cpuMicros(served) - before) / done, perSecond: done / seconds };
}

/** All at one rate, half of what Farthing's ladder can do; who cannot hold it gets half of its own. */
async function atHalfLoad(running: readonly Running[], figures: readonly Figures[]): Promise<void> {
  const ours = median(figures[2]?.perSecond ?? []) / 2;
  for (const [index, { target }] of running.entries()) {
    const figure = figures[index];
    if (figure === undefined) continue;
    const perSecond = Math.min(ours, median(figure.perSecond) / 2);
    say(`${figure.name}: ${perSecond.toFixed(0)} requests a second …`);
    const latencies = await atRate(target, { perSecond, ms: LATENCY_MS, bytes: SMALL });
    figure.p50 = percentile(latencies, 0.5);
    figure.p99 = percentile(latencies, 0.99);
  }
}

async function holdStreams(
  running: readonly Running[],
  figures: readonly Figures[],
): Promise<void> {
  for (const [index, { served, target }] of running.entries()) {
    const figure = figures[index];
    if (figure === undefined) continue;
    say(`${figure.name}: ${STREAMS} streams at once …`);
    const whole = await manyStreams(target, STREAMS, 20).catch(() => 0);
    figure.streams = { whole, memory: peakMemory(served) };
  }
}

/** Milliseconds from start to listening, each time a new process. */
async function readyTimes(upstream: string): Promise<number[]> {
  const times: number[] = [];
  for (let run = 0; run < (options.quick ? 3 : 10); run++) {
    const served = await startFarthing(farthingConfig(upstream));
    const response = await fetch(`${served.url}/healthz`);
    if (!response.ok) throw new Error('not healthy');
    times.push(served.readyMs);
    await stop(served);
  }
  return times;
}

interface Rest {
  readonly directFirst: readonly number[];
  readonly ready: readonly number[];
  readonly hits: HitFigures;
  readonly missing: readonly Contender[];
}

function report(figures: readonly Figures[], { directFirst, ready, hits, missing }: Rest): void {
  const [reference] = figures;
  const ratio = (mine: readonly number[], theirs: readonly number[] = []): Spread =>
    spread(mine.map((value, round) => value / (theirs[round] ?? Number.NaN)));
  const rows = figures.map((figure) => ({
    name: figure.name,
    cpu_us: median(figure.cpu),
    cpu_ratio: ratio(figure.cpu, reference?.cpu),
    cpu_64k_us: median(figure.cpuBig),
    cpu_64k_ratio: ratio(figure.cpuBig, reference?.cpuBig),
    per_second: median(figure.perSecond),
    p50_ms: figure.p50,
    p99_ms: figure.p99,
    memory_mb: figure.memory,
    first_byte_added_ms: median(
      figure.first.map((value, round) => value - (directFirst[round] ?? Number.NaN)),
    ),
    streams: figure.streams,
  }));
  const header = {
    node: process.version,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    pinned: PINNED,
    rounds: ROUNDS,
  };
  const targets = [...judge(rows, median(ready)), ...judgeHits(hits)];
  if (options.json) {
    console.log(
      JSON.stringify({ ...header, rows, hits, ready_ms: median(ready), targets }, undefined, 2),
    );
    return;
  }
  console.log(
    `Node ${header.node}, ${header.cpu}, ${header.cores} cores, ${PINNED ? 'gateway on a core of its own' : 'not pinned'}, ${ROUNDS} rounds\n`,
  );
  console.log(
    '| | CPU a request | of bare | CPU at 64 KB | of bare | requests/s | p50 | p99 | memory | first byte adds | 1,000 streams |',
  );
  console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const row of rows) {
    console.log(
      `| ${row.name} | ${row.cpu_us.toFixed(0)} µs | ${spreadText(row.cpu_ratio)} | ${row.cpu_64k_us.toFixed(0)} µs | ${spreadText(row.cpu_64k_ratio)} | ${row.per_second.toFixed(0)} | ${row.p50_ms.toFixed(2)} ms | ${row.p99_ms.toFixed(2)} ms | ${row.memory_mb.toFixed(0)} MB | ${row.first_byte_added_ms.toFixed(2)} ms | ${row.streams?.whole} whole, ${row.streams?.memory.toFixed(0)} MB |`,
    );
  }
  for (const [name, { micros, firstMs }] of [
    ['bare node:http that answers the same bytes', hits.bare],
    ['Farthing, a hit of the cache', hits.hit],
  ] as const) {
    console.log(
      `\n${name}: ${micros.toFixed(0)} µs a request, first byte ${firstMs.toFixed(2)} ms`,
    );
  }
  for (const { name, missing: why } of missing) console.log(`\n${name} is missing: ${why}`);
  console.log(`\nReady ${median(ready).toFixed(0)} ms after start (median of ${ready.length}).\n`);
  for (const { what, value, reached } of targets)
    console.log(`${reached ? 'reached' : 'MISSED '}  ${what}: ${value}`);
}

interface Row {
  readonly name: string;
  readonly cpu_us: number;
  readonly cpu_ratio: Spread;
  readonly first_byte_added_ms: number;
  readonly streams: { readonly whole: number; readonly memory: number } | undefined;
}

function judge(rows: readonly Row[], readyMs: number) {
  const [, one, , guarded, portkey] = rows;
  if (one === undefined || guarded === undefined) return [];
  const share = portkey === undefined ? Number.NaN : portkey.cpu_us / one.cpu_us;
  return [
    {
      what: 'CPU a request at most 1.6 times the bare proxy’s',
      value: spreadText(one.cpu_ratio),
      reached: one.cpu_ratio.median <= 1.6,
    },
    {
      what: 'the same with key, budgets and hold-out',
      value: spreadText(guarded.cpu_ratio),
      reached: guarded.cpu_ratio.median <= 1.6,
    },
    {
      what: 'CPU a request at most a sixth of Portkey’s',
      value: `1/${share.toFixed(1)}`,
      reached: share >= 6,
    },
    {
      what: 'streaming adds at most 1 ms to the first byte at p50',
      value: `${one.first_byte_added_ms.toFixed(2)} ms`,
      reached: one.first_byte_added_ms <= 1,
    },
    {
      what: '1,000 concurrent streams in under 400 MB',
      value: `${one.streams?.memory.toFixed(0)} MB`,
      reached: one.streams?.whole === STREAMS && one.streams.memory < 400,
    },
    {
      what: 'ready in under half a second',
      value: `${readyMs.toFixed(0)} ms`,
      reached: readyMs < 500,
    },
  ];
}

function judgeHits({ hit, ratio }: HitFigures) {
  return [
    {
      what: 'a hit at most 1.5 times the CPU of a bare server that answers the same bytes',
      value: spreadText(ratio),
      reached: ratio.median <= 1.5,
    },
    {
      what: 'a hit’s first byte in under 1 ms at p50',
      value: `${hit.firstMs.toFixed(2)} ms`,
      reached: hit.firstMs < 1,
    },
  ];
}

await main();
