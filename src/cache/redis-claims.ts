/**
 * Claims in Redis: a key that is set where there is none, with an end.
 *
 * @module
 */
import type { Claim, Claims } from './claims.ts';
import type { RedisConnection } from './redis-connection.ts';

/** Before every key of ours; entries have another, so that neither is taken for the other. */
const PREFIX = 'farthing:claim:1:';

/** One step in Redis: between a look and a change the claim may have become another's. */
const IF_OWN = (then: string): string =>
  `if redis.call('GET', KEYS[1]) == ARGV[1] then return ${then} end return 0`;
const RENEW = IF_OWN("redis.call('PEXPIRE', KEYS[1], ARGV[2])");
const DROP = IF_OWN("redis.call('DEL', KEYS[1])");

/** The claims of one connection. */
export class RedisClaims implements Claims {
  readonly #redis: RedisConnection;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
  }

  async take(key: string, { token, ms }: Claim): Promise<boolean> {
    try {
      const reply = await this.#redis.ask('SET', PREFIX + key, token, 'NX', 'PX', String(ms));
      return reply !== null;
    } catch {
      return true;
    }
  }

  async renew(key: string, { token, ms }: Claim): Promise<void> {
    await this.#tryTo(RENEW, PREFIX + key, token, String(ms));
  }

  async drop(key: string, { token }: Pick<Claim, 'token'>): Promise<void> {
    await this.#tryTo(DROP, PREFIX + key, token);
  }

  async #tryTo(script: string, key: string, ...words: readonly string[]): Promise<void> {
    try {
      await this.#redis.ask('EVAL', script, '1', key, ...words);
    } catch {
      // It runs out by itself.
    }
  }
}
