import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { ReplyEvent } from '../call.ts';
import { isFarthingError } from '../errors.ts';
import { asArray, asObject, asString, type Json, type JsonObject } from '../json.ts';
import { NO_TOKENS } from '../pricing/usage.ts';
import { upstreamDialectContract } from '../testing/contracts/upstream-dialect.ts';
import { callOf, modelAt, taskOf } from '../testing/stage-fixtures.ts';
import { gatherChoices, readWireStream, type WireAnswer } from '../testing/wire-stream.ts';
import { anthropicDialect } from './anthropic-messages.ts';
import { AnthropicStreamDecoder } from './anthropic-stream.ts';

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`./__fixtures__/${name}`, import.meta.url));

upstreamDialectContract({
  dialect: anthropicDialect,
  answer: fixture('anthropic-text.json').toString(),
  stream: fixture('anthropic-text.sse'),
  text: 'Der Preis beträgt 5 €, sagt "Zoë". 🙂',
  tokens: { ...NO_TOKENS, input: 31, cacheRead: 2048, output: 17 },
  model: 'claude-haiku-5-5-20261001',
  embeddings: false,
});

function read(bytes: Uint8Array): WireAnswer & { readonly decoder: AnthropicStreamDecoder } {
  const decoder = new AnthropicStreamDecoder();
  return { ...readWireStream(decoder, [bytes]), decoder };
}

const events = (...list: readonly (JsonObject & { readonly type: string })[]): Buffer =>
  Buffer.from(
    list.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''),
  );

const deltasOf = (list: readonly ReplyEvent[]): JsonObject[] =>
  list.flatMap(({ value }) =>
    asArray(value['choices']).map((choice) => asObject(asObject(choice)?.['delta']) ?? {}),
  );

test('headers: a version of its own unless the provider names one', () => {
  const target = { url: 'https://api.anthropic.com/v1', key: 'k', headers: {} };
  const ask = { model: modelAt('m'), tier: 0 };
  const { headers, path } = anthropicDialect.encode(callOf(taskOf([])), ask, target);
  assert.equal(path, '/messages');
  assert.equal(headers['anthropic-version'], '2023-06-01');
  assert.equal(headers['x-api-key'], 'k');
  const newer = {
    ...target,
    headers: { 'anthropic-version': '2026-10-21', 'anthropic-beta': 'x' },
  };
  const made = anthropicDialect.encode(callOf(taskOf([]), { temperature: 1 }), ask, newer);
  assert.equal(made.headers['anthropic-version'], '2026-10-21');
  assert.equal(made.headers['anthropic-beta'], 'x');
  assert.equal((JSON.parse(made.body) as JsonObject)['temperature'], undefined);
});

test('a request nested too deeply is the client’s mistake', () => {
  const target = { url: 'https://api.anthropic.com/v1', key: 'k', headers: {} };
  const parameters = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`) as Json;
  const tools = [{ type: 'function', function: { name: 'f', parameters: { x: parameters } } }];
  const small = callOf(taskOf([]));
  const call = { ...small, body: { raw: '', json: { ...small.body.json, tools } } };
  assert.throws(
    () => anthropicDialect.encode(call, { model: modelAt('m'), tier: 0 }, target),
    (error: unknown) => isFarthingError(error) && error.code === 'unsupported_parameter',
  );
});

describe('streams', () => {
  test('tools: dense indexes, text beside them, the empty input of a tool without any', () => {
    const { events: chunks, error, decoder } = read(fixture('anthropic-tools.sse'));
    assert.equal(error, undefined);
    const [choice] = gatherChoices(chunks);
    assert.equal(choice?.text, 'Let me look.');
    assert.equal(choice.finishReason, 'tool_calls');
    assert.deepEqual(choice.toolCalls, [
      {
        id: 'toolu_01A09q90qw90lq917835lq9',
        name: 'get_weather',
        arguments: '{"city": "São Paulo"}',
      },
      { id: 'toolu_01B19r91rx91mr928946mr0', name: 'now', arguments: '{}' },
    ]);
    const usage = decoder.usage();
    assert.equal(usage?.tokens.input, 412);
    assert.equal(usage.tokens.output, 89);
    assert.deepEqual(chunks.at(-1)?.value['choices'], []);
    assert.equal(asObject(chunks.at(-1)?.value['usage'])?.['completion_tokens'], 89);
  });

  test('thinking: as reasoning while it comes, as signed blocks for the way back', () => {
    const { events: chunks, decoder } = read(fixture('anthropic-thinking.sse'));
    const deltas = deltasOf(chunks);
    assert.equal(gatherChoices(chunks)[0]?.text, '51');
    assert.equal(
      deltas.map((delta) => asString(delta['reasoning_content']) ?? '').join(''),
      '17 × 3 is 51.',
    );
    assert.deepEqual(
      deltas.flatMap((delta) => asArray(delta['thinking_blocks'])),
      [
        { index: 0, type: 'thinking', thinking: '17 × 3 is 51.', signature: 'EqQBCkYIB+xQ9w==' },
        { index: 1, type: 'redacted_thinking', data: 'EmwKAhgBEgy3va3pzix' },
      ],
    );
    assert.equal(decoder.usage()?.tokens.reasoning, 31);
    assert.equal(decoder.usage()?.tokens.output, 9);
  });

  test('tools that run at the provider are none of the client’s; usage is cumulative', () => {
    const { events: chunks, error, decoder } = read(fixture('anthropic-web-search.sse'));
    assert.equal(error, undefined);
    const [choice] = gatherChoices(chunks);
    assert.equal(choice?.text, 'A coin.');
    assert.deepEqual(choice.toolCalls, []);
    assert.equal(decoder.usage()?.tokens.input, 2900);
    assert.equal(decoder.usage()?.tokens.output, 44);
  });

  test('a refusal is one in OpenAI’s words', () => {
    const [choice] = gatherChoices(read(fixture('anthropic-refusal.sse')).events);
    assert.equal(choice?.finishReason, 'content_filter');
    assert.equal(choice.refusal, 'This request may cause harm.');
  });

  test('an error in the middle: the upstream’s words, and the usage so far is partial', () => {
    const { events: chunks, error, decoder } = read(fixture('anthropic-error.sse'));
    assert.equal(gatherChoices(chunks)[0]?.text, 'Once upon');
    assert.equal(error?.status, 529);
    assert.equal(error.message, 'Overloaded');
    assert.equal(error.upstream?.type, 'overloaded_error');
    assert.ok(error.retryable);
    assert.equal(decoder.usage()?.source, 'partial');
    assert.equal(decoder.usage()?.tokens.cacheRead, 2048);
  });

  for (const name of ['anthropic-tools', 'anthropic-thinking', 'anthropic-web-search']) {
    test(`${name} cut at every byte is complete only with its stop reason`, () => {
      const bytes = fixture(`${name}.sse`);
      const reason = bytes.indexOf('"stop_reason":"');
      const [whole] = gatherChoices(read(bytes).events);
      for (let end = 0; end < bytes.length; end++) {
        const { events: chunks, error } = read(bytes.subarray(0, end));
        const [choice] = gatherChoices(chunks);
        if (error === undefined) {
          assert.ok(end > reason);
          assert.deepEqual(choice, whole);
        } else {
          assert.equal(error.code, 'upstream_truncated');
          assert.equal(choice?.finishReason, undefined);
        }
      }
    });
  }

  const START = {
    type: 'message_start',
    message: { id: 'a', model: 'm', usage: { input_tokens: 5, output_tokens: 1 } },
  };
  const STOP = {
    type: 'message_delta',
    delta: { stop_reason: 'end_turn' },
    usage: { output_tokens: 3, input_tokens: null },
  };

  test('message_stop may be missing, a stop reason may not', () => {
    assert.equal(read(events(START, STOP)).error, undefined);
    assert.equal(read(events(START, { type: 'message_stop' })).error?.code, 'upstream_truncated');
  });

  test('null in the last usage keeps what was known', () => {
    const { decoder } = read(events(START, STOP));
    assert.deepEqual(decoder.usage()?.tokens, { ...NO_TOKENS, input: 5, output: 3 });
  });

  const started = (usage: JsonObject) => ({ type: 'message_start', message: { id: 'm', usage } });
  const stopped = (usage?: JsonObject) => ({
    type: 'message_delta',
    delta: { stop_reason: 'end_turn' },
    ...(usage === undefined ? {} : { usage }),
  });

  test('counts of the prompt never shrink: a later 0 is none', () => {
    const start = started({ input_tokens: 20, cache_read_input_tokens: 300, output_tokens: 1 });
    const zero = { input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 7 };
    const { decoder } = read(events(start, stopped(zero)));
    const tokens = { ...NO_TOKENS, input: 20, cacheRead: 300, output: 7 };
    assert.deepEqual(decoder.usage(), { tokens, source: 'provider' });
  });

  test('counts of the prompt grow with what tools of the provider add', () => {
    const start = started({ input_tokens: 2679, output_tokens: 3 });
    const { decoder } = read(events(start, stopped({ input_tokens: 10_682, output_tokens: 510 })));
    assert.equal(decoder.usage()?.tokens.input, 10_682);
  });

  test('an output that is only begun is not the output, even when the answer is complete', () => {
    const start = started({ input_tokens: 20, output_tokens: 1 });
    const { decoder, events: given } = read(events(start, stopped()));
    assert.equal(decoder.usage()?.source, 'partial');
    assert.ok(given.every(({ data }) => !data.includes('"usage"')));
  });

  test('an input that comes whole, as some hosts send it', () => {
    const block = { type: 'tool_use', id: 't', name: 'f', input: { a: 1 } };
    const bytes = events(
      START,
      { type: 'content_block_start', index: 0, content_block: block },
      { type: 'content_block_stop', index: 0 },
      STOP,
    );
    assert.deepEqual(gatherChoices(read(bytes).events)[0]?.toolCalls, [
      { id: 't', name: 'f', arguments: '{"a":1}' },
    ]);
  });

  test('[DONE], pings and events of tomorrow change nothing', () => {
    const bytes = Buffer.concat([
      events(START, { type: 'ping' }, { type: 'content_block_sparkle', index: 0 }, STOP),
      Buffer.from('data: [DONE]\n\n'),
    ]);
    const { error, events: chunks } = read(bytes);
    assert.equal(error, undefined);
    assert.equal(chunks.length, 3);
  });
});

describe('whole answers', () => {
  const decode = (message: JsonObject) =>
    anthropicDialect.decode(JSON.stringify({ type: 'message', model: 'm', ...message }));

  const choiceOf = (message: JsonObject): { message: JsonObject; reason: Json | undefined } => {
    const choice = asObject(asArray(decode(message).event.value['choices'])[0]);
    return { message: asObject(choice?.['message']) ?? {}, reason: choice?.['finish_reason'] };
  };

  test('texts are joined, tools are called, thinking comes along', () => {
    const thinking = { type: 'thinking', thinking: 'hm', signature: 's' };
    const { message, reason } = choiceOf({
      content: [
        thinking,
        { type: 'text', text: 'a' },
        { type: 'tool_use', id: 't', name: 'f', input: {} },
        { type: 'text', text: 'b' },
      ],
      stop_reason: 'tool_use',
    });
    assert.deepEqual(message, {
      role: 'assistant',
      content: 'ab',
      refusal: null,
      reasoning_content: 'hm',
      thinking_blocks: [thinking],
      tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: '{}' } }],
    });
    assert.equal(reason, 'tool_calls');
  });

  test('an answer of tools alone has no content', () => {
    const content = [{ type: 'tool_use', id: 't', name: 'f', input: { x: 1 } }];
    assert.equal(choiceOf({ content }).message['content'], null);
  });

  const reasons: readonly (readonly [given: string | null, told: string])[] = [
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['pause_turn', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'tool_calls'],
    ['refusal', 'content_filter'],
    ['constructor', 'stop'],
    [null, 'stop'],
  ];
  for (const [given, told] of reasons) {
    test(`${String(given)} is ${told}`, () => {
      const content = [{ type: 'text', text: 'x' }];
      assert.equal(choiceOf({ content, stop_reason: given }).reason, told);
    });
  }

  test('a refusal without an explanation', () => {
    const { message } = choiceOf({ content: [], stop_reason: 'refusal' });
    assert.equal(message['content'], null);
    assert.match(asString(message['refusal']) ?? '', /declined/);
  });

  test('missing usage is undefined', () => {
    const { usage, event } = decode({ content: [] });
    assert.equal(usage, undefined);
    assert.equal(event.value['usage'], undefined);
  });

  test('usage in OpenAI’s words includes the cache in the prompt', () => {
    const usage = {
      input_tokens: 10,
      cache_read_input_tokens: 90,
      cache_creation_input_tokens: 50,
      output_tokens: 7,
    };
    const told = asObject(decode({ content: [], usage }).event.value['usage']);
    assert.equal(told?.['prompt_tokens'], 150);
    assert.equal(told['completion_tokens'], 7);
    assert.equal(asObject(told['prompt_tokens_details'])?.['cached_tokens'], 90);
  });

  test('errors keep their words', () => {
    const statuses: Readonly<Record<string, number>> = {
      invalid_request_error: 400,
      authentication_error: 502,
      not_found_error: 404,
      rate_limit_error: 429,
      timeout_error: 504,
      api_error: 500,
      overloaded_error: 529,
      unheard_of_error: 502,
    };
    for (const [type, status] of Object.entries(statuses)) {
      assert.throws(
        () =>
          anthropicDialect.decode(
            JSON.stringify({ type: 'error', error: { type, message: 'no' } }),
          ),
        (error: unknown) => {
          assert.ok(isFarthingError(error));
          assert.equal(error.status, status);
          assert.equal(error.upstream?.type, type);
          return true;
        },
      );
    }
  });
});
