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
 * Undefined where no task wants any. Questions and reviews stand in the file of the answers, or where that would
 * be were they not in Redis; beside a ledger in memory, or a store that was given, they last as long as the
 * process. Throws `invalid_config`.
 */
export function openSemantic(
  config: Pick<Config, 'cache' | 'data' | 'tasks'>,
  { ask, answers, given, ledger }: OpenSemanticOptions,
): SemanticCaches | undefined {
  const policies = policiesOf(config);
  if (answers === undefined || policies.length === 0) return undefined;
  const path = given === undefined ? cacheFileOf(config.data) : undefined;
  const isHere = config.cache.redisUrl === undefined && given === undefined;
  return new SemanticCaches({
    policies,
    ask,
    store: answers.store,
    file: new QuestionFile(path ?? ':memory:', { answers: isHere ? 'here' : 'elsewhere' }),
    ledger,
  });
}

function policiesOf({ cache, tasks }: Pick<Config, 'cache' | 'tasks'>): SemanticPolicy[] {
  const policies = [cache.policy, ...[...tasks.values()].map((task) => task.cache)];
  return policies.flatMap((policy) => policy?.semantic ?? []);
}
