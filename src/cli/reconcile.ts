/**
 * `farthing reconcile`: the ledger beside the provider's own figures.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { loadConfig, loadPriceSettings } from '../config/load.ts';
import { FarthingError, isFarthingError } from '../errors.ts';
import { canonicalProvider, PriceBook } from '../pricing/price-book.ts';
import { type Bill, billsOf } from '../reconcile/bill.ts';
import { compare, totalsOf } from '../reconcile/compare.ts';
import { type DriftLimit, exceeds, parseDriftLimit } from '../reconcile/drift-limit.ts';
import { explain } from '../reconcile/explain.ts';
import { readExports } from '../reconcile/read-exports.ts';
import type { LedgerDay } from '../stores/provider-days.ts';
import { openSqliteStores } from '../stores/sqlite/sqlite-stores.ts';
import type { LedgerStore } from '../stores/ledger-store.ts';
import { existingDataFile } from './data-file.ts';
import { type Reconciled, reconciledJson, renderReconciled } from './reconcile-output.ts';

interface Options {
  readonly provider?: string;
  readonly since?: string;
  readonly until?: string;
  readonly data?: string;
  readonly config?: string;
  readonly failAbove?: DriftLimit;
  readonly each?: boolean;
  readonly json?: boolean;
}

/** The exit code of a limit that is exceeded on purpose. */
const ABOVE_LIMIT = 2;
/** Files that together are larger than this take more than a second, in bytes. */
const LARGE = 10 * 1024 ** 2;
const DAY_MS = 86_400_000;

/** The command. */
export function reconcileCommand(): Command {
  return new Command('farthing reconcile')
    .description(
      "Set the ledger against a provider's own figures: coverage, drift and its likeliest reason, by day and model.",
    )
    .argument('<file...>', 'exports of costs and usage, JSON, CSV or ZIP: see docs/reconcile.md')
    .option('-p, --provider <name>', 'the provider in the ledger whose bill it is')
    .option('-s, --since <day>', 'first day, YYYY-MM-DD (default: the first of the files)', asDay)
    .option('-u, --until <day>', 'day after the last (default: that of the files)', asDay)
    .option('-d, --data <file>', "the ledger's file, instead of the configured one")
    .option('-c, --config <file>', 'configuration file')
    .option('--fail-above <limit>', 'exit with 2 when the total drifts by more: 1%, $5', asLimit)
    .option('--each', 'apply --fail-above to each line as well')
    .option('--json', 'one JSON document; money in integer nano-dollars')
    .action(reconcile);
}

function asDay(value: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value))) return value;
  throw new InvalidArgumentError('It must be a day such as 2026-11-01.');
}

function asLimit(value: string): DriftLimit {
  try {
    return parseDriftLimit(value);
  } catch (thrown) {
    throw new InvalidArgumentError(isFarthingError(thrown) ? thrown.message : String(thrown));
  }
}

async function reconcile(files: readonly string[], options: Options): Promise<void> {
  const { failAbove, each = false, json } = options;
  const found = await reconcileFiles(files, options);
  const exceeded = failAbove !== undefined && isAbove(failAbove, found, each);
  process.stdout.write(
    json === true
      ? `${JSON.stringify({ ...reconciledJson(found), exceeded })}\n`
      : renderReconciled(found),
  );
  if (exceeded) process.exitCode = ABOVE_LIMIT;
}

async function reconcileFiles(files: readonly string[], options: Options): Promise<Reconciled[]> {
  const data = await existingDataFile(options);
  const contents = files.map((name) => ({ name, bytes: readFile(name) }));
  if (contents.reduce((sum, { bytes }) => sum + bytes.length, 0) > LARGE) {
    process.stderr.write(`Reading ${files.join(', ')} …\n`);
  }
  const exports = contents.flatMap(readExports);
  const { priceFile } = loadPriceSettings(
    options.config === undefined ? {} : { path: options.config },
  );
  const book = PriceBook.load(priceFile);
  const bills = billsOf(exports, book, options);
  const nameOf = await ledgerNames(bills, options);
  const stores = openSqliteStores(data);
  try {
    return bills.map((bill) => reconcileBill(bill, { ledger: stores.ledger, nameOf, book }));
  } finally {
    await stores.close();
  }
}

function readFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FarthingError('invalid_value', `Cannot read ${path}: ${why}.`, { cause });
  }
}

/** Tells whether a provider's name in the ledger is that of a bill. */
type LedgerName = (name: string, bill: Bill) => boolean;

async function ledgerNames(bills: readonly Bill[], options: Options): Promise<LedgerName> {
  const { provider, config: path } = options;
  if (bills.length === 0) {
    throw new FarthingError('invalid_value', 'The files have no days in this period.');
  }
  if (provider !== undefined) {
    if (bills.length === 1) return (name) => name === provider;
    const names = bills.map((bill) => bill.provider).join(' and ');
    throw new FarthingError(
      'invalid_value',
      `The files are bills of ${names}; with --provider, give those of one at a time.`,
    );
  }
  const { config } = await loadConfig(path === undefined ? {} : { path });
  return (name, bill) =>
    canonicalProvider(config?.providers.get(name)?.host ?? name) === bill.provider;
}

interface Sources {
  readonly ledger: LedgerStore;
  readonly nameOf: LedgerName;
  readonly book: PriceBook;
}

function reconcileBill(bill: Bill, { ledger: store, nameOf, book }: Sources): Reconciled {
  const ledger = store.providerDays({
    since: startOf(bill.period.first, bill),
    until: startOf(bill.period.last, bill) + DAY_MS,
    utcOffsetMinutes: bill.utcOffsetMinutes,
  });
  const own = ledger.filter(({ provider }) => nameOf(provider, bill));
  const lines = explain(compare(bill, own, book), book);
  const notes = own.length === 0 ? [...bill.notes, missingProvider(bill, ledger)] : bill.notes;
  return { bill, lines, totals: totalsOf(lines), notes };
}

function startOf(day: string, { utcOffsetMinutes }: Bill): number {
  return Date.parse(day) - utcOffsetMinutes * 60_000;
}

function missingProvider({ provider }: Bill, ledger: readonly LedgerDay[]): string {
  const names = [...new Set(ledger.map((day) => day.provider))];
  const has =
    names.length === 0 ? 'nothing at all' : `${names.join(', ')}: --provider tells which is meant`;
  return `The ledger has nothing of ${provider} in this period; it has ${has}.`;
}

function isAbove(limit: DriftLimit, found: readonly Reconciled[], each: boolean): boolean {
  const lines = found.flatMap((one) => one.lines);
  const { driftNano, billedNano } = totalsOf(lines);
  if (driftNano === undefined || billedNano === undefined) {
    throw new FarthingError(
      'invalid_value',
      'The files tell no costs in dollars, so there is no drift that --fail-above could limit.',
    );
  }
  const single = (line: (typeof lines)[number]): boolean =>
    line.driftNano !== undefined &&
    exceeds(limit, { driftNano: line.driftNano, billedNano: line.billed.costNano ?? 0 });
  return exceeds(limit, { driftNano, billedNano }) || (each && lines.some(single));
}
