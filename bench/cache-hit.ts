/**
 * What an exact hit costs: the built gateway beside a bare server that answers the same bytes.
 *
 *     npm run build && node bench/cache-hit.ts [-- --quick]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { farthingConfig } from './overhead/contenders.ts';
import { requestBody } from './overhead/load.ts';
import { cpuMicros, PINNED, type Served, start, stop } from './overhead/process.ts';
import { median, percentile } from './overhead/statistics.ts';

const { values: options } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const ROUNDS = options.quick ? 2 : 7;
const MS = options.quick ? 1500 : 3000;
const CONNECTIONS = 32;
const PATH = '/v1/chat/completions';

/** What one server needed for a request: CPU in µs, and at one connection the p50 to the first byte in ms. */
interface Figures {
  readonly cpu: number[];
  readonly first: number[];
}

async function load(url: string, body: string, connections: number): Promise<number> {
  const pool = new Pool(url, { connections });
  const end = performance.now() + MS;
  let done = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < end) {
        const answer = await ask(pool, body);
        if (!answer.includes('lazy dog')) throw new Error(answer.slice(0, 300));
        done++;
      }
    }),
  );
  await pool.close();
  return done;
}

async function ask(pool: Pool, body: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const answer = await pool.request({ method: 'POST', path: PATH, headers, body });
  return answer.body.text();
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

async function measure(served: Served, body: string, { cpu, first }: Figures): Promise<void> {
  const before = cpuMicros(served);
  const done = await load(served.url, body, CONNECTIONS);
  cpu.push((cpuMicros(served) - before) / done);
  first.push(await firstBytes(served.url, body));
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

const upstream = await start({
  command: [process.execPath, join(import.meta.dirname, 'overhead/upstream.ts')],
  core: 1,
});
if (PINNED) spawnSync('taskset', ['-cp', '1', String(process.pid)]);
const farthing = await start({
  command: [
    process.execPath,
    join(import.meta.dirname, '../dist/cli/bin.js'),
    'serve',
    '--config',
    configWithCache(upstream.url),
    '--json',
  ],
  core: 0,
});
const request = requestBody('task/one', 4000);
const pool = new Pool(farthing.url);
const answer = await ask(pool, request);
await pool.close();
const bare = await start({
  command: [process.execPath, join(import.meta.dirname, 'overhead/bare-answer.ts')],
  env: { BODY: answer },
  core: 0,
});
const figures = { bare: { cpu: [], first: [] }, farthing: { cpu: [], first: [] } } satisfies Record<
  string,
  Figures
>;
await load(bare.url, request, CONNECTIONS);
await load(farthing.url, request, CONNECTIONS);
for (let round = 0; round < ROUNDS; round++) {
  await measure(bare, request, figures.bare);
  await measure(farthing, request, figures.farthing);
}
for (const served of [farthing, bare, upstream]) await stop(served);
const ratios = (figures.farthing.cpu as number[]).map(
  (cpu, round) => cpu / (figures.bare.cpu[round] ?? Number.NaN),
);
const line = (name: string, { cpu, first }: Figures): string =>
  `${name}: ${median(cpu).toFixed(0)} µs of CPU a request, first byte ${median(first).toFixed(2)} ms`;
console.log(line('bare node:http', figures.bare));
console.log(line('a hit', figures.farthing));
console.log(
  `ratio ${median(ratios).toFixed(2)} (rounds: ${ratios.map((one) => one.toFixed(2)).join(', ')})`,
);
