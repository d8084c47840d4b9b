/**
 * What upstreams do wrong, with the official client on the other side; after each the ledger is right.
 */
import { after, afterEach, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import OpenAI from 'openai';
import {
  answers,
  chunks,
  completion,
  fails,
  jsonAnswer,
  type Piece,
  rawStream,
  streamOf,
} from '../../src/testing/fake-upstream.ts';
import { type House, startHouse } from './harness.ts';

const messages = [{ role: 'user' as const, content: 'Tell me something.' }];
const TEXT = 'All is well – für alle.';

const ask = async (client: OpenAI, model = 'small') =>
  client.chat.completions.create({ model, messages });

async function readStream(client: OpenAI, model = 'small'): Promise<string> {
  const stream = await client.chat.completions.create({ model, messages, stream: true });
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
  return text;
}

const dataLines = (events: readonly unknown[]): string[] =>
  events.map((event) => JSON.stringify(event));

describe('bad weather', () => {
  let house: House;
  let client: OpenAI;
  before(async () => {
    house = await startHouse({
      provider: ', idle-timeout: 300ms, connect-timeout: 1s',
      tasks:
        '  ladder:\n    tiers:\n      - { model: small, accept: [not-empty] }\n      - { model: large }',
      top: 'keep-alive: 100ms',
    });
    client = new OpenAI({ baseURL: house.url, apiKey: 'any', maxRetries: 0 });
  });
  after(async () => house.close());
  afterEach(() => {
    // Five failures in a row open a breaker; a good answer closes it.
    house.upstream.respond(answers(TEXT));
    return ask(client).catch(() => undefined);
  });

  /** The status and code that the client sees, and what the ledger has of the attempt. */
  async function refused(status: number, code: string | null, billed = false): Promise<void> {
    await assert.rejects(ask(client), (error: unknown) => {
      assert.ok(error instanceof OpenAI.APIError, String(error));
      assert.equal(error.status, status);
      assert.equal(error.code ?? null, code);
      assert.doesNotMatch(error.message, /sk-upstream-secret|<html/);
      return true;
    });
    const call = await house.lastCall();
    assert.equal(call.status, status);
    assert.equal(call.attempts.length, 1);
    assert.equal(call.attempts[0]?.usageSource, billed ? 'estimated' : 'unavailable');
    assert.equal((call.attempts[0]?.costNano ?? 0) > 0, billed);
    assert.notEqual(call.attempts[0]?.errorCode, undefined);
    assert.equal(call.model, undefined);
    assert.equal(call.referenceNano, 0);
  }

  test('connection refused', async () => {
    const gone = await startHouse();
    await gone.upstream.close();
    const other = new OpenAI({ baseURL: gone.url, apiKey: 'any', maxRetries: 0 });
    await assert.rejects(ask(other), { status: 502, code: 'upstream_unreachable' });
    assert.equal((await gone.lastCall()).attempts[0]?.errorCode, 'upstream_unreachable');
    await gone.close();
  });

  test('a reset before any byte', async () => {
    house.upstream.respond({ pieces: [{ end: 'reset' }] });
    await refused(502, 'upstream_unreachable');
  });

  test('a hang before the headers: the provider had the prompt', async () => {
    house.upstream.respond({ pieces: [{ end: 'hang' }] });
    await refused(504, 'upstream_timeout', true);
  });

  test('a hang after the headers', async () => {
    house.upstream.respond({
      headers: { 'content-type': 'application/json' },
      pieces: ['{"id":', { end: 'hang' }],
    });
    await refused(504, 'upstream_timeout', true);
  });

  test('429 with retry-after: passed on with the time to wait', async () => {
    house.upstream.respond(fails(429, { code: 'rate_limit_exceeded' }, { 'retry-after': '7' }));
    await assert.rejects(ask(client), (error: unknown) => {
      assert.ok(error instanceof OpenAI.RateLimitError);
      assert.equal(error.headers.get('retry-after'), '7');
      assert.equal(error.code, 'rate_limit_exceeded');
      return true;
    });
  });

  test('429 without retry-after', async () => {
    house.upstream.respond(fails(429));
    await refused(429, null);
  });

  test('a spent quota is not tried again', async () => {
    house.upstream.respond(fails(429, { code: 'insufficient_quota' }));
    const soFar = house.upstream.requests.length;
    const patient = new OpenAI({ baseURL: house.url, apiKey: 'any', maxRetries: 3 });
    await assert.rejects(ask(patient), { status: 429 });
    assert.equal(house.upstream.requests.length, soFar + 1);
  });

  test('500', async () => {
    house.upstream.respond(fails(500));
    await refused(500, null);
  });

  test('a wrong upstream key is not shown as the client’s', async () => {
    house.upstream.respond(
      fails(401, {
        message: 'Incorrect API key provided: sk-upstream-secret.',
        code: 'invalid_api_key',
      }),
    );
    await refused(502, 'invalid_api_key');
  });

  for (const status of [200, 502]) {
    test(`HTML with status ${status}`, async () => {
      house.upstream.respond({
        status,
        headers: { 'content-type': 'text/html' },
        pieces: ['<html><body>Bad gateway</body></html>'],
      });
      await refused(502, status === 200 ? 'upstream_malformed' : null);
    });
  }

  test('an error in a 200', async () => {
    house.upstream.respond(
      jsonAnswer({ error: { message: 'overloaded', type: 'server_error', code: 503 } }),
    );
    await refused(503, '503');
  });

  test('malformed and empty JSON', async () => {
    house.upstream.respond({
      headers: { 'content-type': 'application/json' },
      pieces: ['{"id":"x","choices":[{'],
    });
    await refused(502, 'upstream_malformed');
    house.upstream.respond({ headers: { 'content-type': 'application/json' }, pieces: [] });
    await refused(502, 'upstream_malformed');
  });

  test('gzip that nobody asked for, JSON and stream', async () => {
    const headers = { 'content-encoding': 'gzip' };
    house.upstream.respond({
      headers: { ...headers, 'content-type': 'application/json' },
      pieces: [gzipSync(JSON.stringify(completion(TEXT)))],
    });
    assert.equal((await ask(client)).choices[0]?.message.content, TEXT);
    const lines = [...dataLines(chunks(TEXT)), '[DONE]']
      .map((line) => `data: ${line}\n\n`)
      .join('');
    house.upstream.respond({
      headers: { ...headers, 'content-type': 'text/event-stream' },
      pieces: [gzipSync(lines)],
    });
    assert.equal(await readStream(client), TEXT);
    assert.equal((await house.lastCall()).attempts[0]?.costNano, 20_000);
  });

  test('usage missing in JSON: counted here, and marked', async () => {
    house.upstream.respond(answers(TEXT, { usage: null }));
    await ask(client);
    const [attempt] = (await house.lastCall()).attempts;
    assert.equal(attempt?.usageSource, 'estimated');
    assert.ok((attempt?.tokens.input ?? 0) > 5 && (attempt?.tokens.output ?? 0) > 5);
    assert.ok((attempt?.costNano ?? 0) > 0);
  });

  test('usage missing in a stream', async () => {
    house.upstream.respond(streamOf([...dataLines(chunks(TEXT, { usage: null })), '[DONE]']));
    assert.equal(await readStream(client), TEXT);
    const [attempt] = (await house.lastCall()).attempts;
    assert.equal(attempt?.usageSource, 'estimated');
    assert.ok((attempt?.tokens.output ?? 0) > 5);
  });

  test('[DONE] missing', async () => {
    house.upstream.respond(streamOf(dataLines(chunks(TEXT))));
    assert.equal(await readStream(client), TEXT);
    assert.equal((await house.lastCall()).status, 200);
  });

  test('comments as keep-alives, proper and as data', async () => {
    const [first = '', ...rest] = [...dataLines(chunks(TEXT)), '[DONE]'].map(
      (line) => `data: ${line}\n\n`,
    );
    house.upstream.respond(
      rawStream(
        ': ping\n\n',
        'data: : keepalive\n\n',
        first,
        ': OPENROUTER PROCESSING\n\n',
        ...rest,
      ),
    );
    assert.equal(await readStream(client), TEXT);
  });

  test('a stream cut at any byte arrives whole', async () => {
    const bytes = Buffer.from(
      [...dataLines(chunks(TEXT)), '[DONE]'].map((line) => `data: ${line}\n\n`).join(''),
    );
    const pieces: Piece[] = [];
    for (let at = 0; at < bytes.length; at += 7) pieces.push(bytes.subarray(at, at + 7));
    house.upstream.respond(rawStream(...pieces));
    assert.equal(await readStream(client), TEXT);
  });

  for (const [what, cutAt] of [
    ['in the middle of a UTF-8 character', (bytes: Buffer) => bytes.indexOf('ü') + 1],
    ['in the middle of an event', (bytes: Buffer) => bytes.indexOf('well') + 2],
    ['between two events', (bytes: Buffer) => bytes.indexOf('\n\n', bytes.indexOf('well')) + 2],
  ] as const) {
    for (const how of ['closed', 'reset'] as const) {
      test(`a stream ${how} ${what} is an error, and its tokens are paid for`, async () => {
        const bytes = Buffer.from(
          dataLines(chunks(TEXT))
            .map((line) => `data: ${line}\n\n`)
            .join(''),
        );
        const cut: Piece[] = [bytes.subarray(0, cutAt(bytes)), { pause: 20 }];
        house.upstream.respond(
          rawStream(...cut, ...(how === 'reset' ? [{ end: 'reset' } as const] : [])),
        );
        await assert.rejects(
          readStream(client),
          (error: unknown) =>
            error instanceof OpenAI.APIError && error.code === 'upstream_truncated',
        );
        const call = await house.lastCall();
        assert.equal(call.errorCode, 'upstream_truncated');
        assert.equal(call.attempts[0]?.usageSource, 'estimated');
        assert.ok((call.attempts[0]?.costNano ?? 0) > 0);
        assert.ok(call.referenceNano === 0);
      });
    }
  }

  test('an error event in the middle of a stream', async () => {
    const [role = '', word = ''] = dataLines(chunks(TEXT));
    house.upstream.respond(
      streamOf([role, word, JSON.stringify({ error: { message: 'overloaded', code: 503 } })]),
    );
    await assert.rejects(readStream(client), /overloaded/);
    assert.equal((await house.lastCall()).status, 503);
  });

  test('a hang in the middle of a stream', async () => {
    const [role = '', word = ''] = dataLines(chunks(TEXT));
    house.upstream.respond(rawStream(`data: ${role}\n\ndata: ${word}\n\n`, { end: 'hang' }));
    await assert.rejects(
      readStream(client),
      (error: unknown) => error instanceof OpenAI.APIError && error.code === 'upstream_timeout',
    );
  });

  test('JSON where a stream was asked for', async () => {
    house.upstream.respond(jsonAnswer(completion(TEXT)));
    assert.equal(await readStream(client), TEXT);
    assert.equal((await house.lastCall()).attempts[0]?.costNano, 20_000);
  });

  test('a stream with the wrong content type', async () => {
    const { pieces } = streamOf([...dataLines(chunks(TEXT)), '[DONE]']);
    house.upstream.respond({ headers: { 'content-type': 'text/plain' }, pieces });
    assert.equal(await readStream(client), TEXT);
  });

  test('a tier that fails is an escalation', async () => {
    house.upstream.respond((request) =>
      request.body['model'] === 'small-v1' ? fails(500) : answers(TEXT)(request),
    );
    assert.equal((await ask(client, 'task/ladder')).choices[0]?.message.content, TEXT);
    const call = await house.lastCall();
    assert.deepEqual(
      call.attempts.map(({ status, costNano }) => [status, costNano]),
      [
        [500, 0],
        [200, 200_000],
      ],
    );
  });

  test('the next provider of the same model answers, and both attempts are rows', async () => {
    house.upstream.respond(fails(503));
    house.other.respond(answers(TEXT));
    assert.equal((await ask(client, 'spare')).choices[0]?.message.content, TEXT);
    const call = await house.lastCall();
    assert.deepEqual(
      call.attempts.map(({ provider, status }) => [provider, status]),
      [
        ['fake', 503],
        ['other', 200],
      ],
    );
    assert.equal(house.other.requests.at(-1)?.headers.authorization, 'Bearer sk-other-secret');
  });

  test('a client that leaves stops the upstream, and pays for what was said', async () => {
    house.upstream.respond(answers('word '.repeat(400), { pause: 5 }));
    const stream = await client.chat.completions.create({ model: 'small', messages, stream: true });
    let seen = 0;
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content && ++seen === 5) break;
    let call = await house.lastCall();
    for (let tries = 0; tries < 100 && call.status !== 499; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      call = await house.lastCall();
    }
    assert.equal(call.status, 499);
    assert.equal(call.attempts[0]?.usageSource, 'estimated');
    assert.ok(
      (call.attempts[0]?.tokens.output ?? 0) >= 5 && (call.attempts[0]?.tokens.output ?? 0) < 200,
    );
    const aborted = (): boolean => house.upstream.requests.at(-1)?.aborted === true;
    for (let tries = 0; tries < 100 && !aborted(); tries++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(aborted());
  });

  test('keep-alives while an answer is held back do not disturb the client', async () => {
    house.upstream.respond(answers('slow but good words', { pause: 60 }));
    const response = await house.post('/v1/chat/completions', {
      model: 'task/ladder',
      messages,
      stream: true,
    });
    const text = await response.text();
    assert.match(text, /^: keep-alive\n/);
    assert.equal(await readStream(client, 'task/ladder'), 'slow but good words');
  });
});

describe('retries', () => {
  let house: House;
  before(async () => {
    house = await startHouse({ provider: '' });
  });
  after(async () => house.close());

  test('are made with a pause, and each is a row', async () => {
    const { createGateway } = await import('../../src/gateway.ts');
    const { parseConfig } = await import('../../src/config/load.ts');
    const config = await parseConfig(
      `data: ":memory:"\nproviders:\n  fake: { url: "${house.upstream.url}", key: k, retries: 2 }\nmodels:\n  m: { provider: fake, price: { input: 1, output: 2 } }`,
    );
    const gateway = createGateway(config);
    house.upstream.respondOnce(fails(503, {}, { 'retry-after-ms': '10' }), {
      pieces: [{ end: 'reset' }],
    });
    house.upstream.respond(answers('third time lucky'));
    const text = JSON.stringify({ model: 'm', messages });
    const call = gateway.read({
      operation: 'chat',
      body: text,
      headers: {},
    });
    for await (const [event] of (await gateway.answer(call)).events)
      assert.match(event?.data ?? '', /lucky/);
    await gateway.stores.ledger.flush();
    assert.deepEqual(
      gateway.stores.ledger
        .call(call.id)
        ?.attempts.map(({ status, errorCode }) => [status, errorCode]),
      [
        [503, 'upstream_rejected'],
        [undefined, 'upstream_unreachable'],
        [200, undefined],
      ],
    );
    await gateway.close();
  });
});
