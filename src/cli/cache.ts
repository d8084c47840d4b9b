/**
 * `farthing cache`: the answers that are kept.
 *
 * Answers themselves are shown by `review` alone: who may see them is for the tenants to say.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { listJson, statsJson } from '../cache/cache-json.ts';
import { cacheFileOf, openSharedCache } from '../cache/open-cache.ts';
import type { CacheStore, EntryMatch } from '../cache/cache-store.ts';
import { parseDuration } from '../config/units.ts';
import { FarthingError } from '../errors.ts';
import { EVIDENCE, type Evidence, evidenceReports, readEvidence } from '../semantic/evidence.ts';
import { semanticLines } from '../semantic/stats-json.ts';
import type { Report } from '../stores/report.ts';
import { openSqliteStores } from '../stores/sqlite/sqlite-stores.ts';
import { listText, statsText } from './cache-output.ts';
import { type CommonOptions, type Place, placeOf, print, withCommon } from './cache-place.ts';
import { readReviews, reviewCommand } from './cache-review.ts';
import { semanticText } from './semantic-output.ts';

interface MatchOptions extends CommonOptions {
  readonly task?: string;
  readonly tag?: EntryMatch['tag'];
  readonly tenant?: string;
  /** In ms. */
  readonly olderThan?: number;
}

interface ListOptions extends MatchOptions {
  readonly limit: number;
}

interface PurgeOptions extends MatchOptions {
  readonly all?: boolean;
}

/** The command with its sub-commands. */
export function cacheCommand(): Command {
  return new Command('farthing cache')
    .description('The answers that are kept, and what they saved.')
    .addCommand(statsCommand())
    .addCommand(listCommand())
    .addCommand(purgeCommand())
    .addCommand(reviewCommand());
}

function statsCommand(): Command {
  return withCommon(new Command('stats'))
    .description(
      'How much is kept, how often it was given, and what that saved, by task; of answers by likeness how often they are wrong.',
    )
    .action(stats);
}

function listCommand(): Command {
  return withMatch(new Command('list'))
    .description('The newest entries, without their answers.')
    .option('-n, --limit <count>', 'how many at most', readCount, 20)
    .action(list);
}

function purgeCommand(): Command {
  return withMatch(new Command('purge'))
    .description(
      'Drop entries: one by its key, or all that are meant. Running gateways follow within a second.',
    )
    .argument('[key]', 'of one entry, as `list` shows it')
    .option('--all', 'drop everything')
    .action(purge);
}

function withMatch(command: Command): Command {
  return withCommon(command)
    .option('-t, --task <name>', 'entries of a task')
    .option('--tag <name=value>', 'entries of calls with a tag', readTag)
    .option('--tenant <key>', 'entries of a key\'s calls; an open gateway\'s have the name ""')
    .option('--older-than <time>', 'entries stored before: 12h, 7d', readAge);
}

async function stats(options: CommonOptions): Promise<void> {
  const place = await placeOf(options);
  const kept = await withCache(place, async (store) => store.stats());
  const found = await ledgerOf(place.data);
  const waiting = readReviews(place) ?? [];
  const lines = semanticLines(evidenceReports(found?.evidence ?? {}), waiting);
  print(
    options,
    { ...statsJson(kept, found?.report), semantic: lines },
    () => statsText(kept, found?.report) + semanticText(lines),
  );
}

async function list(options: ListOptions): Promise<void> {
  const place = await placeOf(options);
  const entries = await withCache(place, async (store) =>
    store.list(matchOf(options), options.limit),
  );
  const now = Date.now();
  print(options, listJson(entries), () => listText(entries, now));
}

async function purge(
  key: string | undefined,
  options: PurgeOptions,
  command: Command,
): Promise<void> {
  const match = { ...matchOf(options), ...(key === undefined ? {} : { key }) };
  const isNarrow = Object.keys(match).length > 0;
  if (isNarrow === (options.all === true)) {
    command.error('Say which entries: a key, --task, --tag, --tenant, --older-than; or --all.');
  }
  const purged = await withCache(await placeOf(options), async (store) => store.purge(match));
  print(options, { purged }, () => `${purged} ${purged === 1 ? 'entry' : 'entries'} dropped.`);
}

function matchOf({ task, tag, tenant, olderThan }: MatchOptions): EntryMatch {
  return {
    ...(task === undefined ? {} : { task }),
    ...(tag === undefined ? {} : { tag }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(olderThan === undefined ? {} : { storedBefore: Date.now() - olderThan }),
  };
}

async function withCache<Result>(
  { settings, data }: Place,
  work: (store: CacheStore) => Promise<Result>,
): Promise<Result> {
  const file = cacheFileOf(data);
  if (settings.redisUrl === undefined && (file === undefined || !existsSync(file))) {
    throw new FarthingError(
      'invalid_value',
      `There is no cache at ${file ?? data}; it is made by the first gateway whose configuration has a "cache".`,
    );
  }
  const store = openSharedCache(settings, data);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** What the ledger says of the tasks; undefined where there is none. */
async function ledgerOf(
  data: string,
): Promise<{ readonly report: Report; readonly evidence: Evidence } | undefined> {
  if (!existsSync(data)) return undefined;
  const stores = openSqliteStores(data);
  try {
    return {
      report: stores.ledger.report({ by: 'task' }),
      evidence: readEvidence(stores.ledger.load(EVIDENCE)),
    };
  } finally {
    await stores.close();
  }
}

function readTag(value: string): EntryMatch['tag'] {
  const equals = value.indexOf('=');
  if (equals > 0) return { name: value.slice(0, equals), value: value.slice(equals + 1) };
  throw new InvalidArgumentError('It is name=value, such as feature=draft.');
}

function readAge(value: string): number {
  const age = parseDuration(value);
  if (age !== undefined) return age;
  throw new InvalidArgumentError('It is a time such as 12h or 7d.');
}

function readCount(value: string): number {
  const count = Number(value);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new InvalidArgumentError('It is a whole number from 1 on.');
}
