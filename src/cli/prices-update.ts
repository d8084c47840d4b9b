/**
 * `farthing prices update`: takes prices from a newer list.
 *
 * @module
 */
import { Command } from 'commander';
import { loadPriceSettings } from '../config/load.ts';
import { FarthingError } from '../errors.ts';
import type { PriceDifference } from '../pricing/price-differences.ts';
import { readPriceFile, writePriceFile } from '../pricing/price-file.ts';
import { type PriceRow, readPriceList } from '../pricing/price-list.ts';
import { type ListFile, takeList, type TakenList } from '../pricing/lists/take-list.ts';
import { type KeptPrice, planUpdate, type PriceUpdate } from '../pricing/lists/update.ts';

interface Options {
  readonly fromModelsDev?: string;
  readonly fromLitellm?: string;
  readonly asOf?: string;
  readonly config?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** The command. */
export function pricesUpdateCommand(): Command {
  const command = new Command('update')
    .description(
      'Take prices from a newer list into the price file. Prices that change keep holding until the day of the list.',
    )
    .argument('[file]', "a list in Farthing's own form, plain or gzipped JSON")
    .option('--from-models-dev <file>', "models.dev's api.json, plain or gzipped")
    .option(
      '--from-litellm <file>',
      "LiteLLM's model_prices_and_context_window.json, plain or gzipped",
    )
    .option(
      '--as-of <date>',
      'the day of which the list is; default: what the list says, else the file’s date',
    )
    .option('-c, --config <file>', 'configuration file')
    .option('--dry-run', 'tell what would change and write nothing')
    .option('--json', 'one JSON document');
  return command.action((file: string | undefined, options: Options) => {
    const list = chosen(file, options);
    if (typeof list === 'string') command.error(`error: ${list}`, { exitCode: 2 });
    else update(list, options);
  });
}

/** The one list that is asked for, or what is wrong with the question. */
function chosen(file: string | undefined, options: Options): ListFile | string {
  const { fromModelsDev, fromLitellm, asOf } = options;
  const today = new Date().toISOString().slice(0, 10);
  if (asOf !== undefined && (!/^\d{4}-\d\d-\d\d$/.test(asOf) || Number.isNaN(Date.parse(asOf)))) {
    return `--as-of takes a date such as ${today}, not "${asOf}".`;
  }
  if (asOf !== undefined && asOf > today) return `--as-of ${asOf} is still to come.`;
  const lists: ListFile[] = [
    ...(file === undefined ? [] : [{ path: file, form: 'farthing', asOf } as const]),
    ...(fromModelsDev === undefined
      ? []
      : [{ path: fromModelsDev, form: 'models.dev', asOf } as const]),
    ...(fromLitellm === undefined ? [] : [{ path: fromLitellm, form: 'litellm', asOf } as const]),
  ];
  const [list] = lists;
  return list === undefined || lists.length > 1
    ? 'name one list: FILE, --from-models-dev FILE or --from-litellm FILE.'
    : list;
}

function update(file: ListFile, { config: path, dryRun, json }: Options): void {
  const { priceFile: target } = loadPriceSettings(path === undefined ? {} : { path });
  const list = takeList(file);
  if (list.rows.length === 0) {
    throw new FarthingError(
      'invalid_value',
      `The list ${file.path} has no price that is understood.`,
    );
  }
  const known = { builtIn: readPriceList().rows, file: readPriceFile(target)?.rows ?? [] };
  const plan = planUpdate(list.rows, known);
  const written = dryRun !== true;
  if (written) writePriceFile(target, plan.rows);
  const told = { list, plan, target, written, form: file.form };
  process.stdout.write(json === true ? `${JSON.stringify(asJson(told))}\n` : render(told));
}

interface Told {
  readonly list: TakenList;
  readonly plan: PriceUpdate;
  readonly target: string;
  readonly written: boolean;
  readonly form: string;
}

function render({ list, plan, target, written, form }: Told): string {
  const { changed, added, removed, kept, confirmed } = plan;
  const younger = kept.filter(({ reason }) => reason === 'younger').length;
  const lines = [
    `${list.rows.length} prices of ${form === 'farthing' ? 'the list' : form}, as of ${list.asOf}${dating(list)}.`,
    '',
    ...changed.map(
      ({ after, differences }) => `  ~ ${name(after)}: ${differences.map(arrow).join(', ')}`,
    ),
    ...added.map((row) => `  + ${name(row)}: ${row.rates.input} / ${row.rates.output}`),
    ...removed.map((row) => `  - ${name(row)}: not in the list; its last price holds`),
    ...(changed.length + added.length + removed.length === 0 ? [] : ['']),
    `${changed.length} changed, ${added.length} added, ${removed.length} no longer listed, ${confirmed} confirmed.`,
    ...(younger === 0
      ? []
      : [`${younger} differ and stay as they are: what is known is younger than ${list.asOf}.`]),
    ...kept
      .filter(({ reason }) => reason === 'free')
      .map(
        ({ before }) =>
          `${name(before)} stays as it is: the list says 0, which mostly means unknown.`,
      ),
    ...leftOut(list),
    written
      ? `Written to ${target}. A running gateway reads it at its next start.`
      : `Nothing was written (--dry-run); it would be ${target}.`,
    '',
  ];
  return lines.join('\n');
}

function dating({ datedBy }: TakenList): string {
  return datedBy === 'file' ? ' (the date of the file; --as-of says better)' : '';
}

function name({ provider, model }: PriceRow): string {
  return `${provider}/${model}`;
}

function arrow({ what, before, after }: PriceDifference): string {
  return `${what} ${before ?? 'none'} → ${after ?? 'none'}`;
}

function leftOut({ skipped, unread }: TakenList): string[] {
  const reasons = [...Map.groupBy(skipped, ({ reason }) => reason)].map(
    ([reason, left]) => `${left.length} ${reason}`,
  );
  const fields = Object.entries(unread).map(([field, count]) => `${field} (${count})`);
  return [
    ...(reasons.length === 0 ? [] : [`Left out: ${reasons.join(', ')}.`]),
    ...(fields.length === 0 ? [] : [`Prices that no rule can hold: ${fields.join(', ')}.`]),
  ];
}

/** The contract: rates in USD per 1M tokens, `null` where a price says nothing. */
function asJson({ list, plan, target, written, form }: Told): object {
  const differences = (of: readonly PriceDifference[]): object[] =>
    of.map(({ what, before, after }) => ({ what, before: before ?? null, after: after ?? null }));
  const id = ({ provider, model }: PriceRow): object => ({ provider, model });
  return {
    list: form,
    as_of: list.asOf,
    as_of_from: list.datedBy,
    file: target,
    written,
    changed: plan.changed.map((change) => ({
      ...id(change.after),
      from: list.asOf,
      source: change.after.source,
      differences: differences(change.differences),
    })),
    added: plan.added.map((row) => ({
      ...id(row),
      input: row.rates.input,
      output: row.rates.output,
      source: row.source,
    })),
    removed: plan.removed.map(id),
    kept: plan.kept.map(({ before, differences: of, reason }: KeptPrice) => ({
      ...id(before),
      reason,
      as_of: before.asOf,
      differences: differences(of),
    })),
    confirmed: plan.confirmed,
    left_out: list.skipped,
    unread: list.unread,
  };
}
