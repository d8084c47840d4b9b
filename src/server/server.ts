/**
 * The HTTP server: node:http and a table of routes, nothing between them and the pipeline.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FarthingError, toFarthingError } from '../errors.ts';
import type { Gateway } from '../gateway.ts';
import { ADMIN_PATH, serveAdmin } from './admin/admin-routes.ts';
import { serveCall } from './call-route.ts';
import type { ServerContext } from './context.ts';
import { KeepAlive } from './keep-alive.ts';
import { Metrics } from './metrics.ts';
import { serveModels } from './models-route.ts';
import { serveQuote } from './quote-route.ts';
import { ReplyWriter } from './reply-writer.ts';

/** A server that listens. */
export interface RunningServer {
  /** `http://127.0.0.1:4960` */
  readonly url: string;
  /**
   * Drains and stops: not ready any more, no new connections, calls in flight finish within the
   * configured time, then the rest is cut. The gateway itself stays open.
   */
  close(): Promise<void>;
}

type Route = (
  context: ServerContext,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void> | void;

interface Served {
  readonly method: string;
  readonly serve: Route;
}

const ROUTES: ReadonlyMap<string, Served> = new Map<string, Served>([
  ['/v1/chat/completions', { method: 'POST', serve: serveCall('chat') }],
  ['/v1/embeddings', { method: 'POST', serve: serveCall('embeddings') }],
  ['/v1/models', { method: 'GET', serve: serveModels }],
  ['/v1/quote', { method: 'POST', serve: serveQuote }],
  ['/healthz', { method: 'GET', serve: serveHealth }],
  ['/readyz', { method: 'GET', serve: serveReadiness }],
  ['/metrics', { method: 'GET', serve: serveMetrics }],
]);

/** Starts to listen where the configuration says. Rejects with Node's error when the port is taken. */
export async function startServer(gateway: Gateway): Promise<RunningServer> {
  const { listen, keepAliveMs, drainMs } = gateway.config;
  const context: ServerContext = {
    gateway,
    keepAlive: new KeepAlive(keepAliveMs),
    metrics: new Metrics(gateway),
    draining: false,
  };
  const server = createServer((request, response) => serve(context, request, response));
  // Node ends idle connections after 5 s by default, which races with clients that reuse them.
  server.keepAliveTimeout = 75_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(listen.port, listen.host, resolve);
  });
  return {
    url: urlOf(server.address() as AddressInfo),
    close: async () => {
      context.draining = true;
      await drain(server, drainMs);
      context.keepAlive.stop();
    },
  };
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

async function drain(server: Server, ms: number): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  // A connection whose stream just ended is idle only now, and its client may keep it open for long.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const cut = setTimeout(() => server.closeAllConnections(), ms);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
}

function serve(context: ServerContext, request: IncomingMessage, response: ServerResponse): void {
  const refuse = (thrown: unknown): void => {
    const error = toFarthingError(thrown);
    context.metrics.refused(error);
    new ReplyWriter(response, context.keepAlive).fail(error);
  };
  try {
    const found = findRoute(context, request);
    if (context.draining) response.setHeader('connection', 'close');
    const served = found(context, request, response);
    if (served instanceof Promise) served.catch(refuse);
  } catch (thrown) {
    refuse(thrown);
  }
}

function findRoute(
  { gateway }: ServerContext,
  { url = '/', method = 'GET' }: IncomingMessage,
): Route {
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  // Without a secret there is no admin API, not even one that refuses.
  if (path.startsWith(ADMIN_PATH) && gateway.config.adminKey !== undefined) return serveAdmin;
  const route = ROUTES.get(path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path);
  if (route === undefined) throw unknownUrl(method, path);
  if (route.method !== method && !(route.method === 'GET' && method === 'HEAD')) {
    const message = `${path} takes ${route.method}, not ${method}.`;
    throw new FarthingError('method_not_allowed', message);
  }
  return route.serve;
}

function unknownUrl(method: string, path: string): FarthingError {
  const hint = ROUTES.has(`/v1${path}`) ? ` The base URL ends with /v1: try /v1${path}.` : '';
  const known = hint === '' ? ` There is ${[...ROUTES.keys()].join(', ')}.` : '';
  return new FarthingError(
    'unknown_url',
    `There is nothing at ${method} ${path.slice(0, 200)}.${hint}${known}`,
  );
}

function serveHealth(
  _context: ServerContext,
  _request: IncomingMessage,
  response: ServerResponse,
): void {
  sendJson(response, 200, { status: 'ok' });
}

/** 503 while draining, so that a load balancer stops sending before the socket closes. */
function serveReadiness(
  context: ServerContext,
  _request: IncomingMessage,
  response: ServerResponse,
): void {
  if (context.draining) sendJson(response, 503, { status: 'shutting_down' });
  else sendJson(response, 200, { status: 'ready' });
}

async function serveMetrics(
  { metrics }: ServerContext,
  _request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const text = await metrics.render();
  response.writeHead(200, { 'content-type': metrics.contentType });
  response.end(text);
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
