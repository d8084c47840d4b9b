/**
 * Where an attempt went, in the words of OpenTelemetry's conventions.
 *
 * @module
 */
import type { Attributes } from '@opentelemetry/api';
import type { Provider } from '../config/config.ts';

/** Hosts whose name in `gen_ai.provider.name` differs from ours; any other keeps its name, as the conventions allow. */
const CONVENTIONAL_NAMES: ReadonlyMap<string, string> = new Map([
  ['azure', 'azure.ai.openai'],
  ['bedrock', 'aws.bedrock'],
  ['gemini', 'gcp.gemini'],
  ['mistral', 'mistral_ai'],
  ['moonshot', 'moonshot_ai'],
  ['vertex', 'gcp.vertex_ai'],
  ['xai', 'x_ai'],
]);

const known = new WeakMap<Provider, Attributes>();

/** `gen_ai.provider.name`, `server.address` and `server.port`. Computed once a provider. */
export function destinationOf(provider: Provider): Attributes {
  let attributes = known.get(provider);
  if (attributes === undefined) known.set(provider, (attributes = describe(provider)));
  return attributes;
}

function describe({ name, host, url }: Provider): Attributes {
  const { hostname, port, protocol } = new URL(url);
  const ours = host ?? name;
  return {
    'gen_ai.provider.name': CONVENTIONAL_NAMES.get(ours) ?? ours,
    'server.address': hostname.replace(/^\[(.*)\]$/, '$1'),
    'server.port': port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
  };
}
