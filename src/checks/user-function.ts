/** `module`: a user's own function. @module */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Check, CheckContext, Choice, Verdict } from './check.ts';
import { wrongOption } from './options.ts';

/** What a user's function may say: passed or not, a score from 0 to 1, or a whole verdict. */
export type UserVerdict = boolean | number | Verdict;

/** A user's function. May be asynchronous; gets five seconds. */
export type UserFunction = (
  choice: Choice,
  context: CheckContext,
) => UserVerdict | Promise<UserVerdict>;

/**
 * `{ module: ./checks/mine.js }` takes the module's default export, `{ module: "./checks/mine.js#name" }`
 * a named one. Paths start at the configuration's folder. A score passes from 0.5 on.
 */
export async function userFunction(option: unknown, directory: string): Promise<Check> {
  if (typeof option !== 'string' || option === '') {
    throw wrongOption(
      'module',
      'the path of a JavaScript module, such as { module: "./checks/mine.js#name" }',
    );
  }
  const hash = option.lastIndexOf('#');
  const file = resolve(directory, hash === -1 ? option : option.slice(0, hash));
  const name = hash === -1 ? 'default' : option.slice(hash + 1);
  if (!existsSync(file)) throw wrongOption('module', `a file that exists; ${file} does not`);
  const judge = await load(file, name);
  return {
    name: `module ${option}`,
    judge: async (choice, context) => verdictOf(await judge(choice, context)),
  };
}

async function load(file: string, name: string): Promise<UserFunction> {
  let exported: Record<string, unknown>;
  try {
    exported = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    throw wrongOption(
      'module',
      `a module that loads; ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const found = exported[name];
  if (typeof found !== 'function')
    throw wrongOption('module', `a function; ${file} exports none as "${name}"`);
  return found as UserFunction;
}

/** Whatever the function said, as a verdict. */
function verdictOf(said: unknown): Verdict {
  if (typeof said === 'boolean')
    return said ? { verdict: 'accept' } : { verdict: 'escalate', reason: 'it said no' };
  if (typeof said === 'number' && said >= 0 && said <= 1) {
    return said >= 0.5
      ? { verdict: 'accept', score: said }
      : { verdict: 'escalate', reason: `it scored ${said}`, score: said };
  }
  if (isVerdict(said)) return said;
  throw new TypeError('it returned neither a boolean, a score from 0 to 1, nor a verdict');
}

function isVerdict(said: unknown): said is Verdict {
  if (typeof said !== 'object' || said === null || !('verdict' in said)) return false;
  if (said.verdict === 'repair') return 'choice' in said;
  return said.verdict === 'accept' || (said.verdict === 'escalate' && 'reason' in said);
}
