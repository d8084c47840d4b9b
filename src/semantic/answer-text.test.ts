import { test } from 'node:test';
import assert from 'node:assert/strict';
import { agreement } from './agreement.ts';
import { answerText } from './answer-text.ts';

const bodyOf = (message: object): string => JSON.stringify({ choices: [{ message }] });

const callOf = (id: string, args: string): object => ({
  content: null,
  tool_calls: [{ id, type: 'function', function: { name: 'turn', arguments: args } }],
});

test('an answer is its words, in parts or not', () => {
  assert.equal(answerText(bodyOf({ content: 'Yes.' })), 'Yes.');
  const parts = [
    { type: 'text', text: 'Yes' },
    { type: 'text', text: '.' },
  ];
  assert.equal(answerText(bodyOf({ content: parts })), 'Yes.');
});

test('tool calls are the same whatever their ids and the order of their arguments', () => {
  const one = answerText(bodyOf(callOf('a', '{"x":1,"y":2}')));
  assert.equal(agreement(one, answerText(bodyOf(callOf('b', '{"y":2, "x":1}')))), 'right');
  assert.equal(agreement(one, answerText(bodyOf(callOf('b', '{"y":2, "x":2}')))), 'wrong');
  assert.equal(agreement(answerText(bodyOf(callOf('a', 'no json'))), one), 'wrong');
});

test('what is no answer says nothing, and agrees with nothing', () => {
  for (const body of ['', '{}', 'null', '{"choices":[]}', bodyOf({ content: null })]) {
    assert.equal(answerText(body), '');
  }
  assert.equal(agreement('', ''), 'unknown');
});
