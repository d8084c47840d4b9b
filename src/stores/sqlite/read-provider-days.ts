/**
 * The ledger by day, provider and model, by SQL.
 *
 * @module
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { TOKEN_CLASSES, type TokenCounts } from '../../pricing/usage.ts';
import type { LedgerDay, ProviderDaysQuery } from '../provider-days.ts';
import { firstCallNumber, NUMBERS_ABOVE } from './call-number.ts';
import { TOKEN_COLUMNS } from './call-tables.ts';

/** Attempts may begin this long after their call, in ms; they are found by its number. */
const LONGEST_CALL_MS = 86_400_000;

const SQL = `
  SELECT strftime('%Y-%m-%d', (started_at + $offset) / 1000, 'unixepoch') AS day,
    provider, coalesce(answered_by, model_id) AS name, service_tier,
    sum(status BETWEEN 200 AND 299) AS requests,
    ${TOKEN_COLUMNS.map((column) => `sum(${column}) AS ${column}`).join(', ')},
    sum(coalesce(cost_nano, 0)) AS cost, sum(coalesce(computed_nano, 0)) AS computed,
    sum(coalesce(reported_nano, 0)) AS reported, sum(cost_nano IS NULL) AS unpriced,
    sum(usage_source IN ('estimated', 'partial')) AS estimated,
    json_group_array(DISTINCT price_id) AS prices
  FROM attempts
  WHERE started_at >= $since AND started_at < $until
    AND call >= $from AND call < $to
  GROUP BY day, provider, name, service_tier ORDER BY day, provider, name, service_tier`;

/** Sums the attempts that began in a period, sorted by day, provider, model and service tier. */
export function readProviderDays(
  database: DatabaseSync,
  { since, until, utcOffsetMinutes = 0 }: ProviderDaysQuery,
): LedgerDay[] {
  return database
    .prepare(SQL)
    .all({
      $offset: utcOffsetMinutes * 60_000,
      $from: firstCallNumber(since - LONGEST_CALL_MS),
      $to: firstCallNumber(until) + NUMBERS_ABOVE,
      $since: since,
      $until: until,
    })
    .map(toDay);
}

function toDay(row: Readonly<Record<string, SQLOutputValue>>): LedgerDay {
  const tier = row['service_tier'];
  const counts = TOKEN_CLASSES.map((name, index) => [
    name,
    Number(row[TOKEN_COLUMNS[index] ?? '']),
  ]);
  const prices = JSON.parse(String(row['prices'])) as (string | null)[];
  return {
    day: String(row['day']),
    provider: String(row['provider']),
    model: String(row['name']),
    serviceTier: typeof tier === 'string' ? tier : undefined,
    requests: Number(row['requests'] ?? 0),
    tokens: Object.fromEntries(counts) as TokenCounts,
    costNano: Number(row['cost']),
    computedNano: Number(row['computed']),
    reportedNano: Number(row['reported']),
    unpriced: Number(row['unpriced']),
    estimated: Number(row['estimated']),
    priceIds: prices.filter((id) => id !== null).toSorted(),
  };
}
