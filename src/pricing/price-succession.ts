/**
 * How one price follows another: a newer one holds from the day of its list, and the one before keeps
 * holding until that day, so that a call is priced alike whenever it is priced.
 *
 * @module
 */
import { type PriceRow, rowKey, sortRows } from './price-list.ts';
import { samePrice } from './price-differences.ts';

/**
 * The rows of a model after a newer row without dates of its own. The price in force on the newer row's
 * day ends there; one that says the same only becomes younger, and one that began on that very day is
 * corrected. Announced prices of later days stay.
 */
export function succeed(rows: readonly PriceRow[], next: PriceRow): readonly PriceRow[] {
  const current = currentRow(rows, next.asOf);
  if (current === undefined) return sortRows([...rows, next]);
  const others = rows.filter((row) => row !== current);
  const { from, until } = current;
  const dates = {
    ...(from === undefined ? {} : { from }),
    ...(until === undefined ? {} : { until }),
  };
  if (samePrice(current, next) || (from ?? current.asOf).slice(0, 10) >= next.asOf) {
    return sortRows([...others, { ...next, ...dates }]);
  }
  return sortRows([
    ...others,
    { ...current, until: next.asOf },
    { ...next, ...dates, from: next.asOf },
  ]);
}

/** The row of a model that is in force on a day. */
export function currentRow(rows: readonly PriceRow[], day: string): PriceRow | undefined {
  const at = Date.parse(day);
  return rows.find(
    ({ from, until }) =>
      (from === undefined || Date.parse(from) <= at) &&
      (until === undefined || at < Date.parse(until)),
  );
}

/** The ISO date on which a model's youngest row was read; `""` for no rows. */
export function youngestOf(rows: readonly PriceRow[]): string {
  return rows.reduce((last, { asOf }) => (asOf > last ? asOf : last), '');
}

/**
 * The rows of two lists as one: of each model the younger, the `newer` list's where both are of the same
 * day. Where the `older` list is younger for a model, as after an upgrade, its price follows those of the
 * other.
 */
export function mergeRows(
  older: readonly PriceRow[],
  newer: readonly PriceRow[],
): readonly PriceRow[] {
  const updated = Map.groupBy(newer, rowKey);
  const known = Map.groupBy(older, rowKey);
  const rows = older.filter((row) => !updated.has(rowKey(row)));
  for (const [key, ofModel] of updated) rows.push(...merged(known.get(key) ?? [], ofModel));
  return sortRows(rows);
}

function merged(older: readonly PriceRow[], newer: readonly PriceRow[]): readonly PriceRow[] {
  const [only, ...others] = older;
  if (only === undefined || youngestOf(older) <= youngestOf(newer)) return newer;
  const isUndated = others.length === 0 && only.from === undefined && only.until === undefined;
  return isUndated ? succeed(newer, only) : older;
}
