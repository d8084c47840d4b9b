/**
 * What may be asked of a new key: the same for every store.
 *
 * @module
 */
import { FarthingError } from '../errors.ts';
import type { KeyRequest } from './key-store.ts';
import { looksLikeSecret } from './key-secret.ts';

const NAME = /^[\w.:@-]{1,64}$/;
/** The form of ids, so that a name is never taken for the id of another key. */
const ID = /^[0-9A-HJKMNP-TV-Z]{26}$/;
/** As the tags of a call. */
const MOST_TAGS = 24;
const LONGEST_TAG_NAME = 64;
const LONGEST_TAG_VALUE = 256;
const MOST_GLOBS = 256;
const LONGEST_GLOB = 256;
/** The last moment that a Date can name. */
const LAST_DATE = 8.64e15;

/** Throws `invalid_value` for a key that cannot be made. `now` is milliseconds since the epoch. */
export function checkKeyRequest(wanted: KeyRequest, now: number): void {
  checkName(wanted.name);
  checkGlobs('models', wanted.models);
  checkGlobs('tasks', wanted.tasks);
  checkTags(wanted.tags ?? {});
  checkExpiry(wanted.expiresAt, now);
}

function checkName(name: string): void {
  if (looksLikeSecret(name)) {
    throw wrong('A name must not begin with "fk-", as secrets do: names are shown.', 'name');
  }
  if (!NAME.test(name)) {
    throw wrong(
      `"${name}" cannot be a name: it has 1 to 64 letters, digits and characters of "_.:@-".`,
      'name',
    );
  }
  if (ID.test(name)) throw wrong(`"${name}" cannot be a name: it looks like a key's id.`, 'name');
}

function checkExpiry(expiresAt: number | undefined, now: number): void {
  if (expiresAt === undefined) return;
  if (!Number.isInteger(expiresAt) || expiresAt <= now || expiresAt > LAST_DATE) {
    throw wrong('A key expires at a time in the future, in milliseconds.', 'expiresAt');
  }
}

function checkGlobs(field: 'models' | 'tasks', globs: readonly string[] | undefined): void {
  if (globs === undefined) return;
  if (globs.length === 0 || globs.length > MOST_GLOBS) {
    throw wrong(`"${field}" has 1 to ${MOST_GLOBS} globs; leave it out to allow all.`, field);
  }
  for (const glob of globs) {
    if (glob.trim() === '' || glob.length > LONGEST_GLOB) {
      throw wrong(`A glob of "${field}" has 1 to ${LONGEST_GLOB} characters.`, field);
    }
  }
}

function checkTags(tags: Readonly<Record<string, string>>): void {
  const pairs = Object.entries(tags);
  if (pairs.length > MOST_TAGS) throw wrong(`A key has at most ${MOST_TAGS} tags.`, 'tags');
  for (const [name, value] of pairs) {
    if (name.trim() === '' || name.length > LONGEST_TAG_NAME) {
      throw wrong(`A tag's name has 1 to ${LONGEST_TAG_NAME} characters.`, 'tags');
    }
    if (value === '' || value.length > LONGEST_TAG_VALUE) {
      throw wrong(`The tag "${name}" needs 1 to ${LONGEST_TAG_VALUE} characters.`, 'tags');
    }
  }
}

function wrong(message: string, param: string): FarthingError {
  return new FarthingError('invalid_value', message, { param });
}
