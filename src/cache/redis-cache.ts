/**
 * Entries in Redis, shared by all gateways that use it. Redis forgets them by itself when they are dead,
 * and bounds its memory by itself (`maxmemory`, `maxmemory-policy allkeys-lfu`): whoever runs it says how.
 *
 * @module
 */
import { asNumber, asObject, asString, type JsonObject, parseJson } from '../json.ts';
import {
  type CacheStats,
  type CacheStore,
  type EntryMatch,
  matches,
  StatsSum,
} from './cache-store.ts';
import type { Claims } from './claims.ts';
import { decodeEntry, encodeEntry, type Entry } from './entry.ts';
import { RedisClaims } from './redis-claims.ts';
import { RedisConnection, type RedisOptions, type RedisReply } from './redis-connection.ts';

/** Before every key of ours. The number changes with the form of what is kept. */
const PREFIX = 'farthing:cache:1:';
/** Counts purges. */
const PURGES = 'farthing:cache:purges';
/** Keys looked at together in a scan. */
const AT_ONCE = 200;

/** What is known of an entry without reading it. */
type Label = Pick<Entry, 'key' | 'task' | 'tenant' | 'tags' | 'storedAt' | 'costNano'> & {
  readonly bytes: number;
};

/** The store: a hash an entry, `label` for what purges and sums ask, `entry` for its bytes. */
export class RedisCache implements CacheStore {
  readonly claims: Claims;
  readonly #redis: RedisConnection;

  /** Throws `invalid_config` where the package for Redis is missing. */
  constructor(options: RedisOptions) {
    this.#redis = new RedisConnection(options);
    this.claims = new RedisClaims(this.#redis);
  }

  /** Resolves when it is connected. */
  async ready(): Promise<void> {
    await this.#redis.ready();
  }

  async get(key: string): Promise<Entry | undefined> {
    const bytes = await this.#redis.ask('HGET', PREFIX + key, 'entry');
    const entry = Buffer.isBuffer(bytes) ? decodeEntry(bytes, key) : undefined;
    return entry === undefined || entry.deadAt <= Date.now() ? undefined : entry;
  }

  async set(entry: Entry): Promise<void> {
    const bytes = Buffer.from(encodeEntry(entry));
    const { key, task, tenant, tags, storedAt, costNano } = entry;
    const label: Label = { key, task, tenant, tags, storedAt, costNano, bytes: bytes.length };
    try {
      // One connection keeps the order, so that no entry stays without its end.
      await Promise.all([
        this.#redis.ask('HSET', PREFIX + key, 'label', JSON.stringify(label), 'entry', bytes),
        this.#redis.ask('PEXPIREAT', PREFIX + key, String(Math.ceil(entry.deadAt))),
      ]);
    } catch {
      // Not kept.
    }
  }

  async touch(uses: ReadonlyMap<string, number>): Promise<void> {
    try {
      await this.#redis.ask('TOUCH', ...[...uses.keys()].map((key) => PREFIX + key));
    } catch {
      // Redis thinks less of them than it should.
    }
  }

  async purge(match: EntryMatch): Promise<number> {
    let purged = 0;
    for await (const labels of this.#labels(match.key)) {
      const keys = labels.filter((label) => matches(label, match)).map(({ key }) => PREFIX + key);
      if (keys.length > 0) purged += Number(await this.#redis.askPatiently('UNLINK', ...keys));
    }
    await this.#redis.askPatiently('INCR', PURGES);
    return purged;
  }

  async purges(): Promise<number> {
    return Number(String((await this.#redis.ask('GET', PURGES)) ?? 0));
  }

  async list(match: EntryMatch, limit: number): Promise<readonly Entry[]> {
    const found: Label[] = [];
    for await (const labels of this.#labels(match.key)) {
      found.push(...labels.filter((label) => matches(label, match)));
    }
    const newest = found.toSorted((a, b) => b.storedAt - a.storedAt).slice(0, limit);
    const entries = await Promise.all(newest.map(async ({ key }) => this.get(key)));
    return entries.filter((entry) => entry !== undefined);
  }

  async stats(): Promise<CacheStats> {
    const sum = new StatsSum();
    for await (const labels of this.#labels(undefined)) {
      for (const label of labels) sum.add(label, label.bytes);
    }
    return sum.stats(undefined);
  }

  async close(): Promise<void> {
    this.#redis.close();
  }

  /** The labels of one entry, or of all. A scan may name a key twice; it is told once. */
  async *#labels(key: string | undefined): AsyncGenerator<readonly Label[]> {
    if (key !== undefined) {
      yield await this.#read([PREFIX + key]);
      return;
    }
    const seen = new Set<string>();
    let cursor = '0';
    do {
      const words = ['SCAN', cursor, 'MATCH', `${PREFIX}*`, 'COUNT', String(AT_ONCE)];
      const reply = await this.#redis.askPatiently(...words);
      const [next, names] = listOf(reply);
      cursor = String(next ?? '0');
      const found = listOf(names)
        .map(String)
        .filter((name) => !seen.has(name));
      for (const name of found) seen.add(name);
      if (found.length > 0) yield await this.#read(found);
    } while (cursor !== '0');
  }

  async #read(names: readonly string[]): Promise<readonly Label[]> {
    const replies = await Promise.all(
      names.map(async (name) => this.#redis.askPatiently('HGET', name, 'label')),
    );
    return replies.flatMap((reply) => labelOf(reply) ?? []);
  }
}

function listOf(reply: RedisReply | undefined): readonly RedisReply[] {
  return Array.isArray(reply) ? (reply as readonly RedisReply[]) : [];
}

/** A label off the wire; undefined for what is none. */
function labelOf(reply: RedisReply): Label | undefined {
  const label = Buffer.isBuffer(reply) ? asObject(parseJson(reply.toString())) : undefined;
  const key = asString(label?.['key']);
  if (label === undefined || key === undefined) return undefined;
  return {
    key,
    task: asString(label['task']) ?? '',
    tenant: asString(label['tenant']) ?? '',
    tags: tagsOf(asObject(label['tags']) ?? {}),
    storedAt: asNumber(label['storedAt']) ?? 0,
    costNano: asNumber(label['costNano']),
    bytes: asNumber(label['bytes']) ?? 0,
  };
}

function tagsOf(given: JsonObject): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  );
}
