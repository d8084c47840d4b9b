/**
 * Loading a user's own key function.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FarthingError } from '../errors.ts';
import type { KeyFunction } from './cache-policy.ts';

/**
 * `./keys/mine.js` is the module's default export, `./keys/mine.js#name` a named one. Paths start at
 * `directory`. Throws `invalid_config`.
 */
export async function loadKeyFunction(spec: string, directory: string): Promise<KeyFunction> {
  const mark = spec.lastIndexOf('#');
  const file = resolve(directory, mark === -1 ? spec : spec.slice(0, mark));
  const name = mark === -1 ? 'default' : spec.slice(mark + 1);
  if (!existsSync(file)) throw wrong(`must be a file that exists; ${file} does not`);
  let exported: Record<string, unknown>;
  try {
    exported = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw wrong(`must be a module that loads: ${why}`);
  }
  const found = exported[name];
  if (typeof found !== 'function') throw wrong(`must export a function as "${name}"`);
  return found as KeyFunction;
}

function wrong(message: string): FarthingError {
  return new FarthingError('invalid_config', message);
}
