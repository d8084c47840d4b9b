/** What an exact hit of the cache costs: the built gateway beside a bare server that answers the same bytes, headers too. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'undici';
import { farthingConfig, GATEWAY_CORE, startFarthing } from './contenders.ts';
import { requestBody } from './load.ts';
import { cpuMicros, type Served, start, stop } from './process.ts';
import { median, percentile, spread, type Spread } from './statistics.ts';

const CONNECTIONS = 32;
const PATH = '/v1/chat/completions';
const BYTES = 4000;

/** How long is measured. */
export interface HitOptions {
  readonly rounds: number;
  /** Of one phase of a round. */
  readonly ms: number;
  /** Before the first round. */
  readonly warmMs: number;
}

/** What a hit costs, and what the same bytes cost a bare server. */
export interface HitFigures {
  readonly bare: HitCost;
  readonly hit: HitCost;
  /** The rounds' ratios of CPU. */
  readonly ratio: Spread;
}

/** Medians over the rounds. */
export interface HitCost {
  /** CPU a request, in µs. */
  readonly micros: number;
  /** To the first byte at one connection, p50, in ms. */
  readonly firstMs: number;
}

/** What one server needed for a request: CPU in µs, and at one connection the p50 to the first byte in ms. */
interface Figures {
  readonly cpu: number[];
  readonly first: number[];
}

/** Measures both in turn. */
export async function hitFigures(upstream: string, options: HitOptions): Promise<HitFigures> {
  const farthing = await startFarthing(configWithCache(upstream));
  const request = requestBody('task/one', BYTES);
  const pool = new Pool(farthing.url);
  await ask(pool, request);
  const answer = await ask(pool, request);
  await pool.close();
  const bare = await start({
    command: [process.execPath, join(import.meta.dirname, 'bare-answer.ts')],
    env: { BODY: answer.text, HEADERS: JSON.stringify(answer.headers) },
    core: GATEWAY_CORE,
  });
  const ofBare: Figures = { cpu: [], first: [] };
  const ofHits: Figures = { cpu: [], first: [] };
  for (const { url } of [bare, farthing]) await load(url, request, options.warmMs);
  for (let round = 0; round < options.rounds; round++) {
    await measure(bare, request, { figures: ofBare, ms: options.ms });
    await measure(farthing, request, { figures: ofHits, ms: options.ms });
  }
  for (const served of [farthing, bare]) await stop(served);
  return {
    bare: costOf(ofBare),
    hit: costOf(ofHits),
    ratio: spread(ofHits.cpu.map((cpu, round) => cpu / (ofBare.cpu[round] ?? Number.NaN))),
  };
}

function costOf({ cpu, first }: Figures): HitCost {
  return { micros: median(cpu), firstMs: median(first) };
}

async function load(url: string, body: string, ms: number): Promise<number> {
  const pool = new Pool(url, { connections: CONNECTIONS });
  const end = performance.now() + ms;
  let done = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() < end) {
        const { text } = await ask(pool, body);
        if (!text.includes('lazy dog')) throw new Error(text.slice(0, 300));
        done++;
      }
    }),
  );
  await pool.close();
  return done;
}

/** Headers that node:http sends by itself. */
const OF_NODE = new Set(['date', 'connection', 'keep-alive']);

interface Answer {
  readonly text: string;
  /** Those that the server chose itself: the rest comes from node:http. */
  readonly headers: Readonly<Record<string, unknown>>;
}

async function ask(pool: Pool, body: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  const answer = await pool.request({ method: 'POST', path: PATH, headers, body });
  const chosen = Object.entries(answer.headers).filter(([name]) => !OF_NODE.has(name));
  return { text: await answer.body.text(), headers: Object.fromEntries(chosen) };
}

async function firstBytes(url: string, body: string): Promise<number> {
  const pool = new Pool(url, { connections: 1 });
  const times: number[] = [];
  for (let count = 0; count < 500; count++) {
    const began = performance.now();
    const headers = { 'content-type': 'application/json' };
    const { body: answer } = await pool.request({ method: 'POST', path: PATH, headers, body });
    times.push(performance.now() - began);
    await answer.dump();
  }
  await pool.close();
  return percentile(
    times.toSorted((a, b) => a - b),
    0.5,
  );
}

async function measure(
  served: Served,
  body: string,
  { figures, ms }: { readonly figures: Figures; readonly ms: number },
): Promise<void> {
  const before = cpuMicros(served);
  const done = await load(served.url, body, ms);
  figures.cpu.push((cpuMicros(served) - before) / done);
  figures.first.push(await firstBytes(served.url, body));
}

/** The benchmark's usual configuration with a cache. */
function configWithCache(upstream: string): string {
  const text = readFileSync(farthingConfig(upstream), 'utf8');
  const directory = mkdtempSync(join(tmpdir(), 'farthing-hit-'));
  const file = join(directory, 'farthing.yaml');
  writeFileSync(
    file,
    `${text.replace(/^data: .*$/m, `data: ${join(directory, 'ledger.db')}`)}cache: { ttl: 1h }\n`,
  );
  return file;
}
