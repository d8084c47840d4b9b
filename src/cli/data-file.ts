/**
 * Which file a command works on.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { loadConfig } from '../config/load.ts';
import { FarthingError } from '../errors.ts';
import { SANDBOX_DATA } from '../stores/ledger-store.ts';

/** What the command line says about it. */
export interface DataOptions {
  /** `--data`: the file itself. */
  readonly data?: string;
  /** `--config`: the configuration that names it. */
  readonly config?: string;
}

/** The given file, else the configured one, else the sandbox's. Throws as `loadConfig` does. */
export async function dataFile({ data, config: path }: DataOptions): Promise<string> {
  if (data !== undefined) return data;
  const { config } = await loadConfig(path === undefined ? {} : { path });
  return config?.data ?? SANDBOX_DATA;
}

/** As {@link dataFile}; throws `invalid_value` where there is no such file yet. */
export async function existingDataFile(options: DataOptions): Promise<string> {
  const file = await dataFile(options);
  if (existsSync(file)) return file;
  throw new FarthingError(
    'invalid_value',
    `There is no ledger at ${file}; it is made by the first call, or by \`farthing keys create\`.`,
  );
}
