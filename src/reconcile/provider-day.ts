/**
 * What the readers of exports make of them.
 *
 * @module
 */
import type { TokenCounts } from '../pricing/usage.ts';
import type { ExportRow } from './export-row.ts';

/** What an export can tell. */
export type Measure = 'cost' | 'requests' | 'tokens';

/** One row of an export. A day has many: by model, key, project, service tier, line item. */
export interface ProviderDay {
  /** `YYYY-MM-DD`, the provider's day: see {@link ProviderExport.utcOffsetMinutes}. */
  readonly day: string;
  /** As the provider names it; undefined where the export does not say. */
  readonly model: string | undefined;
  /** A line of the bill that is no model's: web search, storage. */
  readonly item?: string | undefined;
  readonly requests?: number | undefined;
  /**
   * Disjoint classes, those that the export tells apart. Tokens of a class that is not there stand in
   * `input` or `output`.
   */
  readonly tokens?: Readonly<Partial<TokenCounts>> | undefined;
  /** In billionths of `currency`. */
  readonly costNano?: number | undefined;
  /** The same by the public price list, before a negotiated discount. */
  readonly listNano?: number | undefined;
  /** Upper-case code of ISO 4217. */
  readonly currency: string;
  /** As the export names it: `batch`, `flex`, `priority`; undefined for ordinary service or where it does not say. */
  readonly serviceTier?: string | undefined;
  /** Tells the rows of a format apart: the same row in two files counts once. */
  readonly identity: string;
}

/** One file, or one kind of pages in it. */
export interface ProviderExport {
  readonly file: string;
  /** What it was recognised as, in words. */
  readonly format: string;
  /** Where two formats tell the same of a day, the lower rank counts. */
  readonly rank: number;
  /** In the price book's name. */
  readonly provider: string;
  /** Minutes that the provider's day begins before UTC's: 480 for +08:00. */
  readonly utcOffsetMinutes: number;
  /** First and last day that it covers, days without rows included; undefined where it is empty. */
  readonly period: Period | undefined;
  readonly measures: readonly Measure[];
  /** False where its last page says that more follow. */
  readonly complete: boolean;
  readonly days: readonly ProviderDay[];
  /** What it cannot tell, or tells in another way than one might think. A sentence each. */
  readonly notes: readonly string[];
}

/** Days `YYYY-MM-DD`, both inclusive. */
export interface Period {
  readonly first: string;
  readonly last: string;
}

/** Reads one CSV format. */
export interface CsvReader {
  readonly format: string;
  recognises(columns: ReadonlySet<string>): boolean;
  /** Throws `invalid_value` for malformed fields. */
  read(rows: readonly ExportRow[], file: string): ProviderExport;
}

/** Reads one JSON format. */
export interface JsonReader {
  readonly format: string;
  recognises(page: ExportRow): boolean;
  /** Throws `invalid_value` for malformed fields. */
  read(pages: readonly ExportRow[], file: string): ProviderExport;
}

/** First and last of some days; undefined where there are none. */
export function periodOf(days: readonly string[]): Period | undefined {
  const sorted = days.toSorted();
  const [first, last] = [sorted[0], sorted.at(-1)];
  return first === undefined || last === undefined ? undefined : { first, last };
}
