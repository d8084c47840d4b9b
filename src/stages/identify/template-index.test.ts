import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { JsonObject } from '../../json.ts';
import { TemplateIndex } from './template-index.ts';

const system = (content: unknown, more: JsonObject = {}) =>
  ({
    messages: [
      { role: 'system', content },
      { role: 'user', content: 'Hello' },
    ],
    ...more,
  }) as JsonObject;
const user = (content: string): JsonObject => ({ messages: [{ role: 'user', content }] });

const PROMPT = 'You are a support agent of Acme. Today is 2026-01-02. Answer in two sentences.';

test('a prompt has the same template each time, in any process', () => {
  const { id } = new TemplateIndex().identify(system(PROMPT), '');
  assert.match(id, /^t-[0-9a-f]{10}$/);
  assert.equal(new TemplateIndex().identify(system(PROMPT), '').id, id);
});

test('numbers, dates and ids never make another template', () => {
  const text = (value: string) =>
    `Classify the ticket ${value} by urgency and reply with one word.`;
  fc.assert(
    fc.property(
      fc.oneof(
        fc.nat().map(String),
        fc.uuid(),
        fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      ),
      (value) => {
        const index = new TemplateIndex();
        const first = index.identify(system(text('17')), '').id;
        assert.equal(index.identify(system(text(value)), '').id, first);
      },
    ),
  );
});

test('other tools or another form of answer make another template', () => {
  const index = new TemplateIndex();
  const tool = (name: string) => [{ type: 'function', function: { name } }];
  const ids = [
    index.identify(system(PROMPT), ''),
    index.identify(system(PROMPT, { tools: tool('search') }), ''),
    index.identify(system(PROMPT, { tools: tool('book') }), ''),
    index.identify(system(PROMPT, { response_format: { type: 'json_object' } }), ''),
  ].map(({ id }) => id);
  assert.equal(new Set(ids).size, 4);
});

test('text in parts is the same text', () => {
  const index = new TemplateIndex();
  const parts = [{ type: 'text', text: PROMPT }];
  assert.equal(index.identify(system(parts), '').id, index.identify(system(PROMPT), '').id);
});

describe('calls without a system prompt', () => {
  const instruct = (question: string) =>
    `## Question\n\n${question}\n\n## Instruction\n\nPlease answer this question by first reasoning and then providing your answer. Present both in the following JSON format, with the final answer in the field answer.`;

  test('free chat makes no templates', () => {
    const index = new TemplateIndex();
    const ids = ['What is the capital of France?', 'hi', 'Tell me a joke about cats, please'].map(
      (text) => index.identify(user(text), '').id,
    );
    assert.deepEqual(new Set(ids), new Set(['t-chat']));
  });

  test('an instruction that comes again is a template', () => {
    const index = new TemplateIndex();
    assert.equal(index.identify(user(instruct('How many apples has Tom?')), '').id, 't-chat');
    const { id } = index.identify(user(instruct('What does the robe cost in all?')), '');
    assert.match(id, /^t-[0-9a-f]{10}$/);
    assert.equal(index.identify(user(instruct('Who runs faster, Ann or Bob?')), '').id, id);
  });
});

test('tenants share nothing but the names of equal templates', () => {
  const index = new TemplateIndex();
  const varied = PROMPT.replace('Acme', 'Borealis Trading');
  const first = index.identify(system(PROMPT), 'a').id;
  assert.equal(index.identify(system(PROMPT), 'b').id, first);
  const own = new TemplateIndex().identify(system(varied), 'c').id;
  assert.equal(index.identify(system(varied), 'a').id, first);
  assert.equal(index.identify(system(varied), 'c').id, own);
});

describe('saved and restored', () => {
  test('templates keep their names, whatever comes first after a restart', () => {
    const index = new TemplateIndex();
    const { id } = index.identify(system(PROMPT), 'a');
    const restored = TemplateIndex.from(index.serialize());
    assert.equal(restored.identify(system(PROMPT.replace('Acme', 'Zeta Homes')), 'a').id, id);
  });

  test('no word of a prompt is in it', () => {
    const index = new TemplateIndex();
    index.identify(system('You are a secretkeeper. Answer about xylophones only.'), '');
    assert.doesNotMatch(index.serialize(), /secretkeeper|xylophone/i);
  });

  test('what is no index gives an empty one', () => {
    const texts = [
      undefined,
      '',
      '{',
      '[]',
      '{"format":99}',
      '{"format":1,"templates":[[1,2],["a"],null]}',
    ];
    for (const text of texts) {
      assert.match(TemplateIndex.from(text).identify(system(PROMPT), '').id, /^t-/);
    }
  });
});

test('any JSON has a template', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (messages, tools) => {
      assert.match(new TemplateIndex().identify({ messages, tools }, '').id, /^t-/);
    }),
  );
});

test('memory is bounded: a tenant has at most a thousand templates', () => {
  const index = new TemplateIndex();
  const letters = (n: number): string =>
    (n < 26 ? '' : letters(Math.floor(n / 26))) + String.fromCodePoint(97 + (n % 26));
  const words = Array.from({ length: 1100 }, (_, n) => letters(n + 1000));
  const ids = words.map(
    (word) => index.identify(system(`${word} is ${word} unlike ${word}x or ${word}y today`), '').id,
  );
  assert.ok(new Set(ids).size <= 1001);
  assert.equal(ids.at(-1), 't-other');
});
