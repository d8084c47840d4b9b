/**
 * The secret of the admin API.
 *
 * @module
 */
import { type Environment, readVariable } from './environment.ts';
import type { Problems } from './problems.ts';

/** The environment variable of the secret that opens the admin API. */
const ADMIN_KEY = 'FARTHING_ADMIN_KEY';
/** Characters from which on nobody guesses a secret that was drawn by chance. */
const ADMIN_KEY_LENGTH = 32;

/** The secret that opens the admin API; undefined where there is none, and so no admin API. */
export function resolveAdminKey(
  given: string | undefined,
  { environment, problems }: { readonly environment: Environment; readonly problems: Problems },
): string | undefined {
  const key = given ?? readVariable(ADMIN_KEY, environment);
  if (key !== undefined && key.length < ADMIN_KEY_LENGTH) {
    problems.add(
      ['admin-key'],
      `(or ${ADMIN_KEY}) must have at least ${ADMIN_KEY_LENGTH} characters: openssl rand -hex 32`,
    );
  }
  return key;
}
