/**
 * How `farthing cache` shows what is kept.
 *
 * @module
 */
import { linesOf } from '../cache/cache-json.ts';
import type { CacheStats } from '../cache/cache-store.ts';
import type { Entry } from '../cache/entry.ts';
import { formatUsd } from '../pricing/format-usd.ts';
import type { Report } from '../stores/report.ts';
import { type Column, renderTable } from './table.ts';

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
