/** The gateways that are compared, each in a process of its own. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Target } from './load.ts';
import { type Served, start } from './process.ts';

/** A contender, or why it is not there. */
export interface Contender {
  readonly name: string;
  /** Undefined where it is missing. */
  readonly run: (() => Promise<{ served: Served; target: Target }>) | undefined;
  readonly missing?: string;
}

const ROOT = join(import.meta.dirname, '../..');
/** The core that gateways are pinned to, one after the other. */
export const GATEWAY_CORE = 0;
const PATH = '/v1/chat/completions';

/** The built command, as users run it. */
const FARTHING = join(ROOT, 'dist/cli/bin.js');

/** Everything that guards money, at sizes that are never reached. */
const GUARDS = `
reference: bench-large
keys: required
budgets:
  - { match: { key: bench }, usd: 100000, per: month }
  - { usd: 500000, per: month }
hold-out: { share: 2% }
`;

/** A new folder with a configuration; its path. */
export function farthingConfig(upstream: string, more = ''): string {
  const directory = mkdtempSync(join(tmpdir(), 'farthing-overhead-'));
  const file = join(directory, 'farthing.yaml');
  writeFileSync(
    file,
    `listen: 127.0.0.1:0
data: ${join(directory, 'ledger.db')}
providers:
  fake: { dialect: openai, url: "${upstream}/v1", key: key, connections: 2048 }
models:
  bench: { provider: fake, price: { input: 0.15, output: 0.6 } }
  bench-large: { provider: fake, price: { input: 2.5, output: 10 } }
tasks:
  one: { model: bench }
  two:
    tiers:
      - { model: bench, accept: [complete, not-empty, not-refusal] }
      - { model: bench-large }
${more}`,
  );
  return file;
}

/** Starts the built gateway. */
export async function startFarthing(config: string): Promise<Served> {
  return start({
    command: [process.execPath, FARTHING, 'serve', '--config', config, '--json'],
    core: GATEWAY_CORE,
  });
}

function farthing(name: string, model: string, upstream: string): Contender {
  return {
    name,
    run: async () => {
      const served = await startFarthing(farthingConfig(upstream));
      return { served, target: { url: served.url, path: PATH, headers: {}, model } };
    },
  };
}

/** One tier with a key, two budgets and a hold-out. */
function guarded(upstream: string): Contender {
  return {
    name: 'Farthing, one tier, guarded',
    run: async () => {
      const config = farthingConfig(upstream, GUARDS);
      const words = ['keys', 'create', '--name', 'bench', '--config', config, '--json'];
      const made = spawnSync(process.execPath, [FARTHING, ...words], { encoding: 'utf8' });
      const { key } = JSON.parse(made.stdout) as { key: string };
      const served = await startFarthing(config);
      const headers = { authorization: `Bearer ${key}` };
      return { served, target: { url: served.url, path: PATH, headers, model: 'task/one' } };
    },
  };
}

function portkey(upstream: string): Contender {
  const script = join(
    import.meta.dirname,
    '../node_modules/@portkey-ai/gateway/build/start-server.js',
  );
  const name = 'Portkey gateway';
  if (!existsSync(script))
    return { name, run: undefined, missing: 'not installed: npm ci --prefix bench' };
  return {
    name,
    run: async () => {
      const port = 20_000 + Math.floor(Math.random() * 20_000);
      const served = await start({
        command: [process.execPath, script, `--port=${port}`, '--headless'],
        env: { NODE_ENV: 'production' },
        core: GATEWAY_CORE,
        address: (printed) =>
          /ready|running|listening|localhost/i.test(printed)
            ? `http://127.0.0.1:${port}`
            : undefined,
      });
      await new Promise((resolve) => setTimeout(resolve, 500));
      const headers = {
        'x-portkey-provider': 'openai',
        'x-portkey-custom-host': `${upstream}/v1`,
        authorization: 'Bearer key',
      };
      return { served, target: { url: served.url, path: PATH, headers, model: 'bench' } };
    },
  };
}

function bare(upstream: string): Contender {
  return {
    name: 'bare node:http + undici',
    run: async () => {
      const script = join(import.meta.dirname, 'bare-proxy.ts');
      const served = await start({
        command: [process.execPath, script],
        env: { UPSTREAM: upstream },
        core: GATEWAY_CORE,
      });
      return { served, target: { url: served.url, path: PATH, headers: {}, model: 'bench' } };
    },
  };
}

/** All of them; the first is the reference. */
export function contenders(upstream: string): Contender[] {
  return [
    bare(upstream),
    farthing('Farthing, one tier', 'task/one', upstream),
    farthing('Farthing, two-tier ladder', 'task/two', upstream),
    guarded(upstream),
    portkey(upstream),
  ];
}
