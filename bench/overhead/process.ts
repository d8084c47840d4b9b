/** Child processes, and what they use. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** A process that serves something. */
export interface Served {
  /** Where it listens. */
  readonly url: string;
  readonly child: ChildProcess;
  /** Milliseconds from its start until it said that it listens. */
  readonly readyMs: number;
}

const TICKS_PER_SECOND =
  Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout) || 100;
const HAS_TASKSET = spawnSync('taskset', ['-V']).status === 0;
const running = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

/** True when processes can be bound to a core. */
export const PINNED: boolean = HAS_TASKSET;

/** What to start. */
export interface Start {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Core to bind it to, where that is possible. */
  readonly core: number;
  /** Finds the address in what the process prints. @default the first http URL */
  readonly address?: (printed: string) => string | undefined;
}

/** Starts a process and waits until it prints its address. */
export async function start({ command, env = {}, core, address }: Start): Promise<Served> {
  const words = HAS_TASKSET ? ['taskset', '-c', String(core), ...command] : [...command];
  const began = performance.now();
  const child = spawn(words[0] ?? '', words.slice(1), {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let printed = '';
  const find = address ?? ((text: string) => /https?:\/\/[\w.]+:\d+/.exec(text)?.[0]);
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      printed += String(chunk);
      const found = find(printed);
      if (found !== undefined) resolve(found);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) =>
      reject(new Error(`${command.join(' ')} ended with ${code}: ${printed.slice(-2000)}`)),
    );
    child.once('error', reject);
  });
  return { url, child, readyMs: performance.now() - began };
}

/** Ends a process that was started here. */
export async function stop({ child }: Served): Promise<void> {
  running.delete(child);
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
  await once(child, 'exit');
  clearTimeout(timer);
}

/** Microseconds of CPU that all threads of a process have used, user and system. Linux. */
export function cpuMicros({ child }: Served): number {
  // proc(5): fields 14 and 15 after the command, which may hold spaces.
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1e6;
}

/** Peak resident memory in MB since the last {@link resetPeak}. */
export function peakMemory({ child }: Served): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}
