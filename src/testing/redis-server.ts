/**
 * A real Redis for tests, where `redis-server` is installed: on a port of its own, without a file.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** Another program than the one in the path. */
const PROGRAM = process.env['FARTHING_REDIS_SERVER'] ?? 'redis-server';

/** Why tests cannot have a Redis; false where they can. */
export const WHY_NO_REDIS: string | false =
  spawnSync(PROGRAM, ['--version']).status === 0
    ? false
    : `"${PROGRAM}" is not installed (Debian: apt-get install redis-server)`;

/** A running server. */
export interface RedisServer {
  readonly url: string;
  /** Puts a command past the client under test. Resolves to the first line of the reply. */
  command(...words: readonly string[]): Promise<string>;
  /** Signals the process: `SIGSTOP` makes it silent, `SIGCONT` makes it go on. */
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** Starts a server that keeps nothing. */
export async function startRedis(): Promise<RedisServer> {
  const port = await freePort();
  const process_ = spawn(
    PROGRAM,
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await listening(process_);
  return {
    url: `redis://127.0.0.1:${port}`,
    command: async (...words) => command(port, words),
    signal: (signal) => void process_.kill(signal),
    stop: async () => {
      if (process_.exitCode !== null || process_.signalCode !== null) return;
      process_.kill('SIGKILL');
      await once(process_, 'exit');
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening({ stdout }: ChildProcess): Promise<void> {
  let printed = '';
  for await (const chunk of stdout ?? []) {
    printed += String(chunk);
    if (printed.includes('Ready to accept connections')) return;
  }
  throw new Error(`Redis did not start: ${printed}`);
}

/** One command on a connection of its own, in RESP. */
async function command(port: number, words: readonly string[]): Promise<string> {
  const socket = createConnection(port, '127.0.0.1');
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  socket.write(`*${words.length}\r\n${parts.join('')}`);
  const [reply] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return reply.toString().split('\r\n')[0]?.slice(1) ?? '';
}
