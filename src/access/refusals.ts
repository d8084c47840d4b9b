/**
 * Why a caller is refused, in words that say what would be right. None of them carries a secret; the name of
 * a key is only told to somebody who holds a secret of it.
 *
 * @module
 */
import { FarthingError } from '../errors.ts';
import type { Credential, KeyRecord } from '../stores/key-store.ts';
import { SECRET_MARK } from '../stores/key-secret.ts';

const REMEDY = 'Keys of this gateway are made with `farthing keys create`.';

/** No header carries a key. */
export function missingKey(): FarthingError {
  return new FarthingError(
    'missing_api_key',
    `No API key was sent. Send one as "Authorization: Bearer ${SECRET_MARK}…". ${REMEDY}`,
  );
}

/** A key was sent, but one of a provider or of another gateway. */
export function foreignKey(): FarthingError {
  return invalid(
    `The API key that was sent is none of this gateway, whose keys begin with "${SECRET_MARK}".`,
  );
}

/** Not a key that was ever given out: its length or its checksum is wrong. */
export function mistypedKey(): FarthingError {
  return invalid('The API key that was sent is mistyped or cut: its checksum does not hold.');
}

/** Well-formed, but not in the store. */
export function unknownKey(): FarthingError {
  return invalid('The API key that was sent is not known to this gateway.');
}

/** Why a known secret is no longer good, or undefined where it is. `now` is milliseconds since the epoch. */
export function refusalOf({ key, validUntil }: Credential, now: number): FarthingError | undefined {
  const { name, revokedAt, expiresAt } = key;
  if (revokedAt !== undefined) {
    return invalid(`The API key "${name}" was revoked at ${timeText(revokedAt)}.`);
  }
  if (expiresAt !== undefined && expiresAt <= now) {
    return invalid(`The API key "${name}" expired at ${timeText(expiresAt)}.`);
  }
  if (validUntil !== undefined && validUntil <= now) {
    return invalid(
      `This secret of the API key "${name}" was replaced by a newer one and ended at ${timeText(validUntil)}.`,
    );
  }
  return undefined;
}

/** The key may not be answered by this model. */
export function modelNotAllowed({ name, models = [] }: KeyRecord, model: string): FarthingError {
  return new FarthingError(
    'model_not_allowed',
    `The API key "${name}" may not use the model "${model}"; it may use ${models.join(', ')}.`,
    { param: 'model' },
  );
}

/** The key may not ask for this task. */
export function taskNotAllowed({ name, tasks = [] }: KeyRecord, task: string): FarthingError {
  return new FarthingError(
    'task_not_allowed',
    `The API key "${name}" may not ask for the task "${task}"; it may ask for ${tasks.join(', ')}.`,
  );
}

function invalid(message: string): FarthingError {
  return new FarthingError('invalid_api_key', `${message} ${REMEDY}`);
}

function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
