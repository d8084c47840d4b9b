/**
 * What a newer list changes in the prices that are known: the plan of `farthing prices update`.
 *
 * @module
 */
import { PriceBook } from '../price-book.ts';
import { type PriceDifference, priceDifferences } from '../price-differences.ts';
import { type PriceRow, rowKey, ruleId } from '../price-list.ts';
import { currentRow, mergeRows, succeed, youngestOf } from '../price-succession.ts';

/** The prices that are known before an update. */
export interface KnownPrices {
  /** The list that comes with this version. */
  readonly builtIn: readonly PriceRow[];
  /** The price file's rows; empty without one. */
  readonly file: readonly PriceRow[];
}

/** A price that is another from now on. */
export interface ChangedPrice {
  readonly before: PriceRow;
  readonly after: PriceRow;
  readonly differences: readonly PriceDifference[];
}

/** A price that the list has otherwise and that stays. */
export interface KeptPrice extends ChangedPrice {
  readonly reason: 'younger' | 'free';
}

/** What an update does. */
export interface PriceUpdate {
  /** The whole price file as it is after the update. */
  readonly rows: readonly PriceRow[];
  readonly changed: readonly ChangedPrice[];
  readonly added: readonly PriceRow[];
  /** Prices of the same list that it does not have any more. They hold on: a model taken down is not free. */
  readonly removed: readonly PriceRow[];
  readonly kept: readonly KeptPrice[];
  /** Prices that the list confirms. */
  readonly confirmed: number;
}

interface Found {
  readonly changed: ChangedPrice[];
  readonly added: PriceRow[];
  readonly kept: KeptPrice[];
  confirmed: number;
}

/**
 * Compares a list with what is known. A price that is younger than the list's row stays; one that is
 * replaced holds until the list's day. A list of another source that agrees on input and output and says
 * less leaves the rest as it was.
 */
export function planUpdate(list: readonly PriceRow[], known: KnownPrices): PriceUpdate {
  const current = mergeRows(known.builtIn, known.file);
  const find = finder(current);
  const found: Found = { changed: [], added: [], kept: [], confirmed: 0 };
  const file = Map.groupBy(known.file, rowKey);
  const updates = Map.groupBy(list, rowKey);
  for (const [key, rows] of updates) {
    const decided = decide(find(rows), rows, found);
    if (decided !== undefined) file.set(key, [...decided]);
  }
  return {
    rows: [...file.values()].flat(),
    ...found,
    removed: removedFrom(current, list),
  };
}

/** Finds the known rows of a model by any name that means it, under the name of the list. */
function finder(current: readonly PriceRow[]): (rows: readonly PriceRow[]) => readonly PriceRow[] {
  const byId = new Map(current.map((row) => [ruleId(row), row]));
  const book = new PriceBook({ _source: { list: '', license: '', asOf: '' }, rows: current });
  return ([first]) => {
    if (first === undefined) return [];
    return book.rules(first.provider, first.model).flatMap(({ id }) => {
      const row = byId.get(id);
      if (row === undefined) return [];
      return rowKey(row) === rowKey(first) ? [row] : [{ ...row, model: first.model }];
    });
  };
}

/** The new rows of a model, noting what they change; undefined where all stays as it is. */
function decide(
  before: readonly PriceRow[],
  update: readonly PriceRow[],
  found: Found,
): readonly PriceRow[] | undefined {
  const day = youngestOf(update);
  const listed = currentRow(update, day) ?? update[0];
  if (listed === undefined) return undefined;
  const old = currentRow(before, day) ?? before.at(-1);
  if (old === undefined) {
    found.added.push(listed);
    return update;
  }
  const next = { ...complemented(old, listed), model: old.model };
  const differences = priceDifferences(old, next);
  const reason = reasonToKeep(before, next);
  if (reason !== undefined && differences.length > 0) {
    found.kept.push({ before: old, after: next, differences, reason });
    return undefined;
  }
  if (differences.length > 0) found.changed.push({ before: old, after: next, differences });
  else found.confirmed++;
  if (reason !== undefined) return undefined;
  const isUndated = update.length === 1 && next.from === undefined && next.until === undefined;
  return isUndated ? succeed(before, next) : [...until(before, update), ...update];
}

function reasonToKeep(
  before: readonly PriceRow[],
  next: PriceRow,
): KeptPrice['reason'] | undefined {
  if (youngestOf(before) > next.asOf) return 'younger';
  const wasPaid = before.some(({ rates }) => rates.input > 0 || rates.output > 0);
  const isFree = next.rates.input === 0 && next.rates.output === 0;
  return wasPaid && isFree ? 'free' : undefined;
}

/**
 * A row with what the known one says beyond it. Only where both charge the same for input and output, and
 * never within one list: there, what is missing is no longer charged.
 */
function complemented(old: PriceRow, listed: PriceRow): PriceRow {
  const { maxOutputTokens, contextTokens } = old;
  const limits = {
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(contextTokens === undefined ? {} : { contextTokens }),
  };
  const agrees = old.rates.input === listed.rates.input && old.rates.output === listed.rates.output;
  if (old.source === listed.source || !agrees) return { ...limits, ...listed };
  const { from: _from, until: _until, ...rest } = old;
  const others = old.source.split('; ').filter((part) => !part.startsWith(listed.source));
  const hasMore =
    Object.keys({ ...old.rates, ...listed.rates }).length > Object.keys(listed.rates).length;
  return {
    ...rest,
    ...listed,
    rates: { ...old.rates, ...listed.rates },
    ...(old.tiers === undefined ? {} : { tiers: { ...old.tiers, ...listed.tiers } }),
    source:
      hasMore || isRicher(old, listed) ? [listed.source, ...others].join('; ') : listed.source,
  };
}

function isRicher(old: PriceRow, listed: PriceRow): boolean {
  const parts = ['bands', 'windows', 'regions', 'fees'] as const;
  const tiers = Object.keys(old.tiers ?? {}).some(
    (tier) => !Object.hasOwn(listed.tiers ?? {}, tier),
  );
  return tiers || parts.some((part) => old[part] !== undefined && listed[part] === undefined);
}

/** Known rows up to the first dated one of an update. */
function until(before: readonly PriceRow[], update: readonly PriceRow[]): readonly PriceRow[] {
  const starts = update.map(({ from }) => (from === undefined ? -Infinity : Date.parse(from)));
  const start = Math.min(...starts);
  if (start === -Infinity) return [];
  const end = update.find(({ from }) => from !== undefined && Date.parse(from) === start)?.from;
  return before.flatMap((row) => {
    if (row.from !== undefined && Date.parse(row.from) >= start) return [];
    const endsBefore = row.until !== undefined && Date.parse(row.until) <= start;
    return [endsBefore || end === undefined ? row : { ...row, until: end }];
  });
}

/** The last prices of models that the same list had and has not any more. */
function removedFrom(current: readonly PriceRow[], list: readonly PriceRow[]): PriceRow[] {
  const listed = new Set(list.map(rowKey));
  const sources = new Set(list.map(({ source }) => source));
  const providers = new Set(list.map(({ provider }) => provider));
  const last = new Map(current.map((row) => [rowKey(row), row]));
  return [...last].flatMap(([key, row]) =>
    sources.has(row.source) && providers.has(row.provider) && !listed.has(key) ? [row] : [],
  );
}
