/**
 * `POST /v1/chat/completions` and `/v1/embeddings`.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Call, Operation } from '../call.ts';
import { Departure } from '../departure.ts';
import { FarthingError, toFarthingError } from '../errors.ts';
import type { Headers } from '../read-call.ts';
import { readBody } from './read-body.ts';
import { ReplyWriter } from './reply-writer.ts';
import type { ServerContext } from './context.ts';

/** The route of one operation. */
export function serveCall(operation: Operation) {
  return async (
    context: ServerContext,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    const { gateway, keepAlive, metrics } = context;
    if (context.draining) {
      throw new FarthingError('shutting_down', 'The gateway is shutting down; try again.');
    }
    const headers = request.headers as Headers;
    // Before the body is read: a stranger must not make the gateway take in megabytes.
    const found = gateway.authenticate(headers);
    const key = found instanceof Promise ? await found : found;
    const body = await readBody(request, gateway.config.maxBodyBytes);
    const departure = new Departure();
    response.on('close', () => {
      if (!response.writableFinished) departure.leave();
    });
    const call = gateway.read({ operation, body, headers, key, departure });
    const writer = new ReplyWriter(response, keepAlive);
    if (call.body.json['stream'] === true) writer.expectStream();
    metrics.began();
    try {
      const written = writer.write(call, await gateway.answer(call));
      if (written !== undefined) await written;
    } catch (thrown) {
      reportFailure(writer, thrown, call);
    } finally {
      metrics.ended();
      keepAlive.delete(writer);
    }
  };
}

function reportFailure(writer: ReplyWriter, thrown: unknown, call: Call): void {
  writer.fail(toFarthingError(thrown), call);
}
