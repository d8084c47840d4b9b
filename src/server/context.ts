/** What all routes share. @module */
import type { Gateway } from '../gateway.ts';
import type { KeepAlive } from './keep-alive.ts';
import type { Metrics } from './metrics.ts';

/** What routes work with. */
export interface ServerContext {
  readonly gateway: Gateway;
  readonly keepAlive: KeepAlive;
  readonly metrics: Metrics;
  /** True once `close` was called. */
  draining: boolean;
}
