/**
 * The cache that a configuration means.
 *
 * @module
 */
import type { CacheSettings } from '../config/cache-policy.ts';
import type { Config } from '../config/config.ts';
import type { CacheStore } from './cache-store.ts';
import { MemoryCache } from './memory-cache.ts';
import { RedisCache } from './redis-cache.ts';
import { SqliteCache } from './sqlite-cache.ts';
import { TwoLevelCache } from './two-level-cache.ts';

/** Bytes of entries in memory, in front of a file or Redis. */
const FRONT_BYTES = 64 * 1024 * 1024;

/** True when answers of some task may be kept. */
export function usesCache({ cache, tasks }: Pick<Config, 'cache' | 'tasks'>): boolean {
  return cache.policy !== undefined || [...tasks.values()].some((task) => task.cache !== undefined);
}

/** `./farthing.db` keeps its cache in `./farthing-cache.db`; undefined for a ledger in memory. */
export function cacheFileOf(data: string): string | undefined {
  if (data === ':memory:') return undefined;
  return `${data.replace(/\.(?:db|sqlite3?)$/, '')}-cache.db`;
}

/**
 * Opens it: Redis where one is named, else a file beside the ledger, both with memory in front; memory
 * alone where the ledger is there too. Throws `invalid_config`.
 */
export function openCache(settings: CacheSettings, data: string): CacheStore {
  const { bytes, redisUrl } = settings;
  const front = (): MemoryCache => new MemoryCache({ bytes: Math.min(bytes, FRONT_BYTES) });
  if (redisUrl !== undefined) return new TwoLevelCache(front(), openRedis(settings, redisUrl));
  const file = cacheFileOf(data);
  if (file === undefined) return new MemoryCache({ bytes });
  return new TwoLevelCache(front(), new SqliteCache(file, { bytes }));
}

/**
 * What all processes share, without memory in front: for commands. A ledger in memory shares nothing, its
 * cache is empty. Throws `invalid_config`.
 */
export function openSharedCache(settings: CacheSettings, data: string): CacheStore {
  const { bytes, redisUrl } = settings;
  if (redisUrl !== undefined) return openRedis(settings, redisUrl);
  return new SqliteCache(cacheFileOf(data) ?? ':memory:', { bytes });
}

function openRedis({ timeoutMs }: CacheSettings, url: string): RedisCache {
  return new RedisCache({ url, timeoutMs });
}
