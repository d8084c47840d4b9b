/** Gateways that come from other registries, where they can be installed. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Contender } from './contenders.ts';
import { start } from './process.ts';

const CACHE = join(import.meta.dirname, '../.cache');
const PATH = '/v1/chat/completions';
const LITELLM = 'litellm[proxy]==1.91.1';

/** LiteLLM and Bifrost, when asked for; a line says why one is missing. */
export async function optionalContenders(
  upstream: string,
  options: Readonly<Record<string, boolean | undefined>>,
): Promise<Contender[]> {
  mkdirSync(CACHE, { recursive: true });
  return [
    options['with-litellm'] === true ? litellm(upstream) : skipped('LiteLLM', '--with-litellm'),
    options['with-bifrost'] === true ? bifrost(upstream) : skipped('Bifrost', '--with-bifrost'),
  ];
}

function skipped(name: string, flag: string): Contender {
  return { name, run: undefined, missing: `not asked for: ${flag} installs and measures it` };
}

/** Runs an installation; what went wrong, or undefined. */
function install(
  command: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): string | undefined {
  process.stderr.write(`installing: ${command} ${words.join(' ')} …\n`);
  const { status, stderr, error } = spawnSync(command, words, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 600_000,
  });
  if (status === 0) return undefined;
  return `${error?.message ?? ''}${stderr?.trim().split('\n').at(-1) ?? ''}`.slice(0, 200);
}

function litellm(upstream: string): Contender {
  const venv = join(CACHE, 'litellm');
  const bin = join(venv, 'bin/litellm');
  const name = 'LiteLLM proxy';
  if (!existsSync(bin)) {
    const wrong =
      install('python3', ['-m', 'venv', venv]) ??
      install(join(venv, 'bin/pip'), ['install', '-q', LITELLM]);
    if (wrong !== undefined)
      return { name, run: undefined, missing: `cannot be installed: ${wrong}` };
  }
  return {
    name,
    run: async () => {
      const directory = mkdtempSync(join(tmpdir(), 'litellm-'));
      const file = join(directory, 'config.yaml');
      writeFileSync(
        file,
        `model_list:\n  - model_name: bench\n    litellm_params: { model: openai/bench, api_base: "${upstream}/v1", api_key: key }\n`,
      );
      const port = 20_000 + Math.floor(Math.random() * 20_000);
      const served = await start({
        command: [
          bin,
          '--config',
          file,
          '--port',
          String(port),
          '--host',
          '127.0.0.1',
          '--num_workers',
          '1',
        ],
        core: 0,
        address: (printed) =>
          /Uvicorn running|Application startup complete/.test(printed)
            ? `http://127.0.0.1:${port}`
            : undefined,
      });
      return {
        served,
        target: {
          url: served.url,
          path: PATH,
          headers: { authorization: 'Bearer key' },
          model: 'bench',
        },
      };
    },
  };
}

function bifrost(upstream: string): Contender {
  const bin = join(CACHE, 'go/bin/bifrost-http');
  const name = 'Bifrost';
  if (!existsSync(bin)) {
    const wrong = install(
      'go',
      ['install', 'github.com/maximhq/bifrost/transports/bifrost-http@latest'],
      { GOPATH: join(CACHE, 'go') },
    );
    if (wrong !== undefined)
      return { name, run: undefined, missing: `cannot be installed: ${wrong}` };
  }
  return {
    name,
    run: async () => {
      const directory = mkdtempSync(join(tmpdir(), 'bifrost-'));
      const key = { name: 'k', value: 'key', models: ['bench'], weight: 1 };
      const openai = { keys: [key], network_config: { base_url: upstream } };
      writeFileSync(join(directory, 'config.json'), JSON.stringify({ providers: { openai } }));
      const port = 20_000 + Math.floor(Math.random() * 20_000);
      const served = await start({
        command: [bin, '-app-dir', directory, '-port', String(port), '-host', '127.0.0.1'],
        core: 0,
        address: (printed) =>
          /started|listening|serving/i.test(printed) ? `http://127.0.0.1:${port}` : undefined,
      });
      return {
        served,
        target: { url: served.url, path: PATH, headers: {}, model: 'openai/bench' },
      };
    },
  };
}
