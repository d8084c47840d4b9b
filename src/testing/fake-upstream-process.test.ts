import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import OpenAI from 'openai';

const FILE = join(import.meta.dirname, 'fake-upstream-process.ts');

async function start(...words: string[]): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [FILE, ...words]);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const url = /^listening (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(String(line))?.[1];
  assert.ok(url);
  return { child, url };
}

describe('the upstream for benchmarks', () => {
  const children: ChildProcess[] = [];
  let url = '';
  before(async () => {
    const started = await start('--body-bytes', '1000', '--stream-chunks', '10');
    children.push(started.child);
    ({ url } = started);
  });
  after(() => {
    for (const child of children) child.kill();
  });

  const messages = [{ role: 'user' as const, content: 'x'.repeat(100_000) }];
  const clientOf = (base: string): OpenAI => new OpenAI({ baseURL: `${base}/v1`, apiKey: 'any' });

  async function stream(base: string): Promise<{ text: string; parts: number; tokens: number }> {
    const chunks = await clientOf(base).chat.completions.create({
      model: 'm',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let parts = 0;
    let tokens = 0;
    for await (const { choices, usage } of chunks) {
      const content = choices[0]?.delta.content ?? '';
      if (content !== '') parts++;
      text += content;
      tokens = usage?.completion_tokens ?? tokens;
    }
    return { text, parts, tokens };
  }

  test('JSON and stream have the size that was asked for', async () => {
    const client = clientOf(url);
    for (let round = 0; round < 2; round++) {
      const { choices } = await client.chat.completions.create({ model: 'm', messages });
      assert.equal(choices[0]?.message.content?.length, 1000);
    }
    const { text, parts, tokens } = await stream(url);
    assert.deepEqual([text.length, parts, tokens], [1000, 10, 250]);
  });

  test('requests in pieces, back to back, and chunked are told apart', async () => {
    const { port } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    let received = '';
    socket.on('data', (bytes) => {
      received += String(bytes);
    });
    const body = '{"stream":false}';
    const plain = `POST / HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const chunked =
      'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n11\r\n{"stream": true }\r\n0\r\n\r\n';
    const text = `${plain}${plain}${chunked}`;
    for (let at = 0; at < text.length; at += 11) {
      socket.write(text.slice(at, at + 11));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await once(socket, 'close');
    assert.equal(received.match(/content-type: application\/json/g)?.length, 2);
    assert.equal(received.match(/content-type: text\/event-stream/g)?.length, 1);
    assert.ok(received.endsWith('data: [DONE]\n\n\r\n0\r\n\r\n'));
  });

  test('delays keep the bytes the same', async () => {
    const started = await start('--stream-chunks', '4', '--chunk-delay-ms', '1', '--delay-ms', '1');
    children.push(started.child);
    const { text, parts } = await stream(started.url);
    assert.deepEqual([text.length, parts], [1200, 4]);
  });

  test('wrong use is said', () => {
    const { status, stderr } = spawnSync(process.execPath, [FILE, '--port', 'x'], {
      encoding: 'utf8',
    });
    assert.notEqual(status, 0);
    assert.match(stderr, /--port must be a whole number/);
  });
});
