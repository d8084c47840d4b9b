/**
 * The configuration to work with: the user's, or without any file and any key the sandbox's.
 *
 * @module
 */
import type { Config } from '../config/config.ts';
import { loadConfig, parseConfig } from '../config/load.ts';
import { SANDBOX_DATA } from '../stores/ledger-store.ts';
import { sandboxConfigYaml } from './config.ts';
import { startSandbox } from './sandbox.ts';

/** A configuration ready to be served, with what must be closed after it. */
export interface Prepared {
  readonly config: Config;
  /** The file it came from; undefined without one. */
  readonly path: string | undefined;
  readonly warnings: readonly string[];
  readonly close: () => Promise<void>;
}

/** Loads the configuration; where there is none, starts the sandbox and gives its configuration. */
export async function loadConfigOrSandbox(file: string | undefined): Promise<Prepared> {
  const loaded = await loadConfig(file === undefined ? {} : { path: file });
  const { path, warnings } = loaded;
  if (loaded.config !== undefined) {
    return { config: loaded.config, path, warnings, close: async () => undefined };
  }
  const sandbox = await startSandbox();
  const config = await parseConfig(sandboxConfigYaml(sandbox.url));
  const simulated = { ...config, sandbox: true, data: SANDBOX_DATA };
  return { config: simulated, path, warnings, close: sandbox.close };
}
