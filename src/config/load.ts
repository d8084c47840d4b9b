/**
 * Finding, reading and checking the configuration.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve as resolvePath } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { FarthingError, toFarthingError } from '../errors.ts';
import { asObject } from '../json.ts';
import { PriceBook } from '../pricing/price-book.ts';
import type { Config } from './config.ts';
import { type Environment, expand, readVariable } from './environment.ts';
import { HOSTS } from './hosts.ts';
import type { ListedModels } from './models.ts';
import { priceSettings, type PriceSettings } from './price-settings.ts';
import { type Path, Problems } from './problems.ts';
import { resolve } from './resolve.ts';
import { type FileForm, fileSchema } from './schema.ts';

/** Where to look. */
export interface LoadOptions {
  /** The file. @default `FARTHING_CONFIG`, else the first of farthing.yaml, .yml, .json that is there */
  readonly path?: string;
  /** @default process.env */
  readonly environment?: Environment;
  /** @default process.cwd() */
  readonly directory?: string;
  /** Which models hosts have, at which price. @default the built-in price book */
  readonly prices?: ListedModels;
}

/** What was found. */
export interface LoadedConfig {
  /** Undefined where there is neither a file nor a provider key: the sandbox is meant. */
  readonly config: Config | undefined;
  /** The file; undefined where the keys of the environment are the configuration. */
  readonly path: string | undefined;
  readonly warnings: readonly string[];
}

const NAMES = ['farthing.yaml', 'farthing.yml', 'farthing.json'];

/**
 * Loads the configuration. Throws `invalid_config` with everything that is wrong, a line each. Without a
 * file, every host whose key is in the environment becomes a provider.
 */
export async function loadConfig(options: LoadOptions = {}): Promise<LoadedConfig> {
  const environment = options.environment ?? process.env;
  const directory = options.directory ?? process.cwd();
  const path = findFile(options.path ?? environment['FARTHING_CONFIG'], directory);
  if (path !== undefined) {
    const { config, warnings } = await parse(readText(path), {
      ...options,
      environment,
      file: path,
    });
    return { config, path, warnings };
  }
  const hosts = Object.entries(HOSTS).filter(
    ([, { keyVariable }]) =>
      keyVariable !== undefined && readVariable(keyVariable, environment) !== undefined,
  );
  if (hosts.length === 0) return { config: undefined, path: undefined, warnings: [] };
  const text = JSON.stringify({ providers: Object.fromEntries(hosts.map(([name]) => [name, {}])) });
  const { config, warnings } = await parse(text, { ...options, environment, file: 'environment' });
  return { config, path: undefined, warnings };
}

/** A configuration from its text, YAML or JSON. Throws as {@link loadConfig} does. */
export async function parseConfig(text: string, options: LoadOptions = {}): Promise<Config> {
  const environment = options.environment ?? process.env;
  const { config } = await parse(text, {
    ...options,
    environment,
    file: options.path ?? 'farthing.yaml',
  });
  return config;
}

/**
 * The part of the configuration that is about the price list, whatever else may be wrong with it: a model
 * that only a newer list knows must not keep that list from being taken. Throws `invalid_config`.
 */
export function loadPriceSettings(options: LoadOptions = {}): PriceSettings {
  const environment = options.environment ?? process.env;
  const directory = options.directory ?? process.cwd();
  const path = findFile(options.path ?? environment['FARTHING_CONFIG'], directory);
  if (path === undefined) return priceSettings({}, directory);
  const lines = new LineCounter();
  const document = parseDocument(readText(path), { lineCounter: lines, prettyErrors: false });
  const problems = new Problems(path, lines, document);
  for (const error of document.errors) problems.addAt(error.pos[0], error.message);
  problems.throwIfAny();
  const { prices, 'price-max-age': maxAge } = asObject(plain(document.toJS(), problems)) ?? {};
  const given = expandAll({ prices, 'price-max-age': maxAge }, [], { environment, problems });
  const form = fileSchema.pick({ prices: true, 'price-max-age': true }).safeParse(given);
  if (!form.success) problems.addIssues(form.error.issues, fileSchema);
  problems.throwIfAny();
  return priceSettings(form.data ?? {}, options.directory ?? dirname(path));
}

function findFile(given: string | undefined, directory: string): string | undefined {
  if (given !== undefined && given !== '') return resolvePath(directory, given);
  return NAMES.map((name) => resolvePath(directory, name)).find((path) => existsSync(path));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new FarthingError('invalid_config', `Cannot read the configuration ${path}.`, { cause });
  }
}

interface ParseOptions extends LoadOptions {
  readonly environment: Environment;
  readonly file: string;
}

async function parse(
  text: string,
  options: ParseOptions,
): Promise<{ config: Config; warnings: readonly string[] }> {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: true,
    prettyErrors: false,
  });
  const problems = new Problems(options.file, lines, document);
  for (const error of document.errors) problems.addAt(error.pos[0], error.message);
  problems.throwIfAny();
  const raw = plain(document.toJS({ maxAliasCount: 100 }) ?? {}, problems);
  const form = fileSchema.safeParse(
    expandAll(raw, [], { environment: options.environment, problems }),
  );
  if (!form.success) problems.addIssues(form.error.issues, fileSchema);
  problems.throwIfAny();
  if (form.data === undefined) throw new FarthingError('internal_error', 'No configuration.');
  const directory = options.directory ?? dirname(resolvePath(options.file));
  const config = await resolve(form.data, {
    environment: options.environment,
    prices: options.prices ?? loadPrices(form.data, directory, problems),
    problems,
    directory,
  });
  problems.throwIfAny();
  return { config, warnings: problems.warnings };
}

/** The price book with the configured file. A file that is wrong is a problem like any other. */
function loadPrices(form: FileForm, directory: string, problems: Problems): PriceBook {
  const { priceFile } = priceSettings(form, directory);
  if (form.prices !== undefined && !existsSync(priceFile)) {
    problems.warn(['prices'], `${priceFile} is not there; "farthing prices update" makes it`);
  }
  try {
    return PriceBook.load(priceFile);
  } catch (thrown) {
    problems.add(['prices'], toFarthingError(thrown).message);
    return PriceBook.load();
  }
}

/** YAML can say things that JSON cannot (maps as keys, binary): here they are wrong. */
function plain(value: unknown, problems: Problems): unknown {
  try {
    return JSON.parse(JSON.stringify(value)) as unknown;
  } catch {
    problems.add([], 'cannot be read as plain data');
    return {};
  }
}

/** Puts variables into every text but the providers' keys, which may be unset and are read later. */
function expandAll(
  value: unknown,
  path: Path,
  context: { readonly environment: Environment; readonly problems: Problems },
): unknown {
  if (typeof value === 'string') {
    if (path[0] === 'providers' && path.at(-1) === 'key') return value;
    const { text, missing } = expand(value, context.environment);
    for (const name of missing)
      context.problems.add(path, `the environment variable ${name} is not set`);
    return text;
  }
  if (Array.isArray(value))
    return value.map((item, index) => expandAll(item, [...path, index], context));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, expandAll(item, [...path, key], context)]),
  );
}
