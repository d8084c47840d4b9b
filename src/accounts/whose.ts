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

/** True when a call is one of those that are meant. */
export function fits(whose: Whose, spender: Spender): boolean {
  const { key, task, user, tag } = whose;
  if (!match(key, spender.key) || !match(task, spender.task)) return false;
  if (user !== undefined && !match(user, spender.tags[USER_TAG])) return false;
  for (const name in tag) if (!match(tag[name], spender.tags[name])) return false;
  return true;
}

function match(wanted: string | undefined, value: string | undefined): boolean {
  if (wanted === undefined) return true;
  return value !== undefined && value !== '' && (wanted === EACH || wanted === value);
}

/** Whose a call is; its task must be known. */
export function spenderOf({ tenant, tags, task }: Call): Spender {
  return { key: tenant, task: task?.name ?? '', tags };
}

/** Rules never change: what this says of them is found once. */
const ofEach = new WeakMap<Whose, boolean>();

/** True where each value has an account of its own. */
export function isOfEach(whose: Whose): boolean {
  let known = ofEach.get(whose);
  if (known === undefined) {
    const { key, user, task, tag = {} } = whose;
    known = [key, user, task, ...Object.values(tag)].includes(EACH);
    ofEach.set(whose, known);
  }
  return known;
}

/** What the calls of an account have in common: a rule's values, and those of a call in place of each `*`. */
export function matchOf({ key, user, task, tag }: Whose, spender: Spender): AccountMatch {
  const value = (wanted: string, own: string | undefined): string =>
    wanted === EACH ? (own ?? '') : wanted;
  const tags: Record<string, string> =
    user === undefined ? {} : { [USER_TAG]: value(user, spender.tags[USER_TAG]) };
  for (const name in tag) tags[name] = value(tag[name] ?? '', spender.tags[name]);
  return {
    ...(key === undefined ? {} : { key: value(key, spender.key) }),
    ...(task === undefined ? {} : { task: value(task, spender.task) }),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
  };
}
