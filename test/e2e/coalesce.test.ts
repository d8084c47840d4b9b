/** Identical calls in flight, with the official client on one side and a slow upstream on the other. */
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { answers } from '../../src/testing/fake-upstream.ts';
import type { CallRecord } from '../../src/stores/ledger-store.ts';
import { type House, startHouse } from './harness.ts';

const usage = { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 };
const ONE = 12 * 1000 + 5 * 2000;
const TEXT = 'One two three four five six seven eight nine ten';

const question = (more: object = {}) =>
  ({
    model: 'small',
    temperature: 0,
    messages: [{ role: 'user', content: 'Count to ten' }],
    ...more,
  }) as never;

async function open(): Promise<{ house: House; client: OpenAI }> {
  const house = await startHouse({ top: 'cache: { ttl: 1h }\nreference: large' });
  house.upstream.respond(answers(TEXT, { usage, pause: 20 }));
  return { house, client: new OpenAI({ baseURL: house.url, apiKey: 'none', maxRetries: 0 }) };
}

async function rows(house: House, count: number): Promise<CallRecord[]> {
  const { ledger } = house.gateway.stores;
  for (let tries = 0; tries < 200; tries++) {
    await ledger.flush();
    const found = [...ledger.calls({})];
    if (found.length >= count) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${count} calls were never settled.`);
}

async function textOf(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<string> {
  let text = '';
  for await (const { choices } of stream) text += choices[0]?.delta.content ?? '';
  return text;
}

describe('identical calls in flight', () => {
  test('fifty are one question, paid once, and the sums are exact', async () => {
    const { house, client } = await open();
    const all = await Promise.all(
      Array.from({ length: 50 }, async () => client.chat.completions.create(question())),
    );
    assert.ok(
      all.every(
        ({ choices }) => (choices[0] as { message: { content: string } }).message.content === TEXT,
      ),
    );
    assert.equal(house.upstream.requests.length, 1);
    const calls = await rows(house, 50);
    const followers = calls.filter(({ coalescedWith }) => coalescedWith !== undefined);
    assert.ok(followers.length > 0);
    assert.ok(followers.every(({ attempts, model }) => attempts.length === 0 && model === 'small'));
    const { totals } = house.gateway.stores.ledger.report({});
    assert.equal(totals.cost_nano_usd, ONE);
    assert.equal(totals.reference_nano_usd, 50 * ONE * 10);
    assert.equal(totals.saved_by_nano_usd.coalesce, followers.length * ONE * 10);
    assert.equal(totals.saved_nano_usd, 50 * ONE * 10 - ONE);
    await house.close();
  });

  test('streams: late joiners get all of it, each with the usage that it asked for', async () => {
    const { house, client } = await open();
    const first = await client.chat.completions.create(question({ stream: true }));
    const reading = textOf(first as never);
    await new Promise((resolve) => setTimeout(resolve, 60));
    const late = await Promise.all(
      Array.from({ length: 5 }, async () =>
        client.chat.completions.create(
          question({ stream: true, stream_options: { include_usage: true } }),
        ),
      ),
    );
    const texts = await Promise.all(late.map(async (stream) => textOf(stream as never)));
    assert.equal(await reading, TEXT);
    assert.ok(texts.every((text) => text === TEXT));
    assert.equal(house.upstream.requests.length, 1);
    const calls = await rows(house, 6);
    assert.equal(calls.filter(({ attempts }) => attempts.length === 1).length, 1);
    await house.close();
  });

  test('the one who asked first leaves: the others get all of it, and it is paid once', async () => {
    const { house, client } = await open();
    const first = (await client.chat.completions.create(question({ stream: true }))) as unknown as {
      controller: AbortController;
    };
    const second = await client.chat.completions.create(question({ stream: true }));
    first.controller.abort();
    assert.equal(await textOf(second as never), TEXT);
    assert.equal(house.upstream.requests.length, 1);
    assert.equal(house.upstream.requests[0]?.aborted, false);
    const calls = await rows(house, 2);
    const leader = calls.find(({ attempts }) => attempts.length === 1);
    assert.equal(leader?.status, 499);
    assert.equal(leader?.attempts[0]?.usageSource, 'provider');
    // It is kept as well, at what it has cost whoever asked.
    await house.gateway.cache?.idle();
    const again = await client.chat.completions.create(question());
    assert.equal(again.choices[0]?.message.content, TEXT);
    assert.equal(house.upstream.requests.length, 1);
    const { totals } = house.gateway.stores.ledger.report({});
    assert.equal(totals.cost_nano_usd, ONE);
    const hit = (await rows(house, 3)).find(({ cache }) => cache === 'hit');
    assert.equal(hit?.avoidedNano, ONE);
    await house.close();
  });

  test('all leave: the upstream is stopped, and what was used is in the ledger', async () => {
    const { house, client } = await open();
    const streams = (await Promise.all(
      [1, 2, 3].map(async () => client.chat.completions.create(question({ stream: true }))),
    )) as unknown as { controller: AbortController }[];
    for (const { controller } of streams) controller.abort();
    const calls = await rows(house, 3);
    await house.upstream.requests[0]?.over;
    assert.equal(house.upstream.requests[0]?.aborted, true);
    const attempts = calls.flatMap((call) => call.attempts);
    assert.equal(attempts.length, 1);
    assert.equal(attempts[0]?.usageSource, 'estimated');
    assert.ok((attempts[0]?.costNano ?? 0) > 0);
    await house.close();
  });

  test('of another key, or sampled: never shared', async () => {
    const { house, client } = await open();
    await Promise.all(
      [1, 2, 3].map(async () => client.chat.completions.create(question({ temperature: 1 }))),
    );
    assert.equal(house.upstream.requests.length, 3);
    await house.close();
  });
});
