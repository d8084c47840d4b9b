import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { ReplyEvent } from '../call.ts';
import { asArray, asObject, asString, type JsonObject } from '../json.ts';
import { gatherChoices, readWireStream, type WireAnswer } from '../testing/wire-stream.ts';
import { OpenAIStreamDecoder } from './openai-stream.ts';

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`./__fixtures__/${name}.sse`, import.meta.url));

/** The fixture's data lines, as the upstream wrote them. */
const linesOf = (name: string): string[] =>
  fixture(name)
    .toString()
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => line.slice('data: '.length));

function read(stream: string | Buffer): WireAnswer & { readonly decoder: OpenAIStreamDecoder } {
  const decoder = new OpenAIStreamDecoder();
  return { ...readWireStream(decoder, [Buffer.from(stream)]), decoder };
}

const toText = (...chunks: readonly (JsonObject | string)[]): string =>
  chunks
    .map((chunk) => `data: ${typeof chunk === 'string' ? chunk : JSON.stringify(chunk)}\n\n`)
    .join('');

const chunk = (
  delta: JsonObject,
  finish: string | null = null,
  more: JsonObject = {},
): JsonObject => ({
  id: 'c',
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...more,
});

const END = chunk({}, 'stop');

const toolDeltas = (events: readonly ReplyEvent[]): JsonObject[] =>
  events.flatMap(({ value }) =>
    asArray(value['choices']).flatMap((choice) =>
      asArray(asObject(asObject(choice)?.['delta'])?.['tool_calls']).map(
        (call) => asObject(call) ?? {},
      ),
    ),
  );

/** Deltas of one call each, as `tool_calls` of a chunk. */
const tools = (...calls: readonly JsonObject[]): string =>
  toText(...calls.map((call) => chunk({ tool_calls: [call] })), END);

describe('fixtures', () => {
  for (const name of [
    'openai-text',
    'openai-tools',
    'openai-logprobs',
    'openai-two-choices',
    'groq-text',
  ]) {
    test(`${name}: nothing is wrong, so every byte goes on`, () => {
      const { events, error } = read(fixture(name));
      assert.equal(error, undefined);
      assert.deepEqual(
        events.map(({ data }) => data),
        linesOf(name),
      );
    });
  }

  test('text: usage with cached tokens, and the tier it was served at', () => {
    const { decoder, events } = read(fixture('openai-text'));
    assert.equal(gatherChoices(events)[0]?.text, 'Der Preis beträgt 5 €, sagt "Zoë". 🙂');
    assert.equal(decoder.model(), 'gpt-5.6-luna-2026-09-02');
    const usage = decoder.usage();
    assert.equal(usage?.tokens.cacheRead, 1024);
    assert.equal(usage.tokens.input, 22);
    assert.equal(usage.tokens.output, 11);
    assert.equal(usage.serviceTier, 'default');
    assert.equal(usage.source, 'provider');
  });

  test('tools: calls and arguments', () => {
    const [choice] = gatherChoices(read(fixture('openai-tools')).events);
    assert.deepEqual(choice?.toolCalls, [
      { id: 'call_Vd8sK1', name: 'get_weather', arguments: '{"city":"São Paulo"}' },
      { id: 'call_Wm4tL2', name: 'get_time', arguments: '{"zone":"UTC"}' },
    ]);
    assert.equal(choice.finishReason, 'tool_calls');
  });

  test('Groq: usage in a field of its own', () => {
    const { decoder } = read(fixture('groq-text'));
    assert.equal(decoder.usage()?.tokens.input, 37);
    assert.equal(decoder.usage()?.tokens.output, 3);
  });

  test('Ollama: calls without an index are told apart by their ids', () => {
    const { events, error, decoder } = read(fixture('ollama-tools'));
    assert.equal(error, undefined);
    assert.deepEqual(
      toolDeltas(events).map(({ index, id, type }) => [index, id, type]),
      [
        [0, 'call_h2xk91', 'function'],
        [1, 'call_p8rw42', 'function'],
      ],
    );
    assert.equal(decoder.usage(), undefined);
  });

  test('GLM: a missing id is made once, a repeated name goes', () => {
    const { events, decoder } = read(fixture('glm-tools'));
    const [first, second, third] = toolDeltas(events);
    assert.match(asString(first?.['id']) ?? '', /^call_[0-9a-f]{24}$/);
    assert.deepEqual(second, { index: 0, function: { arguments: '"farthing"}' } });
    assert.match(asString(third?.['id']) ?? '', /^call_/);
    assert.notEqual(first?.['id'], third?.['id']);
    const [choice] = gatherChoices(events);
    assert.deepEqual(
      choice?.toolCalls.map(({ name, arguments: text }) => [name, text]),
      [
        ['search', '{"q":"farthing"}'],
        ['open', '{"id":7}'],
      ],
    );
    assert.equal(decoder.usage()?.tokens.output, 25);
  });

  test('Bedrock: arguments under another index stay with their call; ids become text', () => {
    const deltas = toolDeltas(read(fixture('bedrock-tools')).events);
    assert.deepEqual(
      deltas.map(({ index, id }) => [index, id]),
      [
        [0, '7001'],
        [0, undefined],
        [0, undefined],
        [1, '7002'],
        [1, undefined],
      ],
    );
  });

  test('OpenRouter: comments are no events, an error in the middle is one', () => {
    const { events, error } = read(fixture('openrouter-error'));
    assert.equal(gatherChoices(events)[0]?.text, 'Once upon');
    assert.equal(error?.code, 'upstream_rejected');
    assert.equal(error.status, 502);
    assert.equal(error.upstream?.code, '502');
    assert.match(error.message, /disconnected unexpectedly/);
  });
});

describe('a cut at every byte', () => {
  for (const name of ['openai-tools', 'openai-logprobs', 'openai-two-choices', 'glm-tools']) {
    test(`${name}: complete only once every choice has its reason`, () => {
      const bytes = fixture(name);
      const whole = gatherChoices(read(bytes).events);
      let complete = 0;
      for (let end = 0; end < bytes.length; end++) {
        const { events, error, decoder } = read(bytes.subarray(0, end));
        for (const { data } of events) JSON.parse(data);
        if (error !== undefined) {
          assert.equal(error.code, 'upstream_truncated');
          assert.notEqual(decoder.usage()?.source, 'provider');
          continue;
        }
        complete++;
        const choices = gatherChoices(events);
        assert.equal(choices.length, whole.length);
        for (const [index, choice] of choices.entries()) {
          assert.equal(choice.text, whole[index]?.text);
          assert.equal(choice.finishReason, whole[index]?.finishReason);
          assert.deepEqual(
            choice.toolCalls.map((call) => call.arguments),
            whole[index]?.toolCalls.map((call) => call.arguments),
          );
        }
      }
      assert.ok(complete > 0);
    });
  }
});

describe('tool deltas', () => {
  const named = (index: number | undefined, id: string | undefined, name: string): JsonObject => ({
    index,
    id,
    type: 'function',
    function: { name, arguments: '{}' },
  });
  const indexes = (text: string): unknown[] => toolDeltas(read(text).events).map((d) => d['index']);

  test('two calls that both say index 0', () => {
    assert.deepEqual(indexes(tools(named(0, 'a', 'f'), named(0, 'b', 'f'))), [0, 1]);
  });

  test('what follows under a shared index belongs to the newest call', () => {
    const more = { index: 0, function: { arguments: 'x' } };
    assert.deepEqual(
      indexes(tools(named(0, 'a', 'f'), more, named(0, 'b', 'f'), more)),
      [0, 0, 1, 1],
    );
  });

  test('neither index nor id: every name begins a call', () => {
    const text = tools(named(undefined, undefined, 'f'), named(undefined, undefined, 'g'), {
      function: { arguments: 'x' },
    });
    assert.deepEqual(indexes(text), [0, 1, 1]);
  });

  test('indexes that do not begin at 0', () => {
    assert.deepEqual(indexes(tools(named(1, 'a', 'f'), named(2, 'b', 'f'))), [0, 1]);
  });

  test('a new id in every delta of one call', () => {
    const deltas = toolDeltas(
      read(tools(named(0, 'a', 'f'), { index: 0, id: 'b', function: { arguments: 'x' } })).events,
    );
    assert.deepEqual(deltas[1], { index: 0, function: { arguments: 'x' } });
  });

  test('id and name repeated, empty id and type behind', () => {
    const deltas = toolDeltas(
      read(
        tools(named(0, 'a', 'f'), named(0, 'a', 'f'), {
          index: 0,
          id: '',
          type: 'function',
          function: { name: '', arguments: 'x' },
        }),
      ).events,
    );
    assert.deepEqual(deltas.slice(1), [
      { index: 0, function: { arguments: '{}' } },
      { index: 0, function: { arguments: 'x' } },
    ]);
  });

  test('a name that comes after the id is kept', () => {
    const deltas = toolDeltas(
      read(
        tools(
          { index: 0, id: 'a', type: 'function', function: { arguments: '' } },
          { index: 0, function: { name: 'f', arguments: '{}' } },
        ),
      ).events,
    );
    assert.deepEqual(deltas[1], { index: 0, function: { name: 'f', arguments: '{}' } });
  });

  test('arguments that are an object become text', () => {
    const [delta] = toolDeltas(
      read(tools({ id: 'a', function: { name: 'f', arguments: { x: 1 } } })).events,
    );
    assert.deepEqual(delta, {
      index: 0,
      id: 'a',
      type: 'function',
      function: { name: 'f', arguments: '{"x":1}' },
    });
  });

  test('custom tools stay custom', () => {
    const custom = { index: 0, id: 'a', custom: { name: 'grep', input: 'x' } };
    const [delta] = toolDeltas(read(tools(custom)).events);
    assert.deepEqual(delta, { ...custom, type: 'custom' });
  });

  test('a delta that is repeated beside text is read again', () => {
    const call = { index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '1' } };
    const deltas = toolDeltas(
      read(toText(...['x', 'y', 'z'].map((content) => chunk({ content, tool_calls: [call] })), END))
        .events,
    );
    const later = { index: 0, function: { arguments: '1' } };
    assert.deepEqual(deltas, [call, later, later]);
  });

  test('choices count their calls apart', () => {
    const call = (index: number): JsonObject => ({
      ...chunk({}),
      choices: [{ index, delta: { tool_calls: [{ function: { name: 'f', arguments: '' } }] } }],
    });
    assert.deepEqual(indexes(toText(call(0), call(1))), [0, 0]);
  });
});

describe('ends', () => {
  const say = chunk({ content: 'Hi' });

  test('a finish reason is enough, [DONE] may be missing', () => {
    assert.equal(read(toText(say, END)).error, undefined);
  });

  test('[DONE] is enough after an answer, a finish reason may be missing', () => {
    assert.equal(read(toText(say, '[DONE]')).error, undefined);
  });

  test('neither is a truncated answer', () => {
    assert.equal(read(toText(say)).error?.code, 'upstream_truncated');
  });

  test('the last blank line may be missing', () => {
    assert.equal(read(toText(say, END).trimEnd()).error, undefined);
    assert.equal(read(toText(say, END, '[DONE]').trimEnd()).error, undefined);
  });

  test('what follows [DONE] is nobody’s', () => {
    assert.equal(read(toText(say, END, '[DONE]', say)).events.length, 2);
  });

  test('chunks after the finish reason still arrive', () => {
    const { events, decoder } = read(
      toText(say, END, {
        choices: [],
        usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
      }),
    );
    assert.equal(events.length, 3);
    assert.equal(decoder.usage()?.tokens.input, 3);
  });
});

describe('usage', () => {
  const usage = { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 };

  test('missing usage is undefined, never zero', () => {
    assert.equal(read(toText(chunk({ content: 'x' }), END, '[DONE]')).decoder.usage(), undefined);
    const none = chunk({ content: 'x' }, null, { usage: null });
    assert.equal(read(toText(none, END)).decoder.usage(), undefined);
  });

  test('counted on in every chunk: the last counts, a cut one is partial', () => {
    const first = chunk({ content: 'x' }, null, { usage });
    const last = chunk({}, 'stop', { usage: { ...usage, completion_tokens: 9, total_tokens: 12 } });
    const whole = read(toText(first, last)).decoder.usage();
    assert.equal(whole?.tokens.output, 9);
    assert.equal(whole.source, 'provider');
    const cut = read(toText(first)).decoder.usage();
    assert.equal(cut?.tokens.output, 1);
    assert.equal(cut.source, 'partial');
  });

  test('with the finish reason, as Mistral sends it', () => {
    const { decoder } = read(toText(chunk({ content: 'x' }), chunk({}, 'stop', { usage })));
    assert.equal(decoder.usage()?.tokens.input, 3);
  });
});

describe('chunks that are not as they should be', () => {
  test('choices are always a list', () => {
    for (const choices of [undefined, null, {}]) {
      const { events } = read(toText({ id: 'c', choices }, chunk({ content: 'x' }), END));
      assert.deepEqual(events[0]?.value['choices'], []);
      assert.equal(events[0].value['id'], 'c');
    }
  });

  test('an empty model, as Azure’s first chunk has, is none', () => {
    const azure = { id: '', model: '', choices: [], prompt_filter_results: [{ prompt_index: 0 }] };
    const { decoder, events } = read(toText(azure, chunk({ content: 'x' }), END));
    assert.equal(decoder.model(), 'm');
    assert.equal(events[0]?.data, JSON.stringify(azure));
  });

  test('one that is not JSON is malformed, also among those of a known shape', () => {
    const texts = ['a', 'b', 'c'].map((content) => chunk({ content }));
    const raw = toText(...texts);
    for (const broken of [
      raw.replace('"c"}', '"c'),
      raw.replace('"c"', '"c\\x"'),
      raw.replace('"c"', '"c\u0001"'),
      raw.replace('"c"', 'c'),
    ]) {
      assert.equal(read(broken).error?.code, 'upstream_malformed', broken);
    }
  });

  test('text with every kind of escape goes on untouched', () => {
    const contents = ['a', 'b\\n', '"', '\\', '\u0000', '🙂', '","finish_reason":"stop', '\ud83d'];
    const texts = contents.map((content) => chunk({ content }));
    const { events } = read(toText(...texts, END));
    assert.deepEqual(
      events.map(({ data }) => data),
      [...texts, END].map((each) => JSON.stringify(each)),
    );
  });

  test('a changed shape is seen: other choice, reasoning, finish reason, usage, tool call', () => {
    const text = (content: string, index = 0): JsonObject => ({
      model: 'm',
      choices: [{ index, delta: { content }, finish_reason: null }],
    });
    const thought = {
      model: 'm',
      choices: [{ index: 0, delta: { reasoning_content: 'h' }, finish_reason: null }],
    };
    const ends = {
      model: 'm',
      choices: [{ index: 0, delta: { content: 'e' }, finish_reason: 'stop' }],
    };
    const { events, error } = read(
      toText(text('a'), text('b'), text('x', 1), thought, text('c'), ends),
    );
    assert.equal(error?.code, 'upstream_truncated', 'choice 1 is not finished');
    assert.deepEqual(
      gatherChoices(events).map((choice) => [choice.text, choice.finishReason]),
      [
        ['abce', 'stop'],
        ['x', undefined],
      ],
    );
  });
});

describe('errors inside a stream', () => {
  const say = chunk({ content: 'Hi' });
  const cases: readonly (readonly [what: string, text: string, status: number, message: RegExp])[] =
    [
      ['top level', toText(say, { error: { message: 'boom', code: 503 } }), 503, /^boom$/],
      ['as a string', toText(say, { error: 'boom' }), 502, /^boom$/],
      [
        'by its code',
        toText(say, { error: { message: 'x', code: 'rate_limit_exceeded' } }),
        429,
        /x/,
      ],
      ['by its type', toText(say, { error: { message: 'x', type: 'overloaded_error' } }), 529, /x/],
      ['beside choices', toText({ ...say, error: { message: 'boom', code: 400 } }), 400, /boom/],
      ['vLLM’s', toText(say, { object: 'error', message: 'boom', code: 400 }), 400, /boom/],
      ['FastAPI’s', toText({ detail: 'boom' }), 502, /boom/],
      ['event: error', `event: error\ndata: {"message":"boom","code":500}\n\n`, 500, /boom/],
      [
        'event: error, no JSON',
        `event: error\ndata: secret 10.0.0.7\n\n`,
        502,
        /ended its answer with an error/,
      ],
      [
        'the gateway’s key',
        toText({ error: { message: 'x', code: 401 } }),
        502,
        /the gateway's key/,
      ],
    ];
  for (const [what, text, status, message] of cases) {
    test(what, () => {
      const { error } = read(text);
      assert.equal(error?.code, 'upstream_rejected');
      assert.equal(error.status, status);
      assert.match(error.message, message);
    });
  }

  test('a null error, and one that the model writes about, are none', () => {
    const texts = [
      chunk({ content: 'x' }, null, { error: null }),
      chunk({ content: '"error":{"message":"x"}' }),
      chunk({ content: 'error' }),
      END,
    ];
    const { events, error } = read(toText(...texts));
    assert.equal(error, undefined);
    assert.deepEqual(
      events.map(({ data }) => data),
      texts.map((text) => JSON.stringify(text)),
    );
  });
});

describe('usage that is not the last word', () => {
  const usage = (completion: number): JsonObject => ({
    usage: { prompt_tokens: 9, completion_tokens: completion, total_tokens: 9 + completion },
  });
  const source = (...chunks: readonly JsonObject[]): string | undefined =>
    read(toText(...chunks, '[DONE]')).decoder.usage()?.source;

  test('what is said after it makes it partial, in chunks of any shape', () => {
    const early = chunk({ role: 'assistant', content: '' }, null, usage(0));
    assert.equal(source(early, chunk({ content: 'Hello.' }), END), 'partial');
    const many = Array.from({ length: 9 }, () => chunk({ content: 'word ' }));
    assert.equal(source(early, ...many, END), 'partial');
    assert.equal(source(early, chunk({ reasoning_content: 'Hm.' }), END), 'partial');
    assert.equal(source(early, chunk({ refusal: 'No.' }), END), 'partial');
    const call = { index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } };
    assert.equal(source(early, chunk({ tool_calls: [call] }), END), 'partial');
  });

  test('with the last text, with the finish reason, or after it, it is whole', () => {
    const text = chunk({ content: 'Hello.' });
    assert.equal(source(chunk({ content: 'Hello.' }, null, usage(2)), END), 'provider');
    assert.equal(source(text, chunk({}, 'stop', usage(2))), 'provider');
    assert.equal(source(text, END, { choices: [], ...usage(2) }), 'provider');
    assert.equal(source(text, END, { choices: [], ...usage(0) }), 'provider');
  });
});
