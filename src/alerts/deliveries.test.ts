import { test } from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Deliveries } from './deliveries.ts';

const event = { type: 'budget.threshold', id: 'one', timestamp: '2026-11-25T12:00:00Z', data: {} };

/** A receiver that answers with these statuses in turn, and at `undefined` never. */
async function receiver(...statuses: readonly (number | undefined)[]) {
  const left = [...statuses];
  let asked = 0;
  const server = createServer((request, response: ServerResponse) => {
    asked++;
    request.resume();
    const status = left.shift();
    if (status === undefined) return;
    response.writeHead(status);
    response.end();
    server.emit('answered');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    target: {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      secret: undefined,
    },
    asked: () => asked,
    answered: async () => once(server, 'answered'),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

test('who has to wait for another try gets it when the process ends, and no further one', async () => {
  const failures: string[] = [];
  const deliveries = new Deliveries({ onFailure: (message) => failures.push(message) });
  const recovered = await receiver(503, 204);
  const down = await receiver(503, 503, 204);
  const firstTries = [recovered.answered(), down.answered()];
  for (const { target } of [recovered, down]) deliveries.send(event, target);
  await Promise.all(firstTries);
  await deliveries.close();
  assert.deepEqual([recovered.asked(), down.asked()], [2, 2]);
  assert.equal(failures.length, 1);
  assert.match(failures[0] ?? '', /answered 503/);
  for (const { close } of [recovered, down]) close();
});

test('a receiver that never answers holds the end up for so long, and what is lost is said', async () => {
  const failures: string[] = [];
  const options = { closeMs: 50, onFailure: (message: string) => failures.push(message) };
  const deliveries = new Deliveries(options);
  const hanging = await receiver(undefined);
  deliveries.send(event, hanging.target);
  await deliveries.close();
  assert.match(failures[0] ?? '', /1 webhooks were still on their way/);
  hanging.close();
});

test('nothing on its way, nothing to wait for', async () => {
  await new Deliveries().close();
});
