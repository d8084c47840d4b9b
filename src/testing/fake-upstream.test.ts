import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI from 'openai';
import { request as undici } from 'undici';
import { type FakeUpstream, startFakeUpstream } from './fake-upstream.ts';

const messages = [{ role: 'user' as const, content: 'Hi' }];

describe('a fake upstream', () => {
  let upstream: FakeUpstream;
  let client: OpenAI;
  before(async () => {
    upstream = await startFakeUpstream();
    client = new OpenAI({ baseURL: upstream.url, apiKey: 'any', maxRetries: 0 });
  });
  after(async () => upstream.close());

  const post = async (body: unknown, path = '/chat/completions', signal?: AbortSignal) =>
    fetch(`${upstream.url}${path}`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(signal === undefined ? {} : { signal }),
    });
  const chat = { model: 'm', messages };

  async function readStream(body: Partial<OpenAI.ChatCompletionCreateParamsStreaming> = {}) {
    const stream = await client.chat.completions.create({ ...chat, ...body, stream: true });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
    return { chunks, text };
  }

  describe('in OpenAI’s format', () => {
    test('JSON and stream say the same', async () => {
      upstream.respond({ kind: 'answer', text: 'Grüße an alle.' });
      const answer = await client.chat.completions.create(chat);
      assert.equal(answer.choices[0]?.message.content, 'Grüße an alle.');
      assert.equal(answer.choices[0]?.finish_reason, 'stop');
      assert.equal(answer.model, 'm');
      assert.equal(answer.usage?.total_tokens, 15);
      const { text, chunks } = await readStream();
      assert.equal(text, 'Grüße an alle.');
      assert.ok(chunks.every((chunk) => !('usage' in chunk)));
    });

    test('a usage chunk comes when it is asked for, or when it is scripted', async () => {
      upstream.respond({ kind: 'answer', text: 'a b' });
      const asked = await readStream({ stream_options: { include_usage: true } });
      const last = asked.chunks.at(-1);
      assert.deepEqual([last?.choices, last?.usage?.total_tokens], [[], 15]);
      assert.ok(asked.chunks.slice(0, -1).every(({ usage }) => usage === null));
      upstream.respond({ kind: 'answer', text: 'a b', usageChunk: true });
      assert.equal((await readStream()).chunks.at(-1)?.usage?.total_tokens, 15);
      upstream.respond({ kind: 'answer', text: 'a b', usageChunk: false });
      const refused = await readStream({ stream_options: { include_usage: true } });
      assert.ok(refused.chunks.every(({ usage }) => usage === undefined));
      upstream.respond({ kind: 'answer', text: 'a b', usage: null });
      assert.equal((await client.chat.completions.create(chat)).usage, undefined);
    });

    test('tool calls, whole and in pieces', async () => {
      const toolCalls = [
        { name: 'weather', arguments: { city: 'Zürich' } },
        { name: 'time', arguments: '{"zone":', id: 'call_x' },
      ];
      upstream.respond({ kind: 'answer', toolCalls });
      const { choices } = await client.chat.completions.create(chat);
      assert.equal(choices[0]?.finish_reason, 'tool_calls');
      assert.equal(choices[0]?.message.content, null);
      const stream = client.chat.completions.stream(chat);
      const deltas: string[] = [];
      stream.on('chunk', ({ choices: [choice] }) => {
        for (const { index, function: called } of choice?.delta.tool_calls ?? []) {
          deltas[index] = (deltas[index] ?? '') + (called?.arguments ?? '');
        }
      });
      await stream.done();
      assert.deepEqual(deltas, ['{"city":"Zürich"}', '{"zone":']);
      const calls = choices[0]?.message.tool_calls;
      assert.deepEqual(
        calls?.map((call) => (call.type === 'function' ? [call.id, call.function.name] : [])),
        [
          ['call_0', 'weather'],
          ['call_x', 'time'],
        ],
      );
    });

    test('several choices, a refusal, a finish reason, log-probabilities', async () => {
      upstream.respond({ kind: 'answer', text: 'same' });
      const twice = await client.chat.completions.create({ ...chat, n: 2, logprobs: true });
      assert.deepEqual(
        twice.choices.map(({ index, message, logprobs }) => [
          index,
          message.content,
          logprobs?.content?.[0]?.logprob,
        ]),
        [
          [0, 'same', -0.1],
          [1, 'same', -0.1],
        ],
      );
      upstream.respond({
        kind: 'answer',
        choices: [{ refusal: 'I will not.' }, { text: 'cut', finishReason: 'length', logprob: -3 }],
      });
      const { choices } = await client.chat.completions.create(chat);
      assert.deepEqual(
        choices.map(({ message, finish_reason: reason }) => [
          message.content,
          message.refusal,
          reason,
        ]),
        [
          [null, 'I will not.', 'stop'],
          ['cut', null, 'length'],
        ],
      );
      const { chunks } = await readStream();
      const refusal = chunks.map((chunk) => chunk.choices[0]?.delta.refusal ?? '').join('');
      assert.equal(refusal, 'I will not.');
      assert.ok(chunks.some(({ choices: [one] }) => one?.logprobs?.content?.[0]?.logprob === -3));
    });

    test('embeddings as numbers and as base64 are the same unit vectors', async () => {
      upstream.respond({ kind: 'answer' });
      const ask = async (encoding_format: 'float' | 'base64') =>
        client.embeddings.create({ model: 'e', input: ['a', 'b'], dimensions: 6, encoding_format });
      const floats = (await ask('float')).data.map(({ embedding }) => embedding);
      const { data } = await ask('base64');
      const decoded = data.map(({ embedding }) => {
        const bytes = Buffer.from(embedding as unknown as string, 'base64');
        return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
      });
      assert.deepEqual(decoded, floats);
      // The client asks for base64 by itself and decodes it.
      const plain = await client.embeddings.create({ model: 'e', input: 'a', dimensions: 6 });
      assert.deepEqual(plain.data[0]?.embedding, floats[0]);
      assert.notDeepEqual(floats[0], floats[1]);
      assert.ok(Math.abs(Math.hypot(...(floats[0] ?? [])) - 1) < 1e-6);
    });

    test('models, in both formats', async () => {
      upstream.respond({ kind: 'answer' });
      assert.deepEqual(
        (await client.models.list()).data.map(({ id }) => id),
        ['fake'],
      );
      const response = await fetch(`${upstream.url}/models`, {
        headers: { 'anthropic-version': '2023-06-01' },
      });
      assert.equal(((await response.json()) as { first_id: string }).first_id, 'fake');
      assert.equal(upstream.requests.at(-1)?.method, 'GET');
    });

    test('errors with the headers that steer clients', async () => {
      const date = new Date('2030-01-01T00:00:00Z');
      for (const [retryAfter, line] of [
        [2, '2'],
        [date, 'Tue, 01 Jan 2030 00:00:00 GMT'],
      ] as const) {
        upstream.respond({ kind: 'error', status: 429, code: 'slow_down', retryAfter });
        await assert.rejects(client.chat.completions.create(chat), (error: unknown) => {
          assert.ok(error instanceof OpenAI.RateLimitError);
          assert.deepEqual(
            [error.code, error.type, error.headers.get('retry-after')],
            ['slow_down', 'rate_limit_error', line],
          );
          return true;
        });
      }
      upstream.respond({ kind: 'error', status: 529, retryAfterMs: 30 });
      const response = await post(chat);
      assert.deepEqual(
        [
          response.status,
          response.headers.get('retry-after-ms'),
          response.headers.get('retry-after'),
        ],
        [529, '30', null],
      );
    });

    test('an error event in the middle of a stream', async () => {
      upstream.respond({ kind: 'answer', text: 'one two three', failsAfter: 2 });
      await assert.rejects(readStream(), /overloaded/);
    });

    test('keep-alives, a missing [DONE], a body that trickles', async () => {
      upstream.respond({
        kind: 'answer',
        text: 'ä ö ü',
        keepAlive: ': ping\n\n',
        bytesPerWrite: 3,
      });
      assert.equal((await readStream()).text, 'ä ö ü');
      upstream.respond({
        kind: 'answer',
        text: 'a',
        done: false,
        keepAlive: 'data: : keepalive\n\n',
      });
      const text = await (await post({ ...chat, stream: true })).text();
      assert.ok(text.startsWith('data: : keepalive\n\n') && !text.includes('[DONE]'));
    });

    test('gzip, JSON and stream', async () => {
      upstream.respond({ kind: 'answer', text: 'packed', gzip: true });
      assert.equal(
        (await client.chat.completions.create(chat)).choices[0]?.message.content,
        'packed',
      );
      assert.equal((await readStream()).text, 'packed');
    });
  });

  describe('in Anthropic’s format', () => {
    const ask = { model: 'c', max_tokens: 9, messages };

    test('a message', async () => {
      upstream.respond({
        kind: 'answer',
        text: 'Hello.',
        toolCalls: [{ name: 'look', arguments: { at: 1 } }],
        usage: { input_tokens: 3, output_tokens: 4 },
      });
      const body: unknown = await (await post(ask, '/messages?beta=true')).json();
      assert.deepEqual(body, {
        id: 'msg_fake',
        type: 'message',
        role: 'assistant',
        model: 'c',
        content: [
          { type: 'text', text: 'Hello.' },
          { type: 'tool_use', id: 'toolu_0', name: 'look', input: { at: 1 } },
        ],
        stop_reason: 'tool_use',
        stop_sequence: null,
        usage: { input_tokens: 3, output_tokens: 4 },
      });
    });

    test('a stream with the names of its events, and usage that adds up', async () => {
      upstream.respond({
        kind: 'answer',
        text: 'Hello you.',
        toolCalls: [{ name: 'look', arguments: { at: 1 } }],
        finishReason: 'length',
      });
      const text = await (await post({ ...ask, stream: true }, '/messages')).text();
      const events = text
        .trim()
        .split('\n\n')
        .map((frame) => {
          const [name = '', data = ''] = frame.split('\n');
          return {
            name: name.slice(7),
            data: JSON.parse(data.slice(6)) as Record<string, unknown>,
          };
        });
      for (const { name, data } of events) assert.equal(name, data['type']);
      assert.deepEqual(
        events.map(({ name }) => name).filter((name) => name !== 'content_block_delta'),
        [
          'message_start',
          'ping',
          'content_block_start',
          'content_block_stop',
          'content_block_start',
          'content_block_stop',
          'message_delta',
          'message_stop',
        ],
      );
      const deltas = events.map(({ data }) => data['delta'] as Record<string, string> | undefined);
      assert.equal(deltas.map((delta) => delta?.['text'] ?? '').join(''), 'Hello you.');
      assert.equal(deltas.map((delta) => delta?.['partial_json'] ?? '').join(''), '{"at":1}');
      const { data } = events.at(-2) ?? { data: {} };
      assert.deepEqual(data, {
        type: 'message_delta',
        delta: { stop_reason: 'max_tokens', stop_sequence: null },
        usage: { output_tokens: 5 },
      });
    });

    test('errors, as an answer and as an event', async () => {
      upstream.respond({ kind: 'error', status: 529, message: 'Overloaded' });
      const response = await post(ask, '/messages');
      assert.equal(response.status, 529);
      assert.deepEqual(await response.json(), {
        type: 'error',
        error: { type: 'overloaded_error', message: 'Overloaded' },
        request_id: 'req_fake',
      });
      upstream.respond({ kind: 'answer', text: 'a b c', failsAfter: 3 });
      const text = await (await post({ ...ask, stream: true }, '/messages')).text();
      assert.match(text, /\n\nevent: error\ndata: \{"type":"error",.*overloaded_error.*\}\n\n$/);
    });
  });

  describe('in bad weather', () => {
    test('other bodies: HTML, an error in a 200, malformed, empty, a wrong type', async () => {
      upstream.respondOnce(
        { kind: 'body', body: '<html>', status: 502 },
        { kind: 'body', body: { error: { message: 'no' } } },
        { kind: 'body', body: '{"id":', contentType: 'application/json' },
        { kind: 'body', body: '', contentType: 'text/plain' },
      );
      const seen: unknown[] = [];
      for (let index = 0; index < 4; index++) {
        const response = await post(chat);
        seen.push([response.status, response.headers.get('content-type'), await response.text()]);
      }
      assert.deepEqual(seen, [
        [502, 'text/html', '<html>'],
        [200, 'application/json', '{"error":{"message":"no"}}'],
        [200, 'application/json', '{"id":'],
        [200, 'text/plain', ''],
      ]);
    });

    test('a redirect and doubled headers', async () => {
      upstream.respond({
        kind: 'body',
        body: '',
        status: 307,
        headers: { location: '/v1/elsewhere', 'x-request-id': ['one', 'two'] },
      });
      const response = await post(chat);
      assert.deepEqual(
        [response.status, response.headers.get('location'), response.headers.get('x-request-id')],
        [307, '/v1/elsewhere', 'one, two'],
      );
      await response.text();
    });

    test('a content length that promises too much', async () => {
      upstream.respond({
        kind: 'body',
        body: { id: 'x' },
        headers: { 'content-length': '99' },
        end: 'close',
      });
      const response = await post(chat);
      await assert.rejects(response.text(), TypeError);
    });

    for (const end of ['reset', 'close'] as const) {
      test(`${end} before the headers, after them, and in the middle`, async () => {
        upstream.respond({ pieces: [{ end }] });
        await assert.rejects(post(chat), TypeError);
        upstream.respond({ kind: 'answer', text: 'never', cut: 0, end });
        await assert.rejects(async () => (await post(chat)).text(), TypeError);
        upstream.respond({ kind: 'answer', text: 'one two three', cut: 'json', end });
        await assert.rejects(async () => (await post({ ...chat, stream: true })).text(), TypeError);
        await upstream.requests.at(-1)?.over;
        assert.equal(upstream.requests.at(-1)?.aborted, false, 'it was this side that broke off');
      });
    }

    for (const [where, behaviour, hasHeaders] of [
      ['before the headers', { pieces: [{ end: 'hang' }] }, false],
      ['after the headers', { kind: 'answer', text: 'never', cut: 0, end: 'hang' }, true],
      ['in the middle', { kind: 'answer', text: 'one two', cut: 'event', end: 'hang' }, true],
    ] as const) {
      test(`a hang ${where}, which the client ends`, async () => {
        const asked = Promise.withResolvers<undefined>();
        upstream.respond(() => {
          asked.resolve(undefined);
          return behaviour;
        });
        const impatient = new AbortController();
        const answer = post({ ...chat, stream: true }, undefined, impatient.signal);
        if (hasHeaders) assert.equal((await answer).status, 200);
        await asked.promise;
        impatient.abort();
        await assert.rejects(async () => (await answer).text(), { name: 'AbortError' });
        await upstream.requests.at(-1)?.over;
        assert.equal(upstream.requests.at(-1)?.aborted, true);
      });
    }

    test('a client that leaves in the middle of a stream is noticed, one that stays is not', async () => {
      upstream.respond({ kind: 'answer', text: 'one two three four', pause: 30 });
      const { body } = await undici(`${upstream.url}/chat/completions`, {
        method: 'POST',
        body: JSON.stringify({ ...chat, stream: true }),
      });
      body.on('error', () => undefined);
      await new Promise((resolve) => body.once('data', resolve));
      body.destroy();
      await upstream.requests.at(-1)?.over;
      assert.equal(upstream.requests.at(-1)?.aborted, true);
      upstream.respond({ kind: 'answer', text: 'all' });
      await (await post(chat)).text();
      await upstream.requests.at(-1)?.over;
      assert.equal(upstream.requests.at(-1)?.aborted, false);
    });

    test('a refused connection, and one accepted again', async () => {
      const other = await startFakeUpstream();
      const ask = async () => (await fetch(`${other.url}/models`)).status;
      await other.refuse();
      await assert.rejects(ask(), (error: Error & { cause?: { code?: string } }) => {
        assert.equal(error.cause?.code, 'ECONNREFUSED');
        return true;
      });
      await other.accept();
      assert.equal(await ask(), 200);
      await other.close();
    });

    test('raw bytes', async () => {
      upstream.respond({
        kind: 'raw',
        raw: ['HTTP/1.1 200 Fine\r\nconnection: close\r\n\r\n', { pause: 5 }, Buffer.from('done')],
      });
      const response = await post(chat);
      assert.deepEqual([response.statusText, await response.text()], ['Fine', 'done']);
      upstream.respond({ kind: 'raw', raw: ['this is no HTTP\r\n\r\n'] });
      await assert.rejects(post(chat), TypeError);
    });

    test('a very large answer', async () => {
      const text = 'long '.repeat(400_000);
      upstream.respond({ kind: 'answer', text });
      const answer = await client.chat.completions.create(chat);
      assert.equal(answer.choices[0]?.message.content?.length, text.length);
    });
  });

  describe('as a script', () => {
    test('sees the request; the queue comes first', async () => {
      upstream.respond((request) => ({ kind: 'answer', text: `you said ${request.text.length}` }));
      upstream.respondOnce({ kind: 'answer', text: 'first' }, async () => {
        await sleep(1);
        return { kind: 'answer', text: 'second' };
      });
      const said: unknown[] = [];
      for (let index = 0; index < 3; index++) {
        said.push((await client.chat.completions.create(chat)).choices[0]?.message.content);
      }
      const { text, body, path, method, headers } = upstream.requests.at(-1)!;
      assert.deepEqual(said, ['first', 'second', `you said ${text.length}`]);
      assert.deepEqual([method, path, body], ['POST', '/v1/chat/completions', chat]);
      assert.equal(headers.authorization, 'Bearer any');
    });

    test('that throws, or contradicts itself, says so', async () => {
      upstream.respond(() => {
        throw new Error('a mistake in the test');
      });
      const response = await post('{');
      assert.equal(response.status, 500);
      assert.match(await response.text(), /a mistake in the test/);
      assert.deepEqual(upstream.requests.at(-1)?.body, {});
      upstream.respond({ kind: 'answer', text: 'ascii', cut: 'character' });
      assert.match(await (await post(chat)).text(), /no character/);
    });
  });
});
