/**
 * An embedder without a model: words, pairs of words and runs of letters, hashed into a vector (feature
 * hashing: Weinberger et al. 2009). It knows spelling, not meaning: the baseline, and what works offline.
 *
 * @module
 */
import { type Embedder, normalised } from './embedder.ts';
import { isFunctionWord, stem } from './guards/stems.ts';

/** Numbers in a vector. */
const DIMENSIONS = 1_024;
/** Lengths of the runs of letters. */
const RUNS = [3, 4, 5];
/** What a word, a pair of words and a run weigh; function words weigh less. */
const WEIGHTS = { word: 2, functionWord: 0.5, pair: 0.7, run: 0.35 };

/** The embedder. Costs no money and some 50 µs for a short text. */
export const hashedEmbedder: Embedder = {
  name: `hashed-${DIMENSIONS}`,
  embed: async (text) => hashedVector(text),
};

/** The vector, at once. */
export function hashedVector(text: string): Float32Array | undefined {
  const vector = new Float32Array(DIMENSIONS);
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\d]+/gu) ?? [];
  let before = '';
  for (const word of words) {
    const weight = isFunctionWord(word) ? WEIGHTS.functionWord : WEIGHTS.word;
    const root = stem(word);
    put(vector, `w${root}`, weight);
    if (before !== '') put(vector, `p${before} ${root}`, WEIGHTS.pair);
    before = root;
  }
  const run = ` ${words.join(' ')} `;
  for (const length of RUNS) {
    for (let at = 0; at + length <= run.length; at++) {
      put(vector, run.slice(at, at + length), WEIGHTS.run);
    }
  }
  return normalised(vector);
}

/** Adds a feature at its place; its sign is another bit of the hash, so that collisions cancel out. */
function put(vector: Float32Array, feature: string, weight: number): void {
  const hashed = fnv(feature);
  const place = (hashed >>> 1) % DIMENSIONS;
  vector[place] = (vector[place] ?? 0) + ((hashed & 1) === 0 ? weight : -weight);
}

/** FNV-1a over UTF-16 units, 32 bits, with a final mix. */
function fnv(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return (value ^ (value >>> 12)) >>> 0;
}
