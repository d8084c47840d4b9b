/**
 * JSON schemas that come with calls. They are interpreted, never compiled to code: a caller's schema is
 * a stranger's input.
 *
 * @module
 */
import { Validator } from '@cfworker/json-schema';
import type { JsonObject } from '../json.ts';

/** What is wrong with a value; undefined when it is right. */
export type Validate = (value: unknown) => string | undefined;

/** Schemas kept ready; a schema is mostly sent with every call of its task. */
const MOST = 500;
/** Larger schemas are not used: validating by them may take long. */
const LARGEST = 200_000;

const ready = new Map<string, Validate | undefined>();

/**
 * A validator for a schema (2020-12, or the draft it names). Undefined for a schema that cannot be used:
 * then nothing can be told about a value.
 */
export function validatorOf(schema: JsonObject): Validate | undefined {
  const text = JSON.stringify(schema);
  if (text.length > LARGEST) return undefined;
  if (!ready.has(text)) {
    if (ready.size >= MOST) ready.delete(ready.keys().next().value ?? '');
    ready.set(text, make(schema));
  }
  return ready.get(text);
}

function make(schema: JsonObject): Validate | undefined {
  try {
    const validator = new Validator(schema, '2020-12', true);
    // A schema with references to nowhere fails only when it is used.
    validator.validate(null);
    return (value) => {
      const { valid, errors } = validator.validate(value);
      if (valid) return undefined;
      const deepest = errors.at(-1);
      return deepest === undefined
        ? 'it does not fit the schema'
        : `${deepest.instanceLocation.replace(/^#/, '') || 'the value'}: ${deepest.error}`.slice(
            0,
            300,
          );
    };
  } catch {
    return undefined;
  }
}
