import { before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import type { JsonObject } from '../json.ts';
import { PriceBook } from './price-book.ts';
import { LARGEST_CONTEXT } from './request-content.ts';
import {
  countTokens,
  countTokensNow,
  estimateAnswerTokens,
  estimateRequestTokens,
  loadTokenizer,
  upperBoundRequestTokens,
} from './tokens.ts';

const chat = (...messages: JsonObject[]): JsonObject => ({ model: 'm', messages });
const user = (content: JsonObject[string]): JsonObject => ({
  role: 'user',
  content: content ?? null,
});

const PROSE = 'The quick brown fox jumps over the lazy dog. ';

describe('counting', () => {
  test('nothing can be counted at once before the vocabulary is there, and it is not loaded by itself', () => {
    const script = `
      import { countTokensNow } from ${JSON.stringify(new URL('./tokens.ts', import.meta.url).href)};
      import { createRequire } from 'node:module';
      let message = '';
      try { countTokensNow('a'); } catch (error) { message = error.message; }
      process.stdout.write(message + ' ' + (process.memoryUsage().heapUsed < 40e6));`;
    const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script]);
    assert.equal(output.toString(), 'The tokenizer is not loaded yet. true');
  });

  test("texts whose counts are known from OpenAI's tokenizer", async () => {
    assert.equal(await countTokens(''), 0);
    assert.equal(await countTokens('hello world'), 2);
    assert.equal(await countTokens('tiktoken is great!'), 6);
    assert.equal(await countTokens(PROSE.repeat(2)), 21);
  });

  describe('with the vocabulary', () => {
    before(loadTokenizer);

    test('special tokens in a text are text', async () => {
      const count = await countTokens('<|endoftext|><|im_start|>');
      assert.ok(count > 2);
      assert.equal(countTokensNow('<|endoftext|><|im_start|>'), count);
    });

    test('huge texts without a word in them are counted in no time', async () => {
      const random = Array.from({ length: 200_000 }, (_, at) =>
        String.fromCharCode(97 + ((at * 7919 + at * at * 31) % 26)),
      ).join('');
      for (const [text, least] of [
        ['a'.repeat(1_000_000), 100_000],
        [' '.repeat(1_000_000), 1000],
        ['漢字'.repeat(50_000), 50_000],
        ['😀'.repeat(50_000), 50_000],
        [random, 80_000],
      ] as const) {
        const count = await countTokens(text);
        assert.ok(count >= least && count <= Buffer.byteLength(text));
      }
    });

    test('cutting long runs costs next to nothing', async () => {
      const { countTokens: whole } = await import('gpt-tokenizer/encoding/o200k_base');
      for (const text of ['漢字かな交じり文。'.repeat(200), 'x1y2'.repeat(500), '-'.repeat(1500)]) {
        const exact = whole(text);
        assert.ok(Math.abs((await countTokens(text)) - exact) <= 1 + exact * 0.02);
      }
    });

    test('slices of long texts add up', async () => {
      const text = PROSE.repeat(8000);
      assert.ok(text.length > 300_000);
      assert.equal(await countTokens(text), countTokensNow(text));
    });

    test('the estimate without a vocabulary is near', async () => {
      const python = 'def add(a, b):\n    return a + b\n'.repeat(20);
      for (const text of [
        PROSE.repeat(20),
        python,
        'Größenordnungen überprüfen wir später. '.repeat(20),
      ]) {
        const ratio = estimateAnswerTokens(text) / (await countTokens(text));
        assert.ok(ratio > 0.6 && ratio < 1.6, `${ratio}`);
      }
      assert.equal(estimateAnswerTokens(''), 0);
    });
  });
});

describe('estimating requests', () => {
  test('messages as OpenAI documents it', async () => {
    const request = chat({ role: 'system', content: 'hello world' }, user('hello world'));
    // Per message: 3, its role, its content; and 3 for the reply.
    assert.equal(await estimateRequestTokens(request), 2 * (3 + 1 + 2) + 3);
    const named = chat({ role: 'user', name: 'hello', content: 'hello world' });
    assert.equal(await estimateRequestTokens(named), 3 + 1 + 2 + (1 + 1) + 3);
  });

  test('tools, schemas and tool calls count', async () => {
    const bare = await estimateRequestTokens(chat(user('hi')));
    const tool = {
      type: 'function',
      function: {
        name: 'weather',
        description: 'Tells the weather.',
        parameters: { type: 'object' },
      },
    };
    for (const more of [
      { tools: [tool] },
      { functions: [tool.function] },
      { response_format: { type: 'json_schema', json_schema: { name: 'a', schema: {} } } },
    ]) {
      assert.ok((await estimateRequestTokens({ ...chat(user('hi')), ...more })) > bare + 10);
    }
    const call = {
      role: 'assistant',
      content: null,
      tool_calls: [
        { id: 'c', type: 'function', function: { name: 'weather', arguments: '{"at":"Rome"}' } },
      ],
    };
    assert.ok((await estimateRequestTokens(chat(user('hi'), call))) > bare + 10);
  });

  test('images are flat, however long their data', async () => {
    const image = (detail?: string): JsonObject => ({
      type: 'image_url',
      image_url: { url: `data:image/png;base64,${'A'.repeat(100_000)}`, ...(detail && { detail }) },
    });
    const text = { type: 'text', text: 'hello world' };
    const base = await estimateRequestTokens(chat(user([text])));
    assert.equal(await estimateRequestTokens(chat(user([text, image()]))), base + 765);
    assert.equal(await estimateRequestTokens(chat(user([text, image('low')]))), base + 85);
  });

  test('sound by its length, files by their size', async () => {
    const base = await estimateRequestTokens(chat(user([])));
    const wav = { type: 'input_audio', input_audio: { format: 'wav', data: 'A'.repeat(64_000) } };
    assert.equal(await estimateRequestTokens(chat(user([wav]))), base + 10);
    const file = { type: 'file', file: { file_data: 'A'.repeat(4000) } };
    assert.equal(await estimateRequestTokens(chat(user([file]))), base + 75);
    const kept = { type: 'file', file: { file_id: 'file-1' } };
    assert.equal(await estimateRequestTokens(chat(user([kept]))), base + 5000);
  });

  test('embeddings: texts and token ids', async () => {
    assert.equal(await estimateRequestTokens({ input: 'hello world' }), 2);
    assert.equal(await estimateRequestTokens({ input: ['hello world', 'hello world'] }), 4);
    assert.equal(await estimateRequestTokens({ input: [1, 2, 3] }), 3);
    assert.equal(await estimateRequestTokens({ input: [[1, 2], [3]] }), 3);
  });

  test('senseless requests are counted, not refused', async () => {
    for (const request of [
      {},
      { messages: null },
      { messages: ['text', 7, null] },
      { messages: [{ role: 'user', content: 7 }] },
      { messages: [{ content: [null, 'text', { type: 'sculpture', weight: 1 }] }] },
      { messages: [], tools: 'none' },
    ] as JsonObject[]) {
      const estimate = await estimateRequestTokens(request);
      assert.ok(Number.isSafeInteger(estimate) && estimate >= 0);
      assert.ok((await upperBoundRequestTokens(request)) >= estimate);
    }
  });
});

describe('the bound', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
  );
  const part = fc.oneof(
    text.map((of) => ({ type: 'text', text: of })),
    fc.constantFrom('low', 'high', 'auto').map((detail) => ({
      type: 'image_url',
      image_url: { url: 'https://example.com/a.png', detail },
    })),
    fc.nat(5000).map((size) => ({
      type: 'input_audio',
      input_audio: { format: 'mp3', data: 'A'.repeat(size) },
    })),
    fc.constant({ type: 'file', file: { file_id: 'file-1' } }),
  );
  const request = fc.record({
    messages: fc.array(
      fc.record({
        role: fc.constantFrom('system', 'user', 'assistant'),
        content: fc.oneof(text, fc.array(part, { maxLength: 3 })),
      }),
      { maxLength: 4 },
    ),
    tools: fc.array(
      text.map((name) => ({ type: 'function', function: { name } })),
      { maxLength: 3 },
    ),
  });

  test('is never below the estimate, at any model', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (given) => {
        const estimate = await estimateRequestTokens(given);
        assert.ok((await upperBoundRequestTokens(given, 'some-model')) >= estimate);
        assert.ok((await upperBoundRequestTokens(given, 'gpt-4o')) >= estimate);
      }),
    );
  });

  test('no text has more tokens than bytes', async () => {
    await fc.assert(
      fc.asyncProperty(text, async (of) => {
        assert.ok((await countTokens(of)) <= Buffer.byteLength(of));
      }),
    );
  });

  test('counts texts where the vocabulary is that of the model', async () => {
    const given = chat(user(PROSE.repeat(100)));
    const bytes = await upperBoundRequestTokens(given, 'claude-haiku-4-5');
    for (const model of [
      'gpt-4o',
      'gpt-4o-mini-2024-07-18',
      'openai/gpt-4.1',
      'o3-mini',
      'gpt-5.1',
    ]) {
      assert.ok((await upperBoundRequestTokens(given, model)) < bytes / 3, model);
    }
    for (const model of ['gpt-4', 'gpt-3.5-turbo', 'gpt-6-luna', 'o12', 'my-gpt-4o', '']) {
      assert.equal(await upperBoundRequestTokens(given, model), bytes, model);
    }
  });

  test('images at the dearest, what is not in the request at the largest context', async () => {
    const base = await upperBoundRequestTokens(chat(user([])));
    const bound = async (item: JsonObject): Promise<number> =>
      (await upperBoundRequestTokens(chat(user([item])))) - base;
    assert.equal(await bound({ type: 'image_url', image_url: { url: 'https://a' } }), 48_169);
    assert.equal(
      await bound({ type: 'image_url', image_url: { url: 'https://a', detail: 'low' } }),
      2833,
    );
    assert.equal(await bound({ type: 'file', file: { file_id: 'f' } }), LARGEST_CONTEXT);
    assert.equal(await bound({ type: 'file', file: { file_data: 'AAAA' } }), LARGEST_CONTEXT);
    const earlier = { role: 'assistant', content: null, audio: { id: 'audio_1' } };
    assert.ok((await upperBoundRequestTokens(chat(earlier))) > LARGEST_CONTEXT);
  });

  test('no listed model has a larger context window', () => {
    for (const { rule } of PriceBook.load().prices) {
      assert.ok((rule.contextTokens ?? 0) <= LARGEST_CONTEXT);
    }
  });

  test('embeddings', async () => {
    assert.equal(await upperBoundRequestTokens({ input: 'hello' }), 7);
    assert.equal(await upperBoundRequestTokens({ input: [[1, 2], [3]] }), 3);
  });
});
