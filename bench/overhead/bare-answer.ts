/**
 * The least a server can do that knows the answer: node:http, the body read, the same bytes sent back, headers too.
 *
 *     BODY=… HEADERS='{"x-…":"…"}' node bench/overhead/bare-answer.ts   → prints its address
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const body = process.env['BODY'] ?? '{}';
const headers = JSON.parse(process.env['HEADERS'] ?? '{}') as Record<string, string>;
const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    response.writeHead(200, headers);
    response.end(body);
  });
});
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
