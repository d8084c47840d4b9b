import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Ask } from '../call.ts';
import { isFarthingError } from '../errors.ts';
import { asArray, asObject, type Json, type JsonObject } from '../json.ts';
import { modelAt } from '../testing/stage-fixtures.ts';
import { convertRequest } from './anthropic-request.ts';
import { generationOf } from './anthropic-thinking.ts';

const USER = { role: 'user', content: 'Hi' };
const OLD = '2023-06-01';
const NEW = '2026-10-21';

interface Options {
  readonly model?: string;
  readonly version?: string;
  readonly most?: number;
  readonly limit?: number;
}

function convert(request: JsonObject, options: Options = {}): JsonObject {
  const { model = 'claude-haiku-4-5', version = OLD, most, limit } = options;
  const ask: Ask = {
    model: { ...modelAt('m'), id: model, maxOutputTokens: most },
    tier: 0,
    maxOutputTokens: limit,
  };
  const converted = convertRequest({ model: 'm', messages: [USER], ...request }, ask, version);
  // Fields that are undefined are not sent.
  return JSON.parse(JSON.stringify(converted)) as JsonObject;
}

/** What a request becomes beside model, limit and messages. */
function fields(request: JsonObject, options?: Options): JsonObject {
  const {
    model: _model,
    max_tokens: _limit,
    messages: _messages,
    ...rest
  } = convert(request, options);
  return rest;
}

const messagesOf = (...messages: JsonObject[]): Json | undefined =>
  convert({ messages })['messages'];

function refused(request: JsonObject): string | undefined {
  try {
    convert(request);
  } catch (thrown) {
    assert.ok(isFarthingError(thrown), String(thrown));
    assert.equal(thrown.code, 'unsupported_parameter');
    return thrown.param;
  }
  return assert.fail('an error was expected');
}

describe('messages', () => {
  test('a lone text stays a string', () => {
    assert.deepEqual(messagesOf(USER), [USER]);
    assert.deepEqual(messagesOf({ role: 'user', content: [{ type: 'text', text: 'Hi' }] }), [USER]);
  });

  test('system and developer messages go to the front, wherever they stood', () => {
    const body = convert({
      messages: [
        { role: 'system', content: 'A' },
        USER,
        {
          role: 'developer',
          content: [
            { type: 'text', text: 'B' },
            { type: 'text', text: '' },
          ],
        },
      ],
    });
    assert.equal(body['system'], 'A\nB');
    assert.deepEqual(body['messages'], [USER]);
  });

  test('a cache mark keeps the system prompt in blocks, none of which is lost', () => {
    const mark = { type: 'ephemeral', ttl: '1h' };
    const body = convert({
      messages: [
        { role: 'system', content: 'A' },
        { role: 'system', content: [{ type: 'text', text: 'B', cache_control: mark }] },
        { role: 'system', content: 'C', cache_control: mark },
        USER,
      ],
    });
    assert.deepEqual(body['system'], [
      { type: 'text', text: 'A' },
      { type: 'text', text: 'B', cache_control: mark },
      { type: 'text', text: 'C', cache_control: mark },
    ]);
  });

  test('nothing but a system prompt becomes the user’s turn', () => {
    const body = convert({ messages: [{ role: 'system', content: 'Sing.' }] });
    assert.equal(body['system'], undefined);
    assert.deepEqual(body['messages'], [{ role: 'user', content: 'Sing.' }]);
  });

  test('neighbours of one side are one turn', () => {
    assert.deepEqual(
      messagesOf(USER, { role: 'user', content: 'there' }, { role: 'assistant', content: 'Yes' }),
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Hi' },
            { type: 'text', text: 'there' },
          ],
        },
        { role: 'assistant', content: 'Yes' },
      ],
    );
  });

  test('a tool loop: results stand together, before what the user adds', () => {
    const call = (id: string, text: string): JsonObject => ({
      id,
      type: 'function',
      function: { name: 'f', arguments: text },
    });
    const [, assistant, user] = asArray(
      messagesOf(
        USER,
        { role: 'assistant', content: 'Wait.', tool_calls: [call('a', '{"x":1}'), call('b', '')] },
        { role: 'tool', tool_call_id: 'a', content: 'one' },
        { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: 'two' }] },
        { role: 'user', content: 'And?' },
      ),
    );
    assert.deepEqual(asObject(assistant)?.['content'], [
      { type: 'text', text: 'Wait.' },
      { type: 'tool_use', id: 'a', name: 'f', input: { x: 1 } },
      { type: 'tool_use', id: 'b', name: 'f', input: {} },
    ]);
    assert.deepEqual(asObject(user)?.['content'], [
      { type: 'tool_result', tool_use_id: 'a', content: 'one' },
      { type: 'tool_result', tool_use_id: 'b', content: 'two' },
      { type: 'text', text: 'And?' },
    ]);
  });

  test('ids of other hosts become ones that are accepted, on both sides alike', () => {
    const [use, result] = asArray(
      messagesOf(
        { role: 'assistant', tool_calls: [{ id: 'functions.f:0', function: { name: 'f' } }] },
        { role: 'tool', tool_call_id: 'functions.f:0', content: 'x' },
      ),
    ).map((turn) => asObject(asArray(asObject(turn)?.['content'])[0]));
    assert.equal(use?.['id'], 'functions_f_0');
    assert.equal(result?.['tool_use_id'], 'functions_f_0');
  });

  test('arguments that are no object are shown as they were', () => {
    const [turn] = asArray(
      messagesOf({
        role: 'assistant',
        tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{"x":' } }],
      }),
    );
    const [use] = asArray(asObject(turn)?.['content']);
    assert.deepEqual(asObject(use)?.['input'], { arguments: '{"x":' });
  });

  test('images as data and by address, with their cache marks', () => {
    const mark = { type: 'ephemeral' };
    const [turn] = asArray(
      messagesOf({
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBO', detail: 'high' } },
          { type: 'image_url', image_url: 'https://example.com/a.jpg', cache_control: mark },
        ],
      }),
    );
    assert.deepEqual(asObject(turn)?.['content'], [
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBO' } },
      {
        type: 'image',
        source: { type: 'url', url: 'https://example.com/a.jpg' },
        cache_control: mark,
      },
    ]);
  });

  test('files: PDFs as data, texts as text', () => {
    const text = Buffer.from('Grüße').toString('base64');
    const [turn] = asArray(
      messagesOf({
        role: 'user',
        content: [
          {
            type: 'file',
            file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' },
          },
          { type: 'file', file: { file_data: `data:text/csv;charset=utf-8;base64,${text}` } },
        ],
      }),
    );
    assert.deepEqual(asObject(turn)?.['content'], [
      {
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' },
        title: 'a.pdf',
      },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Grüße' } },
    ]);
  });

  test('thinking goes back in front, signed; what is not signed stays out', () => {
    const [turn] = asArray(
      messagesOf({
        role: 'assistant',
        content: 'x',
        reasoning_content: 'hm',
        thinking_blocks: [
          { index: 0, type: 'thinking', thinking: 'hm', signature: 's' },
          { index: 1, type: 'redacted_thinking', data: 'd' },
          { type: 'thinking', thinking: 'unsigned' },
          7,
        ],
      }),
    );
    assert.deepEqual(asObject(turn)?.['content'], [
      { type: 'thinking', thinking: 'hm', signature: 's' },
      { type: 'redacted_thinking', data: 'd' },
      { type: 'text', text: 'x' },
    ]);
  });

  test('a refusal is what the assistant said', () => {
    assert.deepEqual(messagesOf({ role: 'assistant', content: null, refusal: 'No.' }), [
      { role: 'assistant', content: 'No.' },
    ]);
  });

  test('empty texts are left out, and so are turns of nothing', () => {
    assert.deepEqual(
      messagesOf(USER, { role: 'assistant', content: '' }, { role: 'user', content: '' }),
      [USER],
    );
  });

  const parts: readonly (readonly [part: JsonObject, param: string])[] = [
    [{ type: 'input_audio', input_audio: {} }, 'messages[0].content[1]'],
    [
      { type: 'image_url', image_url: { url: 'file:///etc/passwd' } },
      'messages[0].content[1].image_url',
    ],
    [{ type: 'image_url' }, 'messages[0].content[1].image_url'],
    [{ type: 'file', file: { file_id: 'file-1' } }, 'messages[0].content[1].file'],
    [
      { type: 'file', file: { file_data: 'data:application/zip;base64,UEsD' } },
      'messages[0].content[1].file',
    ],
    [{ text: 'no type' }, 'messages[0].content[1]'],
  ];
  for (const [part, param] of parts) {
    test(`cannot be sent: ${JSON.stringify(part)}`, () => {
      const content = [{ type: 'text', text: 'a' }, part];
      assert.equal(refused({ messages: [{ role: 'user', content }] }), param);
    });
  }

  test('property: turns alternate, none is empty, and no text is lost', () => {
    const text = fc.constantFrom('', 'a', 'b', 'c');
    const message = fc.record({
      role: fc.constantFrom(
        'user',
        'assistant',
        'tool',
        'system',
        'developer',
        'function',
        'elder',
      ),
      content: fc.oneof(
        text,
        fc.array(
          text.map((inner) => ({ type: 'text', text: inner })),
          { maxLength: 3 },
        ),
        fc.constant(null),
      ),
    });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), (messages) => {
        const body = convert({ messages });
        const turns = asArray(body['messages']).map((turn) => asObject(turn) ?? {});
        for (const [index, turn] of turns.entries()) {
          assert.notEqual(turn['role'], turns[index - 1]?.['role']);
          assert.doesNotMatch(JSON.stringify(turn['content']), /^(?:""|\[\]|null)$/);
        }
        const letters = (value: unknown): string =>
          [...JSON.stringify(value).matchAll(/"(?:text|content|system)":"([abc\\n]*)"/g)]
            .map(([, found = '']) => found.replaceAll('\\n', ''))
            .join('');
        const sorted = (value: unknown): string => letters(value).split('').toSorted().join('');
        assert.equal(sorted(body), sorted(messages));
      }),
    );
  });
});

describe('limits', () => {
  test('the ask’s, else the client’s, else the model’s within reason', () => {
    assert.equal(convert({ max_tokens: 10 }, { limit: 5 })['max_tokens'], 5);
    assert.equal(convert({ max_completion_tokens: 10 })['max_tokens'], 10);
    assert.equal(convert({}, { most: 8192 })['max_tokens'], 8192);
    assert.equal(convert({}, { most: 200_000 })['max_tokens'], 16_384);
    assert.equal(convert({ stream: true }, { most: 200_000 })['max_tokens'], 64_000);
    assert.equal(convert({})['max_tokens'], 4096);
  });

  test('a thinking budget leaves room for an answer', () => {
    const thinking = { type: 'enabled', budget_tokens: 10_000 };
    assert.equal(convert({ thinking })['max_tokens'], 14_096);
    assert.deepEqual(convert({ thinking, max_tokens: 8000 })['thinking'], {
      type: 'enabled',
      budget_tokens: 4000,
    });
    assert.deepEqual(convert({ thinking }, { limit: 500 })['thinking'], { type: 'disabled' });
  });
});

describe('thinking and effort', () => {
  test('generations', () => {
    const table: readonly (readonly [string, number | undefined])[] = [
      ['claude-3-5-haiku-20241022', 305],
      ['claude-3-7-sonnet-latest', 307],
      ['claude-opus-4-20250514', 400],
      ['claude-haiku-4-5-20251001', 405],
      ['anthropic/claude-sonnet-4.6', 406],
      ['anthropic.claude-opus-4-6-v1', 406],
      ['claude-sonnet-5', 500],
      ['claude-haiku-5-5-20261001', 505],
      ['claude-mythos-preview', Number.POSITIVE_INFINITY],
      ['glm-5', undefined],
    ];
    for (const [model, generation] of table) assert.equal(generationOf(model), generation, model);
  });

  test('newer models decide for themselves', () => {
    assert.deepEqual(fields({ reasoning_effort: 'high' }, { model: 'claude-opus-4-8' }), {
      thinking: { type: 'adaptive' },
      output_config: { effort: 'high' },
    });
    const effort = (level: string, model: string): Json | undefined =>
      asObject(fields({ reasoning_effort: level }, { model })['output_config'])?.['effort'];
    assert.equal(effort('minimal', 'claude-opus-4-8'), 'low');
    assert.equal(effort('xhigh', 'claude-opus-4-6'), 'high');
    assert.equal(effort('xhigh', 'claude-opus-4-7'), 'xhigh');
    assert.deepEqual(fields({ reasoning_effort: 'none' }, { model: 'claude-opus-4-8' }), {
      thinking: { type: 'disabled' },
    });
  });

  test('older models get a budget of at most half the limit', () => {
    const budget = (level: string, max: number): Json | undefined =>
      fields({ reasoning_effort: level, max_tokens: max })['thinking'];
    assert.deepEqual(budget('low', 9000), { type: 'enabled', budget_tokens: 2048 });
    assert.deepEqual(budget('high', 9000), { type: 'enabled', budget_tokens: 4500 });
    assert.equal(budget('high', 2000), undefined);
    assert.deepEqual(fields({ reasoning_effort: 'none' }), {});
  });

  test('models that cannot think are not asked to', () => {
    assert.deepEqual(fields({ reasoning_effort: 'high' }, { model: 'claude-3-5-haiku' }), {});
  });

  test('a wish gives way to a forced tool and to a loop that began without thinking', () => {
    const model = 'claude-opus-4-8';
    const forced = fields({ reasoning_effort: 'low', tool_choice: 'required' }, { model });
    assert.equal(forced['thinking'], undefined);
    assert.deepEqual(forced['output_config'], { effort: 'low' });
    const use = { role: 'assistant', tool_calls: [{ id: 'a', function: { name: 'f' } }] };
    const result = { role: 'tool', tool_call_id: 'a', content: 'x' };
    const loop = { reasoning_effort: 'low', messages: [USER, use, result] };
    assert.equal(fields(loop, { model })['thinking'], undefined);
    const thinking_blocks = [{ type: 'thinking', thinking: 'h', signature: 's' }];
    const signed = { ...loop, messages: [USER, { ...use, thinking_blocks }, result] };
    assert.deepEqual(fields(signed, { model })['thinking'], { type: 'adaptive' });
  });

  test('the client’s own thinking goes on as it is', () => {
    const thinking = { type: 'between_tools' };
    assert.deepEqual(fields({ thinking, reasoning_effort: 'low' })['thinking'], thinking);
  });
});

describe('sampling', () => {
  test('temperature rather than top_p, within Anthropic’s range; top_k beside it', () => {
    assert.deepEqual(fields({ temperature: 0.2, top_p: 1 }), { temperature: 0.2 });
    assert.deepEqual(fields({ temperature: 1.7 }), { temperature: 1 });
    assert.deepEqual(fields({ top_p: 0.9, top_k: 40 }), { top_p: 0.9, top_k: 40 });
    assert.deepEqual(fields({ temperature: null }), {});
  });

  test('none under the newer version, to newer models, or beside thinking', () => {
    const sampling = { temperature: 1, top_p: 1, top_k: 5 };
    assert.deepEqual(fields(sampling, { version: NEW }), {});
    assert.deepEqual(fields(sampling, { model: 'claude-opus-4-7' }), {});
    assert.deepEqual(fields(sampling, { model: 'claude-mythos-preview' }), {});
    const thinking = { type: 'enabled', budget_tokens: 1024 };
    assert.deepEqual(fields({ ...sampling, thinking }), { thinking });
    assert.deepEqual(fields({ ...sampling, thinking: { type: 'disabled' } }), {
      temperature: 1,
      top_k: 5,
      thinking: { type: 'disabled' },
    });
  });

  test('other makers’ models keep theirs', () => {
    assert.deepEqual(fields({ temperature: 0.5 }, { model: 'glm-5' }), { temperature: 0.5 });
  });
});

describe('tools', () => {
  const tools = [
    {
      type: 'function',
      function: { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true },
      cache_control: { type: 'ephemeral' },
    },
    { type: 'function', function: { name: 'g' } },
    { type: 'function', function: { name: 'h', parameters: {} } },
    { type: 'web_search_20250305', name: 'web_search', max_uses: 2 },
  ];

  test('functions, and Anthropic’s own tools as they are', () => {
    assert.deepEqual(fields({ tools }), {
      tools: [
        {
          name: 'f',
          description: 'd',
          input_schema: { type: 'object' },
          cache_control: { type: 'ephemeral' },
        },
        { name: 'g', input_schema: { type: 'object', properties: {} } },
        { name: 'h', input_schema: { type: 'object' } },
        tools[3],
      ],
    });
  });

  const choices: readonly (readonly [request: JsonObject, choice: JsonObject | undefined])[] = [
    [{}, undefined],
    [{ tool_choice: 'auto' }, undefined],
    [{ tool_choice: 'none' }, { type: 'none' }],
    [{ tool_choice: 'required' }, { type: 'any' }],
    [{ tool_choice: { type: 'function', function: { name: 'f' } } }, { type: 'tool', name: 'f' }],
    [{ parallel_tool_calls: false }, { type: 'auto', disable_parallel_tool_use: true }],
    [
      { tool_choice: 'required', parallel_tool_calls: false },
      { type: 'any', disable_parallel_tool_use: true },
    ],
    [{ parallel_tool_calls: true }, undefined],
  ];
  for (const [request, choice] of choices) {
    test(`choice: ${JSON.stringify(request)}`, () => {
      assert.deepEqual(fields({ tools, ...request })['tool_choice'], choice);
    });
  }

  test('without tools there is no choice', () => {
    assert.deepEqual(fields({ tools: [], tool_choice: 'none', parallel_tool_calls: false }), {});
  });

  test('custom tools cannot be sent', () => {
    const custom = { type: 'custom', custom: { name: 'grep' } };
    assert.equal(refused({ tools: [tools[0] ?? {}, custom] }), 'tools[1]');
  });
});

describe('structured output', () => {
  const format = (schema: JsonObject): Json | undefined =>
    asObject(
      asObject(
        fields({ response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } })[
          'output_config'
        ],
      )?.['format'],
    )?.['schema'];

  test('a schema goes along, its objects closed', () => {
    const leaf = { type: 'object', properties: { a: { type: 'string' } } };
    const closed = { ...leaf, additionalProperties: false };
    assert.deepEqual(
      format({
        type: 'object',
        properties: { l: { type: 'array', items: leaf }, u: { anyOf: [leaf, { type: 'null' }] } },
        $defs: { leaf },
        additionalProperties: false,
      }),
      {
        type: 'object',
        properties: {
          l: { type: 'array', items: closed },
          u: { anyOf: [closed, { type: 'null' }] },
        },
        $defs: { leaf: closed },
        additionalProperties: false,
      },
    );
    assert.deepEqual(format({ type: 'object', additionalProperties: true }), {
      type: 'object',
      additionalProperties: true,
    });
  });

  test('a schema of any depth is survived', () => {
    let schema: JsonObject = { type: 'string' };
    for (let depth = 0; depth < 3000; depth++) schema = { type: 'array', items: schema };
    assert.notEqual(format(schema), undefined);
  });

  test('effort and format stand together, and with the client’s own configuration', () => {
    const body = fields(
      {
        reasoning_effort: 'low',
        output_config: { task_budget: 1 },
        response_format: { type: 'json_schema', json_schema: { schema: { type: 'string' } } },
      },
      { model: 'claude-opus-4-8' },
    );
    assert.deepEqual(body['output_config'], {
      task_budget: 1,
      format: { type: 'json_schema', schema: { type: 'string' } },
      effort: 'low',
    });
  });

  test('json_object and text add nothing', () => {
    assert.deepEqual(fields({ response_format: { type: 'json_object' } }), {});
    assert.deepEqual(fields({ response_format: { type: 'text' } }), {});
  });
});

describe('other fields', () => {
  test('stop sequences', () => {
    assert.deepEqual(fields({ stop: 'END' }), { stop_sequences: ['END'] });
    assert.deepEqual(fields({ stop: ['a', ' ', '', 'b'] }), { stop_sequences: ['a', 'b'] });
    assert.deepEqual(fields({ stop: null }), {});
    assert.deepEqual(fields({ stop: '\n' }), {});
  });

  test('who asks', () => {
    assert.deepEqual(fields({ user: 'u' }), { metadata: { user_id: 'u' } });
    assert.deepEqual(fields({ safety_identifier: 's' }), { metadata: { user_id: 's' } });
    assert.deepEqual(fields({ metadata: { user_id: 'm', x: 'y' }, user: 'u' }), {
      metadata: { user_id: 'm' },
    });
  });

  test('service tiers that have a counterpart', () => {
    assert.deepEqual(fields({ service_tier: 'auto' }), { service_tier: 'auto' });
    assert.deepEqual(fields({ service_tier: 'default' }), { service_tier: 'standard_only' });
    assert.deepEqual(fields({ service_tier: 'flex' }), {});
  });

  test('Anthropic’s own pass, OpenAI’s hints do not', () => {
    assert.deepEqual(
      fields({
        cache_control: { type: 'ephemeral' },
        speed: 'fast',
        inference_geo: 'eu',
        seed: 1,
        logit_bias: {},
        presence_penalty: 1,
        prediction: { type: 'content', content: 'x' },
        stream: true,
        stream_options: { include_usage: true },
      }),
      { stream: true, cache_control: { type: 'ephemeral' }, speed: 'fast', inference_geo: 'eu' },
    );
  });

  const unsupported: readonly JsonObject[] = [
    { n: 2 },
    { logprobs: true },
    { top_logprobs: 3 },
    { audio: { voice: 'x' } },
    { modalities: ['text', 'audio'] },
    { web_search_options: {} },
    { functions: [{ name: 'f' }] },
  ];
  for (const request of unsupported) {
    test(`cannot be asked: ${JSON.stringify(request)}`, () => {
      assert.equal(refused(request), Object.keys(request)[0]);
    });
  }

  test('harmless values of the same fields', () => {
    const request = {
      n: 1,
      logprobs: false,
      top_logprobs: 0,
      audio: null,
      modalities: ['text'],
      functions: [],
    };
    assert.deepEqual(fields(request), {});
  });
});
