/**
 * The caches by likeness that a configuration means.
 *
 * @module
 */
import type { AnswerCache } from '../cache/answer-cache.ts';
import type { CacheStore } from '../cache/cache-store.ts';
import { cacheFileOf } from '../cache/open-cache.ts';
import type { Handler } from '../call.ts';
import type { SemanticPolicy } from '../config/cache-policy.ts';
import type { Config } from '../config/config.ts';
import type { LedgerStore } from '../stores/ledger-store.ts';
import { QuestionFile } from './question-file.ts';
import { SemanticCaches } from './semantic-caches.ts';

/** What they work with. */
export interface OpenSemanticOptions {
  readonly ask: Handler;
  /** The answers; undefined where none are kept. */
  readonly answers: AnswerCache | undefined;
  /** Their store, where it was given from outside instead of opened as configured. */
  readonly given: CacheStore | undefined;
  readonly ledger: LedgerStore;
}

/**
 * Undefined where no task wants any. Questions stand in the file of the answers; where those are in Redis or
 * in memory only, questions and reviews last as long as the process. Throws `invalid_config`.
 */
export function openSemantic(
  config: Pick<Config, 'cache' | 'data' | 'tasks'>,
  { ask, answers, given, ledger }: OpenSemanticOptions,
): SemanticCaches | undefined {
  const policies = policiesOf(config);
  if (answers === undefined || policies.length === 0) return undefined;
  const path = given === undefined ? questionFileOf(config) : undefined;
  return new SemanticCaches({
    policies,
    ask,
    store: answers.store,
    file: new QuestionFile(path ?? ':memory:'),
    ledger,
  });
}

/** The file that questions and reviews are in; undefined where they last no longer than a process. */
export function questionFileOf({
  cache,
  data,
}: Pick<Config, 'data'> & {
  readonly cache: Pick<Config['cache'], 'redisUrl'>;
}): string | undefined {
  return cache.redisUrl === undefined ? cacheFileOf(data) : undefined;
}

function policiesOf({ cache, tasks }: Pick<Config, 'cache' | 'tasks'>): SemanticPolicy[] {
  const policies = [cache.policy, ...[...tasks.values()].map((task) => task.cache)];
  return policies.flatMap((policy) => policy?.semantic ?? []);
}
