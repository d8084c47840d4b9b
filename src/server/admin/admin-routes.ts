/**
 * The admin API: what `farthing cache` does, over HTTP. It is there only where a secret for it is configured.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { FarthingError } from '../../errors.ts';
import type { Gateway } from '../../gateway.ts';
import type { ServerContext } from '../context.ts';
import { requireAdmin } from './admin-access.ts';
import { listEntries, purgeEntries, purgeEntry, readStats } from './cache-routes.ts';

/** What all its paths begin with. */
export const ADMIN_PATH = '/admin/v1/';

/** Answers one request with a JSON document. */
type AdminRoute = (gateway: Gateway, url: URL) => Promise<object>;

const ROUTES: ReadonlyMap<string, AdminRoute> = new Map([
  ['GET cache/stats', readStats],
  ['GET cache/entries', listEntries],
  ['DELETE cache/entries', purgeEntries],
]);

const ENTRY = /^DELETE cache\/entries\/([\w.-]+)$/;

/** Throws `missing_api_key` or `invalid_api_key` for strangers, `unknown_url` for what is not there. */
export async function serveAdmin(
  { gateway }: ServerContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  requireAdmin(request.headers.authorization, gateway.config.adminKey ?? '');
  const url = new URL(request.url ?? '/', 'http://localhost');
  const document = await answer(gateway, `${request.method} ${url.pathname}`, url);
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(document));
}

async function answer(gateway: Gateway, asked: string, url: URL): Promise<object> {
  const wanted = asked.replace(ADMIN_PATH, '');
  const route = ROUTES.get(wanted);
  if (route !== undefined) return route(gateway, url);
  const key = ENTRY.exec(wanted)?.[1];
  if (key !== undefined) return purgeEntry(gateway, key);
  const there = [...ROUTES.keys()].map((one) => one.replace(' ', ` ${ADMIN_PATH}`)).join(', ');
  throw new FarthingError(
    'unknown_url',
    `There is nothing at ${asked.slice(0, 200)}. There is ${there}, DELETE ${ADMIN_PATH}cache/entries/KEY.`,
  );
}
