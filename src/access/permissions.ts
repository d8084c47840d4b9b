/**
 * What a key may be used for.
 *
 * @module
 */
import { compileGlob, type Glob } from '../glob.ts';
import type { KeyRecord } from '../stores/key-store.ts';

/** Undefined: everything. */
interface Permissions {
  readonly models: readonly Glob[] | undefined;
  readonly tasks: readonly Glob[] | undefined;
}

/** Compiled once for each record that the ring holds, gone with it. */
const compiled = new WeakMap<KeyRecord, Permissions>();

/** True when this model, by its name in the configuration, may answer calls of the key. */
export function mayUse(key: KeyRecord, model: string): boolean {
  return fitsAny(permissionsOf(key).models, model);
}

/** True when calls of the key may be of this task. */
export function mayDo(key: KeyRecord, task: string): boolean {
  return fitsAny(permissionsOf(key).tasks, task);
}

function fitsAny(globs: readonly Glob[] | undefined, name: string): boolean {
  return globs === undefined || globs.some((glob) => glob(name));
}

function permissionsOf(key: KeyRecord): Permissions {
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const { models, tasks } = key;
  const made = { models: models?.map(compileGlob), tasks: tasks?.map(compileGlob) };
  compiled.set(key, made);
  return made;
}
