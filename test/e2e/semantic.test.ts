/** The official client, a listening gateway with a cache by likeness, a real upstream that embeds and answers. */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { parseConfig } from '../../src/config/load.ts';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import { asArray } from '../../src/json.ts';
import { evidenceReports, EVIDENCE, readEvidence } from '../../src/semantic/evidence.ts';
import { hashedVector } from '../../src/semantic/hashed-embedder.ts';
import { startRedis, WHY_NO_REDIS } from '../../src/testing/redis-server.ts';
import type { SemanticLine } from '../../src/semantic/stats-json.ts';
import { type RunningServer, startServer } from '../../src/server/server.ts';
import {
  answers,
  type Behaviour,
  type FakeUpstream,
  startFakeUpstream,
  type UpstreamRequest,
} from '../../src/testing/fake-upstream.ts';

const ADMIN_KEY = 'an-admin-key-of-more-than-32-characters';
let directory: string;
let upstream: FakeUpstream;
before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'farthing-semantic-'));
  upstream = await startFakeUpstream();
});
after(async () => {
  await upstream.close();
  rmSync(directory, { recursive: true });
});

interface Running {
  readonly gateway: Gateway;
  readonly server: RunningServer;
  /** Asks as the SDK does; says what came, and what the cache did. */
  readonly ask: (text: string, headers?: Record<string, string>) => Promise<Asked>;
  readonly stop: () => Promise<void>;
}

interface Asked {
  readonly text: string;
  readonly state: string | null;
  readonly headers: Headers;
}

async function start(name: string, { semantic = '', top = '' } = {}): Promise<Running> {
  const config = await parseConfig(`
listen: 127.0.0.1:0
admin-key: ${ADMIN_KEY}
data: ${join(directory, `${name}.db`)}
reference: small
${top}
providers: { fake: { dialect: openai, url: "${upstream.url}", key: k, retries: 0 } }
models:
  small: { provider: fake, price: { input: 1, output: 2 } }
  vectors: { provider: fake, price: { input: 1, output: 0 } }
tasks:
  switch:
    model: small
    cache: { semantic: { embedder: vectors, max-wrong: 20%, shadow: 100%, verify: 1%${semantic} } }
`);
  const gateway = createGateway(config);
  const server = await startServer(gateway);
  await gateway.semantic?.ready;
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'any', maxRetries: 0 });
  return {
    gateway,
    server,
    ask: async (text, headers = {}) => {
      const { data, response } = await client.chat.completions
        .create(
          {
            model: 'task/switch',
            temperature: 0,
            messages: [
              { role: 'system', content: 'Say what is to be done, as JSON.' },
              { role: 'user', content: text },
            ],
          },
          { headers },
        )
        .withResponse();
      return {
        text: data.choices[0]?.message.content ?? '',
        state: response.headers.get('x-farthing-cache'),
        headers: response.headers,
      };
    },
    stop: async () => {
      await server.close();
      await gateway.close();
    },
  };
}

/** Embeds by spelling, and answers what the question asks to be switched. */
function lightSwitch(request: UpstreamRequest): Behaviour | Promise<Behaviour> {
  if (request.path.endsWith('/embeddings')) {
    const data = asArray(request.body['input']).map((text, index) => ({
      object: 'embedding',
      index,
      embedding: [...(hashedVector(String(text)) ?? [])],
    }));
    const usage = { prompt_tokens: 4 * data.length, total_tokens: 4 * data.length };
    return { kind: 'body', body: { object: 'list', data, model: 'vectors', usage } };
  }
  const light = request.text.includes('turn off') ? 'off' : 'on';
  return answers(JSON.stringify({ light }))(request);
}

/** Asks the same in so many ways until it is known to be right. */
async function teach({ ask, gateway }: Running): Promise<void> {
  for (let at = 0; at < 40; at++) {
    const { text } = await ask(`Please turn on the light in the kitchen${'!'.repeat(at)}`);
    assert.equal(text, '{"light":"on"}');
    await gateway.cache?.idle();
  }
}

/** All that the ledger has, checked to add up. */
async function addUp({ gateway }: Running): Promise<void> {
  await gateway.cache?.idle();
  await gateway.stores.ledger.flush();
  const { totals } = gateway.stores.ledger.report({});
  const saved = Object.values(totals.saved_by_nano_usd).reduce((sum, nano) => sum + nano, 0);
  assert.equal(totals.reference_nano_usd - saved + totals.overhead_nano_usd, totals.cost_nano_usd);
}

describe('the cache by likeness', () => {
  test('learns, serves what means the same, never a reversal, and knows it all after a restart', async () => {
    upstream.respond(lightSwitch);
    const first = await start('learning');
    const unknown = await first.ask('Please turn on the light in the kitchen');
    assert.equal(unknown.state, 'miss');
    // One attempt answers, another one embeds.
    assert.equal(unknown.headers.get('x-farthing-attempts'), '1');
    await teach(first);
    const served = await first.ask('Turn on the kitchen light, please');
    assert.deepEqual([served.state, served.text], ['semantic', '{"light":"on"}']);
    assert.equal(served.headers.get('cf-aig-cache-status'), 'HIT');
    assert.match(served.headers.get('age') ?? '', /^\d+$/);
    const reversed = await first.ask('Please turn off the light in the kitchen');
    assert.deepEqual([reversed.state, reversed.text], ['miss', '{"light":"off"}']);
    const only = first.ask('Please turn off the light in the hall', { 'x-farthing-cache': 'only' });
    await assert.rejects(only, (error) => error instanceof OpenAI.APIError && error.status === 504);
    await addUp(first);
    const { totals } = first.gateway.stores.ledger.report({});
    assert.ok(totals.cache_hits > 0);
    assert.equal(totals.escalations, 0);
    await first.stop();

    const second = await start('learning');
    const again = await second.ask('Turn on the light of the kitchen please');
    assert.equal(again.state, 'semantic');
    const back = await second.ask('Please turn off the light in the kitchen!');
    assert.equal(back.text, '{"light":"off"}');
    const [shown] = evidenceReports(readEvidence(second.gateway.stores.ledger.load(EVIDENCE)));
    assert.ok(shown !== undefined && shown.state === 'serving' && shown.judged >= 20);
    assert.ok(shown.embeddingNano > 0 && shown.avoidedNano > 0);
    const stats = await fetch(new URL('/admin/v1/cache/stats', second.server.url), {
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    });
    const { semantic } = (await stats.json()) as { semantic: SemanticLine[] };
    assert.partialDeepStrictEqual(semantic, [{ task: 'switch', tenant: '', state: 'serving' }]);
    assert.ok((semantic[0]?.judged ?? 0) >= 20);
    await second.stop();
  });

  test(
    'with the answers in Redis it knows its questions after a restart',
    { skip: WHY_NO_REDIS },
    async (t) => {
      upstream.respond(lightSwitch);
      const redis = await startRedis();
      let running: Running | undefined;
      t.after(async () => {
        await running?.stop();
        await redis.stop();
      });
      const restart = async (): Promise<Running> => {
        await running?.stop();
        running = undefined;
        running = await start('redis', { top: `cache: { redis: "${redis.url}", timeout: 5s }` });
        // Calls wait for no connection; this does.
        await running.gateway.cache?.store.stats();
        return running;
      };
      await teach(await restart());
      const second = await restart();
      assert.equal((await second.ask('Turn on the kitchen light, please')).state, 'semantic');
      await addUp(second);
      await second.gateway.cache?.store.purge({});
      // Purged while no gateway heard of it: neither an answer nor a question is left.
      const third = await restart();
      assert.equal((await third.ask('Turn on the kitchen light, please')).state, 'miss');
    },
  );

  test('an embedder that hangs costs a call its time-out, and then nothing for a while', async () => {
    upstream.respond((request) =>
      request.path.endsWith('/embeddings')
        ? new Promise<Behaviour>(() => {})
        : lightSwitch(request),
    );
    const running = await start('hanging', { semantic: ', timeout: 20ms' });
    for (let at = 0; at < 5; at++) {
      assert.equal((await running.ask(`Please turn on light ${at}`)).state, 'miss');
    }
    const asked = upstream.requests.filter(
      ({ path, text }) => path.endsWith('/embeddings') && text.includes('turn on light'),
    );
    assert.equal(asked.length, 3);
    await addUp(running);
    await running.stop();
  });

  test('a hard budget holds for vectors as well', async () => {
    upstream.respond(lightSwitch);
    const top = 'budgets: [{ usd: 0.000001, per: day }]';
    const running = await start('budget', { top });
    const earlier = upstream.requests.length;
    await assert.rejects(running.ask('Please turn on the light'), { status: 429 });
    assert.equal(upstream.requests.length, earlier);
    const { totals } = running.gateway.stores.ledger.report({});
    assert.equal(totals.cost_nano_usd, 0);
    await running.stop();
  });
});
