/** Every check, as the configuration names it. */
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { JsonObject } from '../json.ts';
import type { Choice } from './check.ts';
import { earlyFailure, judge } from './judge.ts';
import { type CheckSpec, createCheck } from './registry.ts';

const choice = (text: string, more: Partial<Choice> = {}): Choice => ({
  index: 0,
  text,
  refusal: undefined,
  toolCalls: [],
  finishReason: 'stop',
  ...more,
});
const asking = (content: string, more: JsonObject = {}): JsonObject => ({
  messages: [{ role: 'user', content }],
  ...more,
});
const check = async (spec: CheckSpec) => (await createCheck(spec, { directory: '.' })).check;

async function verdict(
  spec: CheckSpec,
  answer: Choice | string,
  request: JsonObject = asking('Hello'),
) {
  const given = typeof answer === 'string' ? choice(answer) : answer;
  return (await check(spec)).judge(given, { request });
}

interface Case {
  readonly spec: CheckSpec;
  readonly answer: Choice | string;
  readonly request?: JsonObject;
  readonly is: 'accept' | 'repair' | 'escalate';
}

const SCHEMA = {
  type: 'object',
  required: ['city'],
  properties: { city: { type: 'string' }, n: { type: 'integer' } },
};
const formatted = asking('Where?', {
  response_format: { type: 'json_schema', json_schema: { name: 'x', schema: SCHEMA } },
});
const client = asking('Draft a proposal.\nClient: Northwind Ltd.\nBudget: 4,000 dollars');

const CASES: readonly Case[] = [
  { spec: 'complete', answer: 'All done.', is: 'accept' },
  { spec: 'complete', answer: 'no full stop', is: 'accept' },
  { spec: 'complete', answer: choice('All do', { finishReason: 'length' }), is: 'escalate' },
  { spec: 'complete', answer: choice('', { finishReason: 'content_filter' }), is: 'escalate' },
  { spec: 'complete', answer: '```js\nlet a = {', is: 'escalate' },
  { spec: 'complete', answer: '{"a": [1, 2', is: 'escalate' },
  { spec: 'complete', answer: '{"a": "{"}', is: 'accept' },
  { spec: 'complete', answer: 'A smile :( and a bracket [ in prose', is: 'accept' },
  { spec: 'not-empty', answer: ' \n ', is: 'escalate' },
  { spec: 'not-empty', answer: 'x', is: 'accept' },
  {
    spec: 'not-empty',
    answer: choice('', { toolCalls: [{ id: '1', name: 'f', arguments: '{}' }] }),
    is: 'accept',
  },
  { spec: { 'min-length': 5 }, answer: '  abcd  ', is: 'escalate' },
  { spec: { 'min-length': 5 }, answer: '日本語日本', is: 'accept' },
  { spec: { 'max-length': 3 }, answer: 'abcd', is: 'escalate' },
  { spec: { 'max-length': 3 }, answer: ' 🎉🎉🎉 ', is: 'accept' },
  { spec: { matches: '^\\d+$' }, answer: '42', is: 'accept' },
  { spec: { matches: '^\\d+$' }, answer: 'about 42', is: 'escalate' },
  { spec: { matches: '/YES|NO/i' }, answer: 'yes!', is: 'accept' },
  { spec: 'json', answer: '{"a": 1}', is: 'accept' },
  { spec: 'json', answer: '```json\n{"a": 1}\n```', is: 'repair' },
  { spec: 'json', answer: 'four', is: 'escalate' },
  { spec: 'json-schema', answer: '{"city": "Oslo"}', request: formatted, is: 'accept' },
  { spec: 'json-schema', answer: '{"town": "Oslo"}', request: formatted, is: 'escalate' },
  { spec: 'json-schema', answer: 'Here: {"city": "Oslo",}', request: formatted, is: 'repair' },
  { spec: 'json-schema', answer: 'any text, as the call asks for no form', is: 'accept' },
  {
    spec: 'json-schema',
    answer: '[1]',
    request: asking('x', { response_format: { type: 'json_object' } }),
    is: 'escalate',
  },
  { spec: { 'json-schema': SCHEMA }, answer: '{"city": 5}', is: 'escalate' },
  {
    spec: { mentions: 'client' },
    answer: 'Dear Northwind, here is your logo.',
    request: client,
    is: 'accept',
  },
  {
    spec: { mentions: 'client' },
    answer: "NORTHWIND LTD's new logo",
    request: client,
    is: 'accept',
  },
  {
    spec: { mentions: 'client' },
    answer: 'Dear client, here is your logo.',
    request: client,
    is: 'escalate',
  },
  { spec: { mentions: 'client' }, answer: 'To our client: hello', is: 'accept' },
  { spec: { mentions: 'client' }, answer: 'Northwindy days', request: client, is: 'escalate' },
  { spec: { mentions: ['price', 'timeline'] }, answer: 'The price is set.', is: 'escalate' },
  {
    spec: { mentions: { words: ['price', 'timeline'], share: 0.5 } },
    answer: 'The price is set.',
    is: 'accept',
  },
  {
    spec: { mentions: 'input' },
    answer: 'Ada Lovelace pays 4000.',
    request: asking('Send the bill to Ada Lovelace, please: 4,000 in all.'),
    is: 'accept',
  },
  {
    spec: { mentions: 'input' },
    answer: 'It is sent.',
    request: asking('Send the bill to Ada Lovelace, please.'),
    is: 'escalate',
  },
  {
    spec: { language: 'de' },
    answer: 'Das ist eine ganz normale Antwort auf die Frage, die gestellt wurde.',
    is: 'accept',
  },
  {
    spec: { language: 'de' },
    answer: 'This is quite an ordinary answer to the question that was asked.',
    is: 'escalate',
  },
  {
    spec: { language: 'input' },
    answer: 'Voici la réponse à la question que vous avez posée ce matin.',
    request: asking('Quelle est la réponse à la question que je vous ai posée ce matin ?'),
    is: 'accept',
  },
  { spec: { language: 'en' }, answer: 'OK', is: 'accept' },
];

describe('checks', () => {
  for (const { spec, answer, request, is } of CASES) {
    const text = typeof answer === 'string' ? answer : `${answer.text} (${answer.finishReason})`;
    test(`${JSON.stringify(spec).slice(0, 60)}: ${is} ${JSON.stringify(text.slice(0, 60))}`, async () => {
      assert.equal((await verdict(spec, answer, request)).verdict, is);
    });
  }
});

describe('tool calls', () => {
  const parameters = {
    type: 'object',
    required: ['count'],
    properties: {
      count: { type: 'integer' },
      deep: { type: 'object', properties: { on: { type: 'boolean' } } },
      list: { type: 'array', items: { type: 'number' } },
    },
    additionalProperties: false,
  };
  const request = asking('Go', {
    tools: [
      { type: 'function', function: { name: 'go', parameters } },
      { type: 'function', function: { name: 'stop' } },
    ],
  });
  const calling = (name: string, text: string) =>
    choice('', { finishReason: 'tool_calls', toolCalls: [{ id: 'c', name, arguments: text }] });
  const cases: readonly (readonly [name: string, given: string, expected: string | undefined])[] = [
    ['go', '{"count": 5}', '{"count": 5}'],
    ['go', '{"count": "5"}', '{"count":5}'],
    [
      'go',
      '{"count": 5, "deep": "{\\"on\\": \\"TRUE\\"}", "list": "2"}',
      '{"count":5,"deep":{"on":true},"list":[2]}',
    ],
    ['stop', '', '{}'],
    ['go', '{"count": "five"}', undefined],
    ['go', '{"count": 5, "other": 1}', undefined],
    ['go', 'not json', undefined],
    ['fly', '{}', undefined],
  ];
  for (const [name, given, expected] of cases) {
    test(`${name}(${given})`, async () => {
      const said = await verdict('tool-calls', calling(name, given), request);
      if (expected === undefined) assert.equal(said.verdict, 'escalate');
      else if (expected === given) assert.equal(said.verdict, 'accept');
      else
        assert.equal(
          said.verdict === 'repair' ? said.choice.toolCalls[0]?.arguments : said.verdict,
          expected,
        );
    });
  }
  test('a call that demands a tool must get one', async () => {
    assert.equal(
      (await verdict('tool-calls', 'text', { ...request, tool_choice: 'required' })).verdict,
      'escalate',
    );
    assert.equal((await verdict('tool-calls', 'text', request)).verdict, 'accept');
  });
});

describe('a user’s own function', () => {
  test('may say yes or no, a score, or a verdict; what fails has not passed', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'farthing-check-'));
    writeFileSync(
      join(directory, 'mine.mjs'),
      `export default (choice) => choice.text === 'good';
       export const score = async () => 0.4;
       export const nonsense = () => 'maybe';
       export const broken = () => { throw new Error('oops'); };
       export const constant = 5;`,
    );
    const said = async (name: string, text: string) => {
      const { check: own } = await createCheck({ module: `./mine.mjs${name}` }, { directory });
      return judge({ accept: [{ check: own, weight: 1 }], threshold: undefined }, [choice(text)], {
        request: {},
      });
    };
    assert.equal((await said('', 'good')).outcome, 'accepted');
    assert.equal((await said('', 'bad')).outcome, 'rejected');
    assert.deepEqual(
      [(await said('#score', 'x')).outcome, (await said('#score', 'x')).score],
      ['rejected', 0.4],
    );
    assert.match(String((await said('#nonsense', 'x')).reasons), /neither a boolean/);
    assert.match(String((await said('#broken', 'x')).reasons), /failed: oops/);
    await assert.rejects(said('#constant', 'x'), /exports none as "constant"/);
    await assert.rejects(createCheck({ module: './none.mjs' }, { directory }), /does not/);
    rmSync(directory, { recursive: true });
  });
});

describe('the registry', () => {
  const wrong: readonly (readonly [CheckSpec, RegExp])[] = [
    ['complet', /did you mean "complete"/],
    [{ 'min-length': 'long' }, /min-length wants a number/],
    [{ complete: true, json: true }, /one name with its option/],
    [{ json: true, weight: -1 }, /weight of json/],
    [{ matches: '(' }, /regular expression/],
    [{ language: 'english' }, /ISO 639-1/],
    [{ mentions: [] }, /a list of words/],
    [{}, /a check is a name/],
  ];
  for (const [spec, says] of wrong) {
    test(`refuses ${JSON.stringify(spec)}`, async () => {
      await assert.rejects(
        check(spec),
        (error: unknown) => error instanceof Error && says.test(error.message),
      );
    });
  }
});

describe('judging', () => {
  const demand = async (threshold: number | undefined, ...specs: CheckSpec[]) => ({
    accept: await Promise.all(specs.map(async (spec) => createCheck(spec, { directory: '.' }))),
    threshold,
  });

  test('a weighted threshold', async () => {
    const specs: CheckSpec[] = [{ matches: 'a', weight: 3 }, { matches: 'b' }];
    const outcome = async (threshold: number | undefined, text: string) =>
      (await judge(await demand(threshold, ...specs), [choice(text)], { request: {} })).outcome;
    assert.equal(await outcome(0.7, 'a'), 'accepted');
    assert.equal(await outcome(0.8, 'a'), 'rejected');
    assert.equal(await outcome(undefined, 'a'), 'rejected');
    assert.equal(await outcome(0.25, 'b'), 'accepted');
  });

  test('every choice must pass; a repair is seen by later checks', async () => {
    const both = await demand(undefined, 'json', { 'max-length': 9 });
    const fenced = choice('```json\n{"a": 1}\n```');
    const judged = await judge(both, [fenced], { request: {} });
    assert.deepEqual([judged.outcome, judged.choices[0]?.text], ['repaired', '{"a": 1}']);
    assert.equal((await judge(both, [fenced, choice('no')], { request: {} })).outcome, 'rejected');
  });

  test('early failures end an answer that can no longer pass, and no other', async () => {
    const refusal = "I'm sorry, but I can't help with that request, as it is against my rules.";
    assert.match(
      earlyFailure(await demand(undefined, 'not-refusal'), refusal, { request: {} }) ?? '',
      /refusal/,
    );
    assert.equal(
      earlyFailure(await demand(undefined, 'not-refusal'), 'I', { request: {} }),
      undefined,
    );
    const lenient = await demand(0.5, 'not-refusal', { 'min-length': 3, weight: 2 });
    assert.equal(earlyFailure(lenient, refusal, { request: {} }), undefined);
    assert.equal(
      earlyFailure(await demand(undefined, { 'max-length': 10 }), 'x'.repeat(30), {
        request: {},
      }) !== undefined,
      true,
    );
  });

  test('any answer is judged without an error', async () => {
    const all = await demand(
      undefined,
      'complete',
      'not-refusal',
      'not-empty',
      'json',
      'tool-calls',
      { mentions: 'input' },
    );
    const record = fc.record({
      index: fc.nat(3),
      text: fc.string(),
      refusal: fc.option(fc.string(), { nil: undefined }),
      toolCalls: fc.array(
        fc.record({ id: fc.string(), name: fc.string(), arguments: fc.string() }),
        { maxLength: 2 },
      ),
      finishReason: fc.option(fc.string(), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { maxLength: 2 }),
        fc.object(),
        async (choices, request) => {
          const { outcome } = await judge(all, choices, { request: request as JsonObject });
          assert.ok(['accepted', 'repaired', 'rejected'].includes(outcome));
        },
      ),
    );
  });
});
