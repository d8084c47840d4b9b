/** Two gateways on one Redis: identical calls in flight are paid for once. */
import { after, before, beforeEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { RedisCache } from '../../src/cache/redis-cache.ts';
import { claimsContract } from '../../src/testing/contracts/claims.ts';
import { type RedisServer, startRedis, WHY_NO_REDIS } from '../../src/testing/redis-server.ts';
import { answers, type FakeUpstream, startFakeUpstream } from '../../src/testing/fake-upstream.ts';
import { parseConfig } from '../../src/config/load.ts';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import { type RunningServer, startServer } from '../../src/server/server.ts';

interface Running {
  readonly gateway: Gateway;
  readonly server: RunningServer;
  readonly client: OpenAI;
}

describe('identical calls in several gateways', { skip: WHY_NO_REDIS }, () => {
  let redis: RedisServer;
  let upstream: FakeUpstream;
  let running: Running[] = [];
  before(async () => {
    redis = await startRedis();
    upstream = await startFakeUpstream();
    running = [await start(), await start()];
  });
  after(async () => {
    for (const { server, gateway } of running) {
      await server.close();
      await gateway.close();
    }
    await upstream.close();
    await redis.stop();
  });
  beforeEach(async () => {
    await redis.command('FLUSHALL');
    upstream.respond(answers('shared', { delay: 300 }));
  });

  async function start(): Promise<Running> {
    const gateway = createGateway(
      await parseConfig(
        `
listen: 127.0.0.1:0
data: ":memory:"
providers:
  fake: { url: "${upstream.url}", key: k, retries: 0 }
models:
  small: { provider: fake, price: { input: 1, output: 2 } }
tasks:
  one: { model: small }
cache: { ttl: 1h, redis: "${redis.url}", timeout: 5s }`,
        { environment: {} },
      ),
    );
    const server = await startServer(gateway);
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'any', maxRetries: 0 });
    return { gateway, server, client };
  }

  claimsContract('Redis', async () => {
    await redis.command('FLUSHALL');
    const stores = [1, 2].map(() => new RedisCache({ url: redis.url, timeoutMs: 5000 }));
    for (const store of stores) await store.ready();
    const [one, other] = stores.map(({ claims }) => claims);
    assert.ok(one !== undefined && other !== undefined);
    return {
      one,
      other,
      close: async () => {
        for (const store of stores) await store.close();
      },
    };
  });

  const ask = async ({ client }: Running, content: string, stream = false): Promise<string> => {
    const request = {
      model: 'task/one',
      temperature: 0,
      messages: [{ role: 'user' as const, content }],
    };
    if (!stream) {
      const { choices } = await client.chat.completions.create(request);
      return choices[0]?.message.content ?? '';
    }
    let text = '';
    const chunks = await client.chat.completions.create({ ...request, stream: true });
    for await (const { choices } of chunks) text += choices[0]?.delta.content ?? '';
    return text;
  };
  const costs = async (): Promise<number[]> =>
    Promise.all(
      running.map(async ({ gateway }) => {
        await gateway.stores.ledger.flush();
        return gateway.stores.ledger.report({}).totals.cost_nano_usd;
      }),
    );

  for (const stream of [false, true]) {
    test(`fifty at once, ${stream ? 'streams' : 'JSON'}: one question upstream, paid once`, async () => {
      const already = upstream.requests.length;
      const paidBefore = (await costs()).reduce((sum, cost) => sum + cost, 0);
      const texts = await Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          const gateway = running[index % 2];
          assert.ok(gateway !== undefined);
          return ask(gateway, `fifty ${stream}`, stream);
        }),
      );
      assert.deepEqual(new Set(texts), new Set(['shared']));
      assert.equal(upstream.requests.length - already, 1);
      const paid = (await costs()).reduce((sum, cost) => sum + cost, 0) - paidBefore;
      const [first] = running;
      assert.ok(first !== undefined && paid > 0);
      await ask(first, `another ${stream}`, stream);
      const single = (await costs()).reduce((sum, cost) => sum + cost, 0) - paidBefore - paid;
      assert.equal(paid, single);
    });
  }

  test('what fails for one is asked for by the next', async () => {
    const already = upstream.requests.length;
    upstream.respondOnce({ kind: 'error', status: 500, delay: 300 });
    const [one, other] = running;
    assert.ok(one !== undefined && other !== undefined);
    const outcomes = await Promise.allSettled([ask(one, 'failing'), ask(other, 'failing')]);
    const statuses = outcomes.map(({ status }) => status).toSorted();
    assert.deepEqual(statuses, ['fulfilled', 'rejected']);
    assert.equal(upstream.requests.length - already, 2);
  });

  test('whoever waits is free when the claim of a process that is gone runs out', async () => {
    const [one, other] = running;
    assert.ok(one !== undefined && other !== undefined);
    await ask(one, 'orphan');
    // Claims have the keys of entries.
    const [entry] = (await one.gateway.cache?.store.list({}, 1)) ?? [];
    assert.ok(entry !== undefined);
    for (const { gateway } of running) await gateway.cache?.store.purge({});
    const gone = new RedisCache({ url: redis.url, timeoutMs: 5000 });
    await gone.ready();
    while (!(await gone.claims.take(entry.key, { token: 'gone', ms: 400 }))) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const already = upstream.requests.length;
    const leaving = new AbortController();
    const left = other.client.chat.completions.create(
      { model: 'task/one', temperature: 0, messages: [{ role: 'user', content: 'orphan' }] },
      { signal: leaving.signal },
    );
    setTimeout(() => leaving.abort(), 50);
    await assert.rejects(left);
    assert.equal(await ask(one, 'orphan'), 'shared');
    assert.equal(upstream.requests.length - already, 1);
    await gone.close();
  });

  test('without Redis everybody asks, and nobody waits', async () => {
    const already = upstream.requests.length;
    await redis.stop();
    const texts = await Promise.all(running.map(async (gateway) => ask(gateway, 'alone')));
    assert.deepEqual(texts, ['shared', 'shared']);
    assert.equal(upstream.requests.length - already, 2);
  });
});
