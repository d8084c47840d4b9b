/**
 * An upstream that spends as little as it can: its answers are made once. A process of its own.
 *
 *     node bench/overhead/upstream.ts   → prints its address
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chunks, completion } from '../../src/testing/fake-upstream.ts';

const TEXT = 'The quick brown fox jumps over the lazy dog, and nobody minds. '.repeat(20);
const JSON_ANSWER = Buffer.from(
  JSON.stringify(
    completion(
      TEXT,
      { usage: { prompt_tokens: 900, completion_tokens: 300, total_tokens: 1200 } },
      'bench',
    ),
  ),
);
const EVENTS = [...chunks(TEXT, {}, 'bench').map((event) => JSON.stringify(event)), '[DONE]'].map(
  (data) => Buffer.from(`data: ${data}\n\n`),
);
const STREAM = Buffer.concat(EVENTS);

/** `x-pause: N` in the path's query spreads a stream's events, N ms apart. */
const server = createServer((request, response) => {
  let streams = false;
  let pause = 0;
  let seen = false;
  request.on('data', (chunk: Buffer) => {
    if (seen) return;
    seen = true;
    const head = chunk.toString('latin1', 0, 200);
    streams = head.includes('"stream":true');
    pause = Number(/"user":"pause-(\d+)"/.exec(head)?.[1] ?? 0);
  });
  request.on('end', () => {
    if (!streams) {
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': JSON_ANSWER.length,
      });
      response.end(JSON_ANSWER);
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    if (pause === 0) response.end(STREAM);
    else {
      let next = 0;
      const timer = setInterval(() => {
        const event = EVENTS[next++];
        if (event === undefined || response.destroyed) {
          clearInterval(timer);
          response.end();
        } else response.write(event);
      }, pause);
    }
  });
});
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
