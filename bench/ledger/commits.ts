/** From `append` until the rows are in the file. */
import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import type { LedgerStore } from '../../src/stores/ledger-store.ts';
import { percentile } from '../overhead/statistics.ts';
import { AFTER, callOf } from './traffic.ts';

const CALLS = 8000;
/** Numbers of the calls that a caller writes are apart from those of others. */
const APART = 1_000_000;

/** How long callers waited, each of whom appends its next call when the one before is written. */
export interface Latency {
  readonly callers: number;
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
}

/** Latencies of so many callers at once, in ms. */
export async function commitLatency(ledger: LedgerStore, callers: number): Promise<Latency> {
  return appendWhile(ledger, callers, (done) => done < CALLS);
}

/** The same until a process ends. */
export async function latencyBeside(
  ledger: LedgerStore,
  callers: number,
  child: ChildProcess,
): Promise<Latency> {
  let isRunning = true;
  void once(child, 'exit').then(() => (isRunning = false));
  return appendWhile(ledger, callers, () => isRunning);
}

async function appendWhile(
  ledger: LedgerStore,
  callers: number,
  more: (done: number) => boolean,
): Promise<Latency> {
  const times: number[] = [];
  const began = performance.now();
  const caller = async (_: unknown, index: number): Promise<void> => {
    for (let call = index * APART; more(times.length); call++) {
      const record = callOf(call, callers * APART, AFTER);
      const before = performance.now();
      await ledger.append(record);
      times.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const sorted = times.toSorted((a, b) => a - b);
  return {
    callers,
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    perSecond: (times.length / (performance.now() - began)) * 1000,
  };
}
