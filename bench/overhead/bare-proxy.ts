/**
 * The least a proxy can do, the reference of the benchmark: node:http in, undici out, bytes piped.
 * Reads no body, keeps no ledger.
 *
 *     UPSTREAM=http://… node bench/overhead/bare-proxy.ts   → prints its address
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';

const pool = new Pool(process.env['UPSTREAM'] ?? '', { connections: 2048 });
const server = createServer((request, response) => {
  pool
    .request({
      method: 'POST',
      path: request.url ?? '/',
      headers: { 'content-type': 'application/json', authorization: 'Bearer key' },
      body: request,
    })
    .then(({ statusCode, headers, body }) => {
      response.writeHead(statusCode, { 'content-type': String(headers['content-type']) });
      return body.pipe(response);
    })
    .catch((error: unknown) => {
      response.writeHead(502);
      response.end(String(error));
    });
});
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
