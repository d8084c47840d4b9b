import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { Choice } from '../../checks/check.ts';
import { Conversations } from './conversations.ts';

const choice = (text: string, toolCalls: Choice['toolCalls'] = []): Choice => ({
  index: 0,
  text,
  refusal: undefined,
  toolCalls,
  finishReason: 'stop',
});
const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });

test('a conversation is found again by its own history', () => {
  const memory = new Conversations();
  memory.answered({ messages: [user('hi')] }, 'a', { tier: 1, choice: choice('hello') });
  const next = { messages: [user('hi'), assistant('hello'), user('and now?')] };
  assert.equal(memory.tierOf(next, 'a'), 1);
  assert.equal(memory.tierOf({ messages: [user('hi')] }, 'a'), undefined);
  assert.equal(
    memory.tierOf({ ...next, messages: [user('ho'), ...next.messages.slice(1)] }, 'a'),
    undefined,
  );
});

test('scopes are apart', () => {
  const memory = new Conversations();
  memory.answered({ messages: [user('hi')] }, 'a', { tier: 1, choice: choice('hello') });
  assert.equal(memory.tierOf({ messages: [user('hi'), assistant('hello')] }, 'b'), undefined);
});

test('a tool loop is found by the ids of its calls', () => {
  const memory = new Conversations();
  const call = { id: 'call_1', name: 'search', arguments: '{}' };
  memory.answered({ messages: [user('find')] }, 'a', { tier: 2, choice: choice('', [call]) });
  const echoed = {
    role: 'assistant',
    content: null,
    tool_calls: [
      { id: 'call_1', type: 'function', function: { name: 'search', arguments: '{ }' } },
    ],
  };
  const result = { role: 'tool', tool_call_id: 'call_1', content: 'found' };
  assert.equal(memory.tierOf({ messages: [user('find'), echoed, result] }, 'a'), 2);
});

test('content as text or as parts is the same', () => {
  const memory = new Conversations();
  memory.answered({ messages: [user('hi')] }, 'a', { tier: 1, choice: choice('hello') });
  const parts = (role: string, text: string) => ({ role, content: [{ type: 'text', text }] });
  assert.equal(
    memory.tierOf({ messages: [parts('user', 'hi'), parts('assistant', 'hello')] }, 'a'),
    1,
  );
});

test('any shape of messages is survived', () => {
  const memory = new Conversations();
  for (const messages of [undefined, null, 'x', [null], [{ role: 'assistant' }], [[]]]) {
    assert.equal(memory.tierOf({ messages }, 'a'), undefined);
  }
});
