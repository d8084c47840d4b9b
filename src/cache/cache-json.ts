/**
 * What is kept, as JSON: the contract of `farthing cache --json` and of the admin API.
 *
 * @module
 */
import type { Report } from '../stores/report.ts';
import type { CacheStats } from './cache-store.ts';
import type { Entry } from './entry.ts';

/** What is kept of a task, and what its calls had of it. */
export interface TaskLine {
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
export function linesOf(kept: CacheStats, report: Report | undefined): readonly TaskLine[] {
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
