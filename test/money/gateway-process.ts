/** A gateway in a process of its own, on a ledger file that others may share. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BIN = join(import.meta.dirname, '../../src/cli/bin.ts');

/** One that listens. */
export interface GatewayProcess {
  readonly child: ChildProcess;
  readonly url: string;
}

/** Writes a configuration of one priced model, `small` (1,000 nano-dollars a prompt token), beside a ledger file. */
export function writeConfig(directory: string, upstream: string, more = ''): string {
  const path = join(directory, 'farthing.yaml');
  writeFileSync(
    path,
    `
data: ${join(directory, 'ledger.db')}
providers:
  fake: { dialect: openai, url: "${upstream}", key: sk-upstream-secret, retries: 0 }
models:
  small: { provider: fake, id: small-v1, price: { input: 1, output: 2 } }
${more}`,
  );
  return path;
}

/** Starts one and waits until it listens. */
export async function startGatewayProcess(config: string): Promise<GatewayProcess> {
  const child = spawn(
    process.execPath,
    [BIN, 'serve', '--config', config, '--listen', '127.0.0.1:0', '--json'],
    { env: { PATH: process.env['PATH'] ?? '' }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, url: (JSON.parse(String(line)) as { url: string }).url };
}

/** Ends one with a signal and waits until it is gone. */
export async function endProcess(
  { child }: GatewayProcess,
  signal: 'SIGTERM' | 'SIGKILL',
): Promise<void> {
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

/** One call; undefined where the connection broke. */
export async function call(url: string, body: object = {}): Promise<Response | undefined> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'small',
      messages: [{ role: 'user', content: 'Hello there' }],
      ...body,
    }),
  }).catch(() => undefined);
}
