/**
 * `${NAME}` in values of the configuration.
 *
 * @module
 */
import { readFileSync } from 'node:fs';

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A text with its variables put in. */
export interface Expanded {
  readonly text: string;
  /** Variables that are not set. */
  readonly missing: readonly string[];
}

/**
 * Puts in `${NAME}`, `${NAME:-default}`, `$$` for a dollar sign, and LiteLLM's `os.environ/NAME` as a
 * whole value.
 */
export function expand(value: string, environment: Environment): Expanded {
  const whole = /^os\.environ\/(\w+)$/.exec(value)?.[1];
  if (whole !== undefined) return expand(`\${${whole}}`, environment);
  const missing: string[] = [];
  const text = value.replaceAll(
    /\$\$|\$\{(\w+)(?::-([^}]*))?\}/g,
    (found, name: string | undefined, fallback: string | undefined) => {
      if (found === '$$' || name === undefined) return '$';
      const given = readVariable(name, environment);
      if (given === undefined && fallback === undefined) missing.push(name);
      return given ?? fallback ?? '';
    },
  );
  return { text, missing };
}

/** A variable, or the content of the file that `NAME_FILE` names. An empty one is not set. */
export function readVariable(name: string, environment: Environment): string | undefined {
  const value = environment[name];
  if (value !== undefined && value !== '') return value;
  const file = environment[`${name}_FILE`];
  if (file === undefined || file === '') return undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
