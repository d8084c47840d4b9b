/**
 * `POST /v1/quote`: what a chat or embeddings request would cost, without asking anybody.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Headers } from '../read-call.ts';
import type { ServerContext } from './context.ts';
import { readBody } from './read-body.ts';

/** Answers with a `Quote`. The body is the request itself; its headers count as they would there. */
export async function serveQuote(
  { gateway }: ServerContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const headers = request.headers as Headers;
  const key = await gateway.authenticate(headers);
  const body = await readBody(request, gateway.config.maxBodyBytes);
  const quote = await gateway.quote(gateway.read({ body, headers, key }));
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(quote));
}
