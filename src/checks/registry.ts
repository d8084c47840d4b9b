/**
 * All checks, by the name they have in the configuration.
 *
 * @module
 */
import type { WeightedCheck } from '../config/config.ts';
import { FarthingError } from '../errors.ts';
import { isObject } from '../json.ts';
import { nearest } from '../pricing/nearest.ts';
import type { Check } from './check.ts';
import { complete } from './complete.ts';
import { json } from './json.ts';
import { jsonSchema } from './json-schema.ts';
import { language } from './language.ts';
import { matches } from './matches.ts';
import { maxLength } from './max-length.ts';
import { mentions } from './mentions.ts';
import { minLength } from './min-length.ts';
import { notEmpty } from './not-empty.ts';
import { notRefusal } from './not-refusal.ts';
import { toolCalls } from './tool-calls.ts';
import { userFunction } from './user-function.ts';

type Factory = (option: unknown, directory: string) => Check | Promise<Check>;

const CHECKS: Readonly<Record<string, Factory>> = {
  complete,
  'not-refusal': notRefusal,
  'not-empty': notEmpty,
  'min-length': minLength,
  'max-length': maxLength,
  matches,
  mentions,
  json,
  'json-schema': jsonSchema,
  'tool-calls': toolCalls,
  language,
  module: userFunction,
};

/** As written in the configuration: `complete`, `{ min-length: 200 }`, `{ mentions: client, weight: 2 }`. */
export type CheckSpec = string | Readonly<Record<string, unknown>>;

/**
 * Makes a check. `directory` is where a user's modules are looked for. Throws `invalid_config` for an
 * unknown name (the nearest is named) and for an option that is wrong.
 */
export async function createCheck(
  spec: CheckSpec,
  { directory }: { readonly directory: string },
): Promise<WeightedCheck> {
  if (typeof spec === 'string') return { check: await make(spec, undefined, directory), weight: 1 };
  const { weight = 1, ...rest } = spec;
  const [entry, ...others] = Object.entries(rest);
  if (!isObject(spec) || entry === undefined || others.length > 0) {
    throw new FarthingError(
      'invalid_config',
      'a check is a name, or one name with its option: { min-length: 200 }',
    );
  }
  if (typeof weight !== 'number' || !(weight > 0)) {
    throw new FarthingError('invalid_config', `the weight of ${entry[0]} must be a number above 0`);
  }
  return { check: await make(entry[0], entry[1], directory), weight };
}

async function make(name: string, option: unknown, directory: string): Promise<Check> {
  const factory = Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined;
  if (factory !== undefined) return factory(option, directory);
  const close = nearest(name, Object.keys(CHECKS));
  const hint =
    close === undefined ? `there is ${Object.keys(CHECKS).join(', ')}` : `did you mean "${close}"?`;
  throw new FarthingError('invalid_config', `there is no check "${name}"; ${hint}`);
}
