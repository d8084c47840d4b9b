/**
 * How `farthing cache` shows what is kept.
 *
 * @module
 */
import type { CacheStats } from '../cache/cache-store.ts';
import type { Entry } from '../cache/entry.ts';
import { formatUsd } from '../pricing/format-usd.ts';
import type { Report } from '../stores/report.ts';
import { type Column, renderTable } from './table.ts';

/** What is kept of a task, and what its calls had of it. */
interface TaskLine {
  readonly task: string;
  readonly entries: number;
  readonly bytes: number;
  readonly calls: number;
  readonly hits: number;
  /** Hits of all calls of the task, 0 to 1; null where it had none. */
  readonly hit_rate: number | null;
  /** What the cache saved against the reference. */
  readonly saved_nano_usd: number;
}

/** Every task that has entries or had hits, the most saving first. */
function linesOf(kept: CacheStats, report: Report | undefined): readonly TaskLine[] {
  const rows = new Map((report?.rows ?? []).map((row) => [row.group, row]));
  const entries = new Map(kept.tasks.map((task) => [task.task, task]));
  const hit = [...rows.values()].filter(({ cache_hits: hits }) => hits > 0);
  const names = new Set([...entries.keys(), ...hit.map(({ group }) => group)]);
  return [...names]
    .map((task) => lineOf(task, entries.get(task), rows.get(task)))
    .toSorted((a, b) => b.saved_nano_usd - a.saved_nano_usd || (a.task < b.task ? -1 : 1));
}

function lineOf(
  task: string,
  kept: CacheStats['tasks'][number] | undefined,
  row: Report['rows'][number] | undefined,
): TaskLine {
  const calls = row?.calls ?? 0;
  const hits = row?.cache_hits ?? 0;
  return {
    task,
    entries: kept?.entries ?? 0,
    bytes: kept?.bytes ?? 0,
    calls,
    hits,
    hit_rate: calls === 0 ? null : hits / calls,
    saved_nano_usd: row?.saved_by_nano_usd.cache ?? 0,
  };
}

/** The contract: sums, and the same by task. */
export function statsJson(kept: CacheStats, report: Report | undefined): object {
  const calls = report?.totals.calls ?? 0;
  const hits = report?.totals.cache_hits ?? 0;
  return {
    entries: kept.entries,
    bytes: kept.bytes,
    most_bytes: kept.mostBytes ?? null,
    calls,
    hits,
    hit_rate: calls === 0 ? null : hits / calls,
    saved_nano_usd: report?.totals.saved_by_nano_usd.cache ?? 0,
    tasks: linesOf(kept, report),
  };
}

const left = (title: string): Column => ({ title, align: 'left' });
const right = (title: string): Column => ({ title, align: 'right' });

/** For people. */
export function statsText(kept: CacheStats, report: Report | undefined): string {
  const room = kept.mostBytes === undefined ? '' : ` of ${size(kept.mostBytes)}`;
  const head = `${kept.entries} entries, ${size(kept.bytes)}${room}.`;
  const lines = linesOf(kept, report);
  if (lines.length === 0) return head;
  const columns = [
    left('task'),
    ...['entries', 'size', 'calls', 'hits', 'rate', 'saved'].map(right),
  ];
  const cells = lines.map((line) => [
    line.task,
    String(line.entries),
    size(line.bytes),
    String(line.calls),
    String(line.hits),
    line.hit_rate === null ? '' : `${(100 * line.hit_rate).toFixed(1)} %`,
    formatUsd(line.saved_nano_usd),
  ]);
  return `${renderTable(columns, cells)}\n\n${head}`;
}

/** Entries without their answers: times in ISO 8601. */
export function listJson(entries: readonly Entry[]): object {
  return {
    entries: entries.map((entry) => ({
      key: entry.key,
      task: entry.task,
      tenant: entry.tenant,
      operation: entry.operation,
      model: entry.model,
      provider: entry.provider,
      tags: entry.tags,
      cost_nano_usd: entry.costNano ?? null,
      body_bytes: Buffer.byteLength(entry.body),
      stored_at: new Date(entry.storedAt).toISOString(),
      fresh_until: new Date(entry.freshUntil).toISOString(),
    })),
  };
}

/** For people. `now` is milliseconds since the epoch. */
export function listText(entries: readonly Entry[], now: number): string {
  if (entries.length === 0) return 'Nothing is kept.';
  const columns = [
    ...['key', 'task', 'tenant', 'model'].map(left),
    ...['size', 'cost', 'age', 'fresh for'].map(right),
  ];
  const cells = entries.map((entry) => [
    entry.key,
    entry.task,
    entry.tenant === '' ? '(open)' : entry.tenant,
    entry.model,
    size(Buffer.byteLength(entry.body)),
    entry.costNano === undefined ? 'unpriced' : formatUsd(entry.costNano),
    time(now - entry.storedAt),
    entry.freshUntil <= now ? 'stale' : time(entry.freshUntil - now),
  ]);
  return renderTable(columns, cells);
}

function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2
    ? `${(bytes / 1024).toFixed(1)} KB`
    : `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}

function time(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}
