/**
 * `GET /v1/models`: what a client may put into `model`: the models, and the tasks as `task/NAME`.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerContext } from './context.ts';

/** Answers in OpenAI's list format. */
export function serveModels(
  { gateway }: ServerContext,
  _request: IncomingMessage,
  response: ServerResponse,
): void {
  const models = gateway.models.list().map((model) => entry(model.name, ownerOf(model.providers)));
  const tasks = [...gateway.config.tasks.keys()].map((name) => entry(`task/${name}`, 'farthing'));
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
