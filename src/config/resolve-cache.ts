/**
 * The cache: from the file's form into what is meant.
 *
 * @module
 */
import { toFarthingError } from '../errors.ts';
import type { CachePolicy, CacheSettings, SemanticPolicy } from './cache-policy.ts';
import type { CacheForm, TaskCacheForm } from './cache-schema.ts';
import { type Environment, readVariable } from './environment.ts';
import { loadKeyFunction } from './key-function.ts';
import type { Path } from './problems.ts';
import { resolveSemantic, type SemanticOptions } from './resolve-semantic.ts';
import { parseDuration, parseSize } from './units.ts';

/** The environment variable of a Redis that several things may use. */
const REDIS_URL = 'REDIS_URL';
const DEFAULT_TTL = '1h';
const DEFAULT_SIZE = '256mb';
const DEFAULT_TIMEOUT = '50ms';

/** What resolving needs. */
export interface CacheOptions extends SemanticOptions {
  /** `cache:` at the top. */
  readonly top: CacheForm | undefined;
  /** `cache.semantic` at the top, resolved once for all tasks that it holds for. */
  readonly topSemantic: SemanticPolicy | undefined;
  readonly environment: Environment;
  /** Where paths of the file start. */
  readonly directory: string;
}

/** Where answers are kept, and the policy of tasks that the file does not name. */
export async function resolveCache(options: CacheOptions): Promise<CacheSettings> {
  const { top = {}, environment } = options;
  return {
    bytes: parseSize(top.size ?? DEFAULT_SIZE) ?? 0,
    redisUrl: top.redis ?? readVariable(REDIS_URL, environment),
    timeoutMs: parseDuration(top.timeout ?? DEFAULT_TIMEOUT) ?? 0,
    policy: top.ttl === undefined ? undefined : await policyOf(top, ['cache'], options),
  };
}

/**
 * The policy of a task: its own settings over those at the top. Undefined where nothing is kept: by
 * `false`, or where neither the task has any settings nor the top a `ttl`.
 */
export async function resolveTaskCache(
  form: TaskCacheForm | undefined,
  path: Path,
  options: CacheOptions,
): Promise<CachePolicy | undefined> {
  const { top = {} } = options;
  if (form === false || (form === undefined && top.ttl === undefined)) return undefined;
  return policyOf({ ...top, ...form }, form === undefined ? ['cache'] : path, options);
}

async function policyOf(
  form: Exclude<TaskCacheForm, false>,
  path: Path,
  options: CacheOptions,
): Promise<CachePolicy> {
  const { problems, directory } = options;
  const semantic =
    form.semantic === options.top?.semantic
      ? options.topSemantic
      : resolveSemantic(form.semantic, [...path, 'semantic'], options);
  if (semantic !== undefined && (form.samples ?? 1) > 1) {
    problems.add([...path, 'samples'], 'does not go with "semantic": of several answers, which?');
  }
  if ((form.samples ?? 1) > 1 && form.sampled !== true) {
    problems.add(
      [...path, 'samples'],
      'needs "sampled: true": else no answers that differ are kept',
    );
  }
  return {
    ttlMs: parseDuration(form.ttl ?? DEFAULT_TTL) ?? 0,
    staleMs: parseDuration(form.stale ?? 0) ?? 0,
    normalize: [...new Set(form.normalize)],
    keyFunction: await keyFunctionOf(form.key, [...path, 'key'], { problems, directory }),
    sampled: form.sampled ?? false,
    samples: form.samples ?? 1,
    epoch: form.epoch ?? 0,
    semantic,
  };
}

async function keyFunctionOf(
  name: string | undefined,
  path: Path,
  { problems, directory }: Pick<CacheOptions, 'problems' | 'directory'>,
): Promise<CachePolicy['keyFunction']> {
  if (name === undefined) return undefined;
  try {
    return { name, of: await loadKeyFunction(name, directory) };
  } catch (thrown) {
    problems.add(path, toFarthingError(thrown).message);
    return undefined;
  }
}
