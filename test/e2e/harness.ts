/**
 * A real gateway that listens, in front of a fake upstream that speaks real HTTP.
 */
import { createGateway, type Gateway } from '../../src/gateway.ts';
import { parseConfig } from '../../src/config/load.ts';
import { type RunningServer, startServer } from '../../src/server/server.ts';
import type { CallRecord } from '../../src/stores/ledger-store.ts';
import { type FakeUpstream, startFakeUpstream } from '../../src/testing/fake-upstream.ts';

/** Everything a test needs. */
export interface House {
  readonly upstream: FakeUpstream;
  /** A second one, behind the provider `other`. */
  readonly other: FakeUpstream;
  readonly gateway: Gateway;
  readonly server: RunningServer;
  /** Base URL for SDKs. */
  readonly url: string;
  /** The newest call in the ledger, once it is settled and written. */
  lastCall(): Promise<CallRecord>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  close(): Promise<void>;
}

/** What differs from the usual configuration. */
export interface HouseOptions {
  /** YAML of tasks, two spaces in. */
  readonly tasks?: string;
  /** YAML of further models, two spaces in. */
  readonly models?: string;
  /** Further lines of the provider `fake`. */
  readonly provider?: string;
  readonly dialect?: 'openai' | 'anthropic';
  /** Further lines at the top. */
  readonly top?: string;
}

/** Prices are chosen so that every cost is a round number: 1,000 nano-dollars an input token of `small`. */
function yaml(
  url: string,
  other: string,
  { tasks = '', models = '', provider = '', dialect = 'openai', top = '' }: HouseOptions,
): string {
  return `
listen: 127.0.0.1:0
data: ":memory:"
drain: 2s
${top}
providers:
  fake: { dialect: ${dialect}, url: "${url}", key: sk-upstream-secret, retries: 0${provider} }
  other: { dialect: openai, url: "${other}", key: sk-other-secret, retries: 0 }
models:
  small: { provider: fake, id: small-v1, price: { input: 1, output: 2 } }
  large: { provider: fake, id: large-v1, price: { input: 10, output: 20 } }
  spare: { provider: [fake, other], id: spare-v1, price: { input: 1, output: 2 } }
  unpriced: { provider: fake }
${models}
${tasks === '' ? '' : `tasks:\n${tasks}`}
`;
}

/** Starts it all. */
export async function startHouse(options: HouseOptions = {}): Promise<House> {
  const upstream = await startFakeUpstream();
  const other = await startFakeUpstream();
  const gateway = createGateway(await parseConfig(yaml(upstream.url, other.url, options)));
  const server = await startServer(gateway);
  return {
    upstream,
    other,
    gateway,
    server,
    url: `${server.url}/v1`,
    lastCall: async () => lastCall(gateway),
    post: async (path, body, headers = {}) =>
      fetch(`${server.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    close: async () => {
      await upstream.close();
      await other.close();
      await server.close();
      await gateway.close();
    },
  };
}

/** A stream's call is settled just after its last byte left; a client that is gone is noticed a moment later. */
async function lastCall(gateway: Gateway): Promise<CallRecord> {
  for (let tries = 0; tries < 200; tries++) {
    await gateway.stores.ledger.flush();
    const [id] = gateway.stores.ledger.recent(1);
    const call = id === undefined ? undefined : gateway.stores.ledger.call(id);
    if (call !== undefined) return call;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('No call was settled.');
}
