import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import OpenAI from 'openai';
import { type RecordedUpstream, startRecordedUpstream } from './recorded-upstream.ts';

const TEXT = `Vier – 四 – x${'😀'.repeat(30)} a_rather_long_word_without_any_space.\n\n  Done.`;

const ask = (question: string): OpenAI.ChatCompletionMessageParam[] => [
  { role: 'system', content: 'Count.' },
  { role: 'user', content: question },
];

const line = (id: string, question: string, answers: Readonly<Record<string, string>>): string =>
  JSON.stringify({
    id,
    task: 'sums',
    messages: ask(question),
    gold: '4',
    answers: Object.fromEntries(
      Object.entries(answers).map(([model, text], index) => [
        model,
        { text, correct: true, input_tokens: 11 + index, output_tokens: 7 },
      ]),
    ),
  });

describe('a recorded upstream', () => {
  let directory = '';
  let upstream: RecordedUpstream;
  let client: OpenAI;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'farthing-recorded-'));
    const files = [join(directory, 'a.jsonl'), join(directory, 'b.jsonl.gz')];
    writeFileSync(
      files[0]!,
      [
        line('sums/#1 ü', '2+2?', { tiny: TEXT, big: TEXT }),
        line('sums/2', '3+1?', { big: TEXT }),
      ].join('\n'),
    );
    writeFileSync(files[1]!, gzipSync(line('again/1', '2+2?', { other: 'the second one' })));
    upstream = await startRecordedUpstream({ files, port: 0 });
    client = new OpenAI({ baseURL: upstream.url, apiKey: 'any', maxRetries: 0 });
  });
  after(async () => {
    await upstream.close();
    rmSync(directory, { recursive: true });
  });

  test('counts what it serves; the first of two equal prompts counts', async () => {
    const { models, items, duplicates } = upstream;
    assert.deepEqual(
      { models, items, duplicates },
      {
        models: ['tiny', 'big'],
        items: 2,
        duplicates: 1,
      },
    );
    const listed = await client.models.list();
    assert.deepEqual(
      listed.data.map(({ id }) => id),
      ['tiny', 'big'],
    );
    assert.equal((await client.models.retrieve('big')).owned_by, 'recorded');
    await assert.rejects(client.models.retrieve('none'), { code: 'model_not_found' });
  });

  test('answers as JSON with the recorded tokens', async () => {
    const { data, response } = await client.chat.completions
      .create({ model: 'big', messages: ask('2+2?') })
      .withResponse();
    assert.equal(data.choices[0]?.message.content, TEXT);
    assert.equal(data.choices[0]?.finish_reason, 'stop');
    assert.deepEqual(data.usage, { prompt_tokens: 12, completion_tokens: 7, total_tokens: 19 });
    assert.equal(decodeURI(response.headers.get('x-recorded-id') ?? ''), 'sums/#1 ü');
  });

  test('answers as a stream of many pieces; usage only where it is asked for', async () => {
    for (const wanted of [true, false]) {
      const { data, response } = await client.chat.completions
        .create({
          model: 'tiny',
          messages: ask('2+2?'),
          stream: true,
          ...(wanted ? { stream_options: { include_usage: true } } : {}),
        })
        .withResponse();
      const pieces: string[] = [];
      let usage: OpenAI.CompletionUsage | undefined;
      for await (const chunk of data) {
        pieces.push(chunk.choices[0]?.delta.content ?? '');
        usage = chunk.usage ?? usage;
      }
      assert.equal(pieces.join(''), TEXT);
      assert.ok(pieces.length > 8);
      assert.ok(
        pieces.every((piece) => piece.isWellFormed()),
        'no character is cut',
      );
      assert.equal(usage?.prompt_tokens, wanted ? 11 : undefined);
      assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
    }
  });

  test('finds a prompt whose texts are parts', async () => {
    const parts = ask('3+1?').map(({ role, content }) => ({
      role: role as 'user',
      content: [{ type: 'text' as const, text: content as string }],
    }));
    const { choices } = await client.chat.completions.create({ model: 'big', messages: parts });
    assert.equal(choices[0]?.message.content, TEXT);
  });

  const refused = async (
    body: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming>,
    [status, code, words]: readonly [number, string, RegExp],
  ): Promise<void> => {
    const request = { model: 'tiny', messages: ask('2+2?'), ...body };
    await assert.rejects(client.chat.completions.create(request), (error: unknown) => {
      assert.ok(error instanceof OpenAI.APIError, String(error));
      assert.deepEqual([error.status, error.code], [status, code]);
      assert.match(error.message, words);
      return true;
    });
  };

  test('says what it does not have', async () => {
    await refused({ model: 'tinny' }, [404, 'model_not_found', /there are of "tiny"/]);
    await refused({ model: 'other' }, [404, 'model_not_found', /tiny, big/]);
    await refused({ messages: ask('9?') }, [404, 'recording_not_found', /2 recorded prompts/]);
    await refused({ messages: ask('3+1?') }, [404, 'recording_not_found', /has those of big/]);
    await refused({ n: 2 }, [400, 'unsupported_parameter', /One answer/]);
    await refused({ messages: [] }, [400, 'invalid_value', /at least one message/]);
  });

  test('survives what is no request of a client', async () => {
    const post = async (path: string, body: string): Promise<[number, string]> => {
      const response = await fetch(`${upstream.url}${path}`, { method: 'POST', body });
      const { error } = (await response.json()) as { error: { code: string } };
      return [response.status, error.code];
    };
    assert.deepEqual(await post('/chat/completions', '{"model":'), [400, 'invalid_json']);
    assert.deepEqual(await post('/chat/completions', '[]'), [400, 'invalid_type']);
    assert.deepEqual(await post('/embeddings', '{}'), [404, 'unknown_url']);
    assert.deepEqual(await post('/models', ''), [404, 'unknown_url']);
    assert.equal((await fetch(`${upstream.url}/models/%E0%A4%A`)).status, 404);
  });

  test('does not start with nothing, or on a taken port', async () => {
    const empty = join(directory, 'empty.jsonl');
    writeFileSync(empty, '\n');
    await assert.rejects(startRecordedUpstream({ files: [empty], port: 0 }), {
      message: `Nothing is recorded in ${empty}.`,
    });
    const port = Number(new URL(upstream.url).port);
    const files = [join(directory, 'a.jsonl')];
    await assert.rejects(startRecordedUpstream({ files, port }), /the port is taken/);
  });
});
