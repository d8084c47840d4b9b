/**
 * Simulated embeddings: texts that share words get vectors that are near each other.
 *
 * @module
 */
import { FarthingError } from '../errors.ts';
import { asNumber, type Json, type JsonObject } from '../json.ts';
import { SANDBOX_EMBEDDING } from './models.ts';
import { tokensOf } from './token-estimate.ts';

/** Numbers of a vector, and the most that a request may ask for. */
export const DIMENSIONS = 256;

/**
 * The answer to an embeddings request. Throws `model_not_found` for another model, `invalid_value` for
 * more dimensions than there are.
 */
export function embed(request: JsonObject): JsonObject {
  if (request['model'] !== SANDBOX_EMBEDDING.name) {
    throw new FarthingError(
      'model_not_found',
      `The sandbox's embedding model is ${SANDBOX_EMBEDDING.name}.`,
      { param: 'model' },
    );
  }
  const dimensions = asNumber(request['dimensions']) ?? DIMENSIONS;
  if (dimensions > DIMENSIONS) {
    throw new FarthingError('invalid_value', `'dimensions' must be at most ${DIMENSIONS}.`, {
      param: 'dimensions',
    });
  }
  const texts = textsOf(request['input']);
  const tokens = texts.reduce((sum, text) => sum + tokensOf(text), 0);
  return {
    object: 'list',
    data: texts.map((text, index) => ({
      object: 'embedding',
      index,
      embedding: encode(vectorOf(text, dimensions), request['encoding_format']),
    })),
    model: SANDBOX_EMBEDDING.name,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

/** One text or several; one list of numbers is one text in tokens. */
function textsOf(input: Json | undefined): string[] {
  const given: readonly (Json | undefined)[] =
    Array.isArray(input) && typeof input[0] !== 'number' ? input : [input];
  return given.map((text) => (typeof text === 'string' ? text : JSON.stringify(text ?? '')));
}

function encode(vector: Float32Array, format: Json | undefined): Json {
  if (format !== 'base64') return [...vector];
  // The wire's numbers are little-endian on every machine.
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString('base64');
}

/**
 * A unit vector of hashed words and pairs of words (feature hashing: Weinberger et al., 2009), the same
 * for the same text.
 */
export function vectorOf(text: string, dimensions = DIMENSIONS): Float32Array {
  const vector = new Float32Array(dimensions);
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  let before = '';
  for (const word of words) {
    add(vector, word, 1);
    if (before !== '') add(vector, `${before} ${word}`, 0.5);
    before = word;
  }
  if (words.length === 0) add(vector, text, 1);
  const length = Math.hypot(...vector);
  // Features can cancel each other out; a vector of length 0 has no direction.
  if (length === 0) vector[0] = 1;
  return length === 0 ? vector : vector.map((value) => value / length);
}

function add(vector: Float32Array, feature: string, weight: number): void {
  const hash = fnv1a(feature);
  const index = (hash >>> 1) % vector.length;
  vector[index] = (vector[index] ?? 0) + ((hash & 1) === 0 ? weight : -weight);
}

/** 32-bit FNV-1a over UTF-16 units, with the finisher of MurmurHash3 so that all bits are good. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
