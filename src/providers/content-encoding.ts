/**
 * Upstreams are asked not to compress; some do all the same.
 *
 * @module
 */
import { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { FarthingError } from '../errors.ts';

const DECODERS: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * The body as it was before compression. Passes bytes through untouched where there was none; throws
 * `upstream_malformed` for an encoding nobody asked for and for bytes that do not decompress.
 */
export function decodeContent(
  body: AsyncIterable<Uint8Array>,
  encoding: string | undefined,
): AsyncIterable<Uint8Array> {
  if (encoding === undefined || encoding === '' || encoding === 'identity') return body;
  const decoder = DECODERS[encoding.toLowerCase()];
  if (decoder === undefined) {
    throw new FarthingError(
      'upstream_malformed',
      `The answer has the unknown encoding ${encoding}.`,
    );
  }
  return decompress(body, decoder());
}

async function* decompress(
  body: AsyncIterable<Uint8Array>,
  decoder: NodeJS.ReadWriteStream,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(body, { objectMode: false });
  source.on('error', (error) => decoder.emit('error', error));
  try {
    for await (const chunk of source.pipe(decoder)) yield chunk as unknown as Uint8Array;
  } catch (error) {
    if (error instanceof FarthingError) throw error;
    throw new FarthingError('upstream_malformed', 'The compressed answer cannot be read.', {
      cause: error,
    });
  } finally {
    source.destroy();
  }
}
