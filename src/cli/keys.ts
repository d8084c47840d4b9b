/**
 * `farthing keys`: the keys that callers of the gateway authenticate with.
 *
 * A secret is written to standard output once, by the command that made it, and nowhere else.
 *
 * @module
 */
import { Command, InvalidArgumentError } from 'commander';
import { parseDuration } from '../config/units.ts';
import type { KeyStore } from '../stores/key-store.ts';
import { openSqliteStores } from '../stores/sqlite/sqlite-stores.ts';
import { type DataOptions, dataFile, existingDataFile } from './data-file.ts';
import { issuedJson, issuedText, keyJson, keysTable } from './keys-output.ts';

interface CommonOptions extends DataOptions {
  readonly json?: boolean;
}

interface CreateOptions extends CommonOptions {
  readonly name: string;
  readonly models?: readonly string[];
  readonly tasks?: readonly string[];
  readonly tag?: Readonly<Record<string, string>>;
  readonly expires?: number;
}

interface RotateOptions extends CommonOptions {
  readonly grace?: number;
}

/** A gateway that is busy writes all the time; a command can wait for its turn. */
const LOCK_TIMEOUT_MS = 5_000;

/** The command with its four sub-commands. */
export function keysCommand(): Command {
  return new Command('farthing keys')
    .description('Make, list and end the keys that callers of the gateway authenticate with.')
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand())
    .addCommand(rotateCommand());
}

function createCommand(): Command {
  return withCommon(new Command('create'))
    .description('Make a key. Its secret is shown this once and kept only as a hash.')
    .requiredOption('-n, --name <name>', 'who pays, in every report; given once for ever')
    .option('-m, --models <globs>', 'models that may answer, separated by commas', readGlobs)
    .option('-t, --tasks <globs>', 'tasks that may be asked for, separated by commas', readGlobs)
    .option('--tag <name=value>', 'put on each call of the key; may be repeated', readTag)
    .option('-e, --expires <when>', 'after 30d or 12h, or at a date (UTC)', readExpiry)
    .action(create);
}

function listCommand(): Command {
  return withCommon(new Command('list'))
    .description('List all keys, without their secrets.')
    .action(list);
}

function revokeCommand(): Command {
  return withCommon(new Command('revoke'))
    .description('End a key for good. Running gateways refuse it within a second.')
    .argument('<key>', 'name or id')
    .action(revoke);
}

function rotateCommand(): Command {
  return withCommon(new Command('rotate'))
    .description('Give a key a new secret; the old one stops at once, or after a grace.')
    .argument('<key>', 'name or id')
    .option('-g, --grace <time>', 'how long the old secret still works: 24h', readGrace)
    .action(rotate);
}

function withCommon(command: Command): Command {
  return command
    .option('-d, --data <file>', "the ledger's file, instead of the configured one")
    .option('-c, --config <file>', 'configuration file')
    .option('--json', 'one JSON document');
}

async function create(options: CreateOptions): Promise<void> {
  const { name, models, tasks, tag: tags, expires: expiresAt } = options;
  const file = await dataFile(options);
  const issued = await withKeys(file, (keys) =>
    keys.create({ name, models, tasks, tags, expiresAt }),
  );
  print(options, issuedJson(issued), () => issuedText(issued, `It is kept in ${file}.`));
}

async function list(options: CommonOptions): Promise<void> {
  const file = await existingDataFile(options);
  const keys = await withKeys(file, (store) => store.list());
  const now = Date.now();
  print(options, { keys: keys.map((key) => keyJson(key, now)) }, () =>
    keys.length === 0 ? `No keys in ${file}.` : keysTable(keys, now),
  );
}

async function revoke(idOrName: string, options: CommonOptions): Promise<void> {
  const file = await existingDataFile(options);
  const key = await withKeys(file, (keys) => keys.revoke(idOrName));
  print(options, keyJson(key, Date.now()), () => `The key "${key.name}" is revoked.`);
}

async function rotate(idOrName: string, options: RotateOptions): Promise<void> {
  const { grace = 0 } = options;
  const file = await existingDataFile(options);
  const issued = await withKeys(file, (keys) => keys.rotate(idOrName, grace));
  const end = new Date((issued.key.rotatedAt ?? Date.now()) + grace).toISOString();
  const old =
    grace === 0 ? 'The old secret no longer works.' : `The old secret works until ${end}.`;
  print(options, { ...issuedJson(issued), old_key_ends_at: end }, () => issuedText(issued, old));
}

async function withKeys<Result>(
  file: string,
  work: (keys: KeyStore) => Promise<Result>,
): Promise<Result> {
  const stores = openSqliteStores(file, { lockTimeoutMs: LOCK_TIMEOUT_MS });
  try {
    return await work(stores.keys);
  } finally {
    await stores.close();
  }
}

function print({ json }: CommonOptions, document: object, text: () => string): void {
  process.stdout.write(`${json === true ? JSON.stringify(document) : text()}\n`);
}

function readGlobs(value: string, before: readonly string[] = []): readonly string[] {
  const globs = value
    .split(',')
    .map((glob) => glob.trim())
    .filter((glob) => glob !== '');
  if (globs.length > 0) return [...before, ...globs];
  throw new InvalidArgumentError('Name at least one; leave the option out to allow all.');
}

function readTag(
  value: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const equals = value.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('It must be name=value.');
  const name = value.slice(0, equals).trim();
  return { ...before, [name]: value.slice(equals + 1).trim() };
}

function readExpiry(value: string): number {
  const ahead = /[a-z]$/i.test(value) ? parseDuration(value) : undefined;
  if (ahead !== undefined) return Date.now() + ahead;
  const date = /^\d{4}-\d{2}-\d{2}/.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(date)) return date;
  throw new InvalidArgumentError('It must be a time ahead such as 30d, or a date: 2026-11-01.');
}

function readGrace(value: string): number {
  const grace = parseDuration(value);
  if (grace !== undefined) return grace;
  throw new InvalidArgumentError('It must be a time such as 24h.');
}
