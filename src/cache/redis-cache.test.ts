import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { cacheStoreContract, entryOf } from '../testing/contracts/cache-store.ts';
import { type RedisServer, startRedis, WHY_NO_REDIS } from '../testing/redis-server.ts';
import { MemoryCache } from './memory-cache.ts';
import { RedisCache } from './redis-cache.ts';
import { TwoLevelCache } from './two-level-cache.ts';

describe('Redis', { skip: WHY_NO_REDIS }, () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedis();
  });
  after(async () => server.stop());

  // The server may be slow on a busy machine; how time-outs work is tested below.
  const timeoutMs = 5000;
  const open = async () => {
    await server.command('FLUSHALL');
    const store = new RedisCache({ url: server.url, timeoutMs });
    await store.ready();
    return { store, close: async () => store.close() };
  };

  cacheStoreContract('Redis', { open, openSmall: undefined });

  test('a poisoned entry is a miss', async () => {
    const { store, close } = await open();
    const [one, other] = [entryOf(), entryOf()];
    await store.set(one);
    await store.set(other);
    const key = `farthing:cache:1:${one.key}`;
    for (const poison of ['', 'nonsense', '{"body":"served"}']) {
      await server.command('HSET', key, 'entry', poison);
      assert.equal(await store.get(one.key), undefined);
    }
    await server.command('DEL', key);
    await server.command('SET', key, 'of another type');
    await assert.rejects(store.get(one.key));
    assert.equal((await store.get(other.key))?.key, other.key);
    await close();
  });

  test('Redis itself forgets the dead', async () => {
    const { store, close } = await open();
    const entry = entryOf();
    await store.set(entry);
    const left = Number(await server.command('PTTL', `farthing:cache:1:${entry.key}`));
    assert.ok(left > 60_000 && left <= 120_000, `${left} ms`);
    await close();
  });

  test('a Redis that hangs costs a call its time-out, then nothing for a while', async () => {
    const store = new RedisCache({ url: server.url, timeoutMs: 30, onTrouble: () => undefined });
    await store.ready();
    server.signal('SIGSTOP');
    const began = performance.now();
    for (let call = 0; call < 200; call++) await assert.rejects(store.get('key'));
    // 200 time-outs would be six seconds.
    assert.ok(performance.now() - began < 3000);
    server.signal('SIGCONT');
    await store.close();
  });

  test('two gateways share what one of them keeps, and survive Redis going away', async () => {
    await server.command('FLUSHALL');
    const told: string[] = [];
    const connect = async (): Promise<TwoLevelCache> => {
      const onTrouble = (message: string): void => void told.push(message);
      const back = new RedisCache({ url: server.url, timeoutMs, onTrouble });
      await back.ready();
      return new TwoLevelCache(new MemoryCache({ bytes: 1_000_000 }), back);
    };
    const [one, other] = [await connect(), await connect()];
    const entry = entryOf();
    await one.set(entry);
    assert.equal((await other.get(entry.key))?.body, entry.body);
    await server.stop();
    // What is in memory is still given; what is not cannot be told from a miss by the call, but is noted.
    assert.equal((await other.get(entry.key))?.body, entry.body);
    await assert.rejects(async () => one.get('unknown'));
    await one.set(entryOf());
    assert.ok(told.length > 0);
    await one.close();
    await other.close();
    server = await startRedis();
  });
});

describe('a Redis that says nothing', () => {
  let silent: Server;
  before(async () => {
    silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  });
  after(() => silent.close());

  test('holds nobody up: get rejects, set resolves, closing is possible', async () => {
    const { port } = silent.address() as AddressInfo;
    const store = new RedisCache({
      url: `redis://127.0.0.1:${port}`,
      timeoutMs: 20,
      onTrouble: () => undefined,
    });
    await assert.rejects(store.get('key'));
    await store.set(entryOf());
    await store.touch(new Map([['key', 1]]));
    await store.close();
  });
});
