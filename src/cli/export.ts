/**
 * `farthing export`: the ledger's calls for other programs.
 *
 * @module
 */
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Command, Option } from 'commander';
import { FarthingError } from '../errors.ts';
import {
  EXPORT_FORMATS,
  type ExportFormat,
  exportLines,
  type ExportRow,
} from '../export/formats.ts';
import { type CallRecord, costOf } from '../stores/ledger-store.ts';
import { openSqliteStores } from '../stores/sqlite/sqlite-stores.ts';
import { type DataOptions, existingDataFile } from './data-file.ts';
import { type PeriodOptions, readPeriod } from './period.ts';

interface Options extends DataOptions, PeriodOptions {
  readonly format: ExportFormat;
  readonly by?: ExportRow;
  readonly out?: string;
  readonly json?: boolean;
}

/** Lines are written in pieces of about so many characters. */
const PIECE = 65_536;
/** Work that takes longer is told of, this often, in ms. */
const TELL_EVERY_MS = 1_000;

/** The command. */
export function exportCommand(): Command {
  return new Command('farthing export')
    .description('Write the calls of a period for other programs.')
    .addOption(
      new Option('-f, --format <format>', 'csv (dollars), jsonl (nano-dollars), focus (FOCUS 1.2)')
        .choices(EXPORT_FORMATS)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('-b, --by <row>', 'a row of csv (default: attempt)').choices(['attempt', 'call']),
    )
    .option('-s, --since <when>', 'a date (UTC), or how far back: 7d, 12h')
    .option('-u, --until <when>', 'a date (UTC), or how far back')
    .option('-o, --out <file>', 'write here instead of standard output; only its owner may read it')
    .option('-d, --data <file>', "the ledger's file, instead of the configured one")
    .option('-c, --config <file>', 'configuration file')
    .option('--json', 'with --out: tell what was written, as one JSON document')
    .action(exportLedger);
}

async function exportLedger(options: Options, command: Command): Promise<void> {
  const { format, by, out, json } = options;
  checkUse(options, command);
  const period = readPeriod(options);
  const stores = openSqliteStores(await existingDataFile(options));
  const tally = { calls: 0, cost_nano_usd: 0 };
  try {
    const calls = counted(stores.ledger.calls(period), tally);
    const lines = exportLines(calls, format, by ?? 'attempt');
    if (out === undefined) await writeAll(process.stdout, lines);
    else await writeFile(out, lines);
  } finally {
    await stores.close();
  }
  if (out === undefined) return;
  process.stdout.write(
    json === true
      ? `${JSON.stringify({ format, out, ...tally })}\n`
      : `${tally.calls} calls written to ${out}.\n`,
  );
}

function checkUse({ format, by, out, json }: Options, command: Command): void {
  if (by !== undefined && format !== 'csv') {
    command.error('error: --by is for --format csv only.', { exitCode: 2 });
  }
  if (json === true && out === undefined) {
    command.error(
      'error: --json tells what was written to --out FILE; calls as JSON are --format jsonl.',
      { exitCode: 2 },
    );
  }
}

/** The same calls; counts them, and tells on standard error when that takes long. */
function* counted(
  calls: Iterable<CallRecord>,
  tally: { calls: number; cost_nano_usd: number },
): Generator<CallRecord, void> {
  let toldAt = Date.now();
  for (const call of calls) {
    yield call;
    tally.calls += 1;
    tally.cost_nano_usd += costOf(call);
    if (tally.calls % 1000 !== 0 || Date.now() - toldAt < TELL_EVERY_MS) continue;
    toldAt = Date.now();
    process.stderr.write(`${tally.calls.toLocaleString('en-US')} calls so far\n`);
  }
}

async function writeFile(path: string, lines: Iterable<string>): Promise<void> {
  const file = createWriteStream(path, { mode: 0o600 });
  try {
    await once(file, 'open');
    await writeAll(file, lines);
    file.end();
    await finished(file);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FarthingError('invalid_value', `Cannot write ${path}: ${why}.`, { cause });
  }
}

/** Writes no faster than is read. A reader that has enough (`| head`) ends it. */
async function writeAll(to: Writable, lines: Iterable<string>): Promise<void> {
  // A write's callback hears of its error; unheard events would end the process besides.
  to.on('error', () => undefined);
  try {
    for (const piece of pieces(lines)) {
      await new Promise<void>((resolve, reject) => {
        to.write(piece, (error) => (error ? reject(error) : resolve()));
      });
    }
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EPIPE')) throw thrown;
  }
}

function* pieces(lines: Iterable<string>): Generator<string, void> {
  let piece = '';
  for (const line of lines) {
    piece += line;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}
