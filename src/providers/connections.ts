/**
 * Connections to the providers: one undici pool an origin, kept alive between calls.
 *
 * @module
 */
import { Pool } from 'undici';
import type { Provider } from '../config/config.ts';

/** A provider's pool and the path its base URL adds before each request path. */
export interface Connection {
  readonly pool: Pool;
  /** `/v1`, or empty. */
  readonly prefix: string;
}

/** Opens pools when they are first needed. */
export class Connections {
  readonly #open = new Map<Provider, Connection>();

  to(provider: Provider): Connection {
    let connection = this.#open.get(provider);
    if (connection === undefined) {
      connection = connect(provider);
      this.#open.set(provider, connection);
    }
    return connection;
  }

  /** Waits for requests in flight, then closes all sockets. */
  async close(): Promise<void> {
    const pools = [...this.#open.values()].map(({ pool }) => pool);
    this.#open.clear();
    await Promise.all(pools.map(async (pool) => pool.close()));
  }
}

function connect(provider: Provider): Connection {
  const url = new URL(provider.url);
  const pool = new Pool(url.origin, {
    connections: provider.connections,
    pipelining: 1,
    connect: { timeout: provider.connectTimeoutMs },
    headersTimeout: provider.idleTimeoutMs,
    bodyTimeout: provider.idleTimeoutMs,
    keepAliveTimeout: 30_000,
  });
  return { pool, prefix: url.pathname.replace(/\/+$/, '') };
}
