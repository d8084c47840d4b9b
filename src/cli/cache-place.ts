/**
 * Which cache a command means, and how it tells what it found.
 *
 * @module
 */
import type { Command } from 'commander';
import type { CacheSettings } from '../config/cache-policy.ts';
import { loadConfig } from '../config/load.ts';
import { SANDBOX_DATA } from '../stores/ledger-store.ts';
import type { DataOptions } from './data-file.ts';

/** What all sub-commands of `farthing cache` take. */
export interface CommonOptions extends DataOptions {
  readonly json?: boolean;
}

/** Where the cache is. */
export interface Place {
  readonly settings: CacheSettings;
  /** The ledger's file. */
  readonly data: string;
}

/** Without a configuration: a file beside the ledger. */
const NO_SETTINGS: CacheSettings = {
  bytes: 256 * 1024 * 1024,
  redisUrl: undefined,
  timeoutMs: 5000,
  policy: undefined,
};

/** Adds the options that all have. */
export function withCommon(command: Command): Command {
  return command
    .option('-d, --data <file>', "the ledger's file, beside which the cache is")
    .option('-c, --config <file>', 'configuration file')
    .option('--json', 'one JSON document; money in integer nano-dollars');
}

/** The place that is meant. What is asked is waited for: a person has more time than a call. */
export async function placeOf({ data, config: path }: DataOptions): Promise<Place> {
  const { config } =
    data !== undefined && path === undefined
      ? { config: undefined }
      : await loadConfig(path === undefined ? {} : { path });
  const settings = { ...(config?.cache ?? NO_SETTINGS), timeoutMs: NO_SETTINGS.timeoutMs };
  return { settings, data: data ?? config?.data ?? SANDBOX_DATA };
}

/** Tells what was found: the document, or its text for people. */
export function print({ json }: CommonOptions, document: object, text: () => string): void {
  process.stdout.write(`${json === true ? JSON.stringify(document) : text()}\n`);
}
