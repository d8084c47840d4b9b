/** Optional packages, from this project or from a folder they were installed into for a measurement. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Imports a package by name; from `folder`'s node_modules where one is given. */
export function importFrom(folder: string | undefined): (name: string) => Promise<unknown> {
  if (folder === undefined) return async (name) => import(name);
  const { resolve } = createRequire(join(folder, 'package.json'));
  return async (name) => import(pathToFileURL(resolve(name)).href);
}
