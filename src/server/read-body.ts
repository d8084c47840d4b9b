/**
 * Reading request bodies: whole, never more than the limit.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http';
import { FarthingError } from '../errors.ts';

/**
 * The body's bytes. Throws `unsupported_media_type` for anything but JSON, `request_too_large` above
 * `limit` bytes, `client_disconnected` when the client leaves while sending.
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise<Buffer>((resolve, reject) => {
    refuseOtherTypes(request);
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > limit) throw tooLarge(limit);
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > limit) {
        request.removeAllListeners('data').resume();
        reject(tooLarge(limit));
      } else chunks.push(chunk);
    });
    request.on('end', () => {
      const [only] = chunks;
      resolve(only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks));
    });
    request.on('error', (cause) =>
      reject(new FarthingError('client_disconnected', 'The request broke off.', { cause })),
    );
  });
}

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\b/i;

/** A browser page of another origin can send simple types without being asked back; JSON it cannot. */
function refuseOtherTypes({ headers }: IncomingMessage): void {
  const type = headers['content-type'];
  if (type !== undefined && type !== 'application/json' && !JSON_TYPE.test(type)) {
    throw new FarthingError(
      'unsupported_media_type',
      `The content type is ${type.slice(0, 100)}; send application/json.`,
    );
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new FarthingError(
      'unsupported_media_type',
      `The body is encoded as ${encoding.slice(0, 40)}; send it without content-encoding.`,
    );
  }
}

function tooLarge(limit: number): FarthingError {
  return new FarthingError(
    'request_too_large',
    `The request body is larger than ${limit} bytes, the limit set by max-body.`,
  );
}
