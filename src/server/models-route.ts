/**
 * `GET /v1/models`: what a client may put into `model`: the models, and the tasks as `task/NAME`.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { mayDo, mayUse } from '../access/permissions.ts';
import type { Headers } from '../read-call.ts';
import type { ServerContext } from './context.ts';

/** Answers in OpenAI's list format with what the caller's key may use. */
export async function serveModels(
  { gateway }: ServerContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const key = await gateway.authenticate(request.headers as Headers);
  const models = gateway.models
    .list()
    .filter(({ name }) => key === undefined || mayUse(key, name))
    .map((model) => entry(model.name, ownerOf(model.providers)));
  const tasks = [...gateway.config.tasks.keys()]
    .filter((name) => key === undefined || mayDo(key, name))
    .map((name) => entry(`task/${name}`, 'farthing'));
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ object: 'list', data: [...tasks, ...models] }));
}

function ownerOf(providers: readonly { readonly name: string }[]): string {
  return providers[0]?.name ?? 'farthing';
}

/** `created` is required by clients and known of no model: the epoch says so. */
function entry(id: string, owner: string) {
  return { id, object: 'model', created: 0, owned_by: owner };
}
