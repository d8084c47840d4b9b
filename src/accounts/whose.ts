/**
 * Which calls a budget or limit is about.
 *
 * @module
 */
import type { Call } from '../call.ts';
import { EACH, type Whose } from '../config/spending.ts';
import type { AccountMatch } from '../stores/account-store.ts';

/** The tag that names a call's user. */
export const USER_TAG = 'user';

/** What of a call tells whose it is. */
export interface Spender {
  /** The key's name; `""` in an open gateway. */
  readonly key: string;
  readonly task: string;
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * The values that a call has in place of each `*`, where the call is one of those that are meant; else
 * undefined. Calls with the same values share an account.
 */
export function valuesOf(whose: Whose, spender: Spender): AccountMatch | undefined {
  const key = match(whose.key, spender.key);
  const task = match(whose.task, spender.task);
  const user = match(whose.user, spender.tags[USER_TAG]);
  if (key === false || task === false || user === false) return undefined;
  const tags: Record<string, string> = user === undefined ? {} : { [USER_TAG]: user };
  for (const name in whose.tag) {
    const value = match(whose.tag[name], spender.tags[name]);
    if (value === false) return undefined;
    if (value !== undefined) tags[name] = value;
  }
  return {
    ...(key === undefined ? {} : { key }),
    ...(task === undefined ? {} : { task }),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
  };
}

/** The call's value where it is wanted, undefined where nothing is, false where it is another. */
function match(wanted: string | undefined, value: string | undefined): string | false | undefined {
  if (wanted === undefined) return undefined;
  if (value === undefined || value === '') return false;
  return wanted === EACH || wanted === value ? value : false;
}

/** Whose a call is; its task must be known. */
export function spenderOf({ tenant, tags, task }: Call): Spender {
  return { key: tenant, task: task?.name ?? '', tags };
}

/** True where each value has an account of its own. */
export function isOfEach({ key, user, task, tag = {} }: Whose): boolean {
  return [key, user, task, ...Object.values(tag)].includes(EACH);
}

/** The values of a rule that has no {@link EACH}. */
export function matchOf({ key, user, task, tag = {} }: Whose): AccountMatch {
  const tags = { ...(user === undefined ? {} : { [USER_TAG]: user }), ...tag };
  return {
    ...(key === undefined ? {} : { key }),
    ...(task === undefined ? {} : { task }),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
  };
}
