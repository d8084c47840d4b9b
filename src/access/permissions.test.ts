import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { KeyRecord } from '../stores/key-store.ts';
import { mayDo, mayUse } from './permissions.ts';
import { modelNotAllowed, taskNotAllowed } from './refusals.ts';

const key = (more: Partial<KeyRecord>): KeyRecord => ({
  id: '01',
  name: 'team-a',
  prefix: 'fk-abcd',
  models: undefined,
  tasks: undefined,
  tags: {},
  createdAt: 0,
  ...more,
});

test('a key without limits may do everything', () => {
  assert.ok(mayUse(key({}), 'any') && mayDo(key({}), 'any'));
});

test('any of the globs is enough, and the two lists do not mix', () => {
  const limited = key({ models: ['gpt-*', 'qwen3-8?'], tasks: ['draft'] });
  for (const model of ['gpt-4o', 'qwen3-8b', 'gpt-4.1']) assert.ok(mayUse(limited, model));
  for (const model of ['draft', 'my-gpt-4o', 'qwen3-8', '', 'GPT-4o'])
    assert.ok(!mayUse(limited, model));
  assert.ok(mayDo(limited, 'draft'));
  for (const task of ['drafts', 'gpt-4o', '']) assert.ok(!mayDo(limited, task));
});

test('keys with other limits are told apart', () => {
  const first = key({ models: ['a'] });
  const second = key({ models: ['b'] });
  assert.deepEqual(
    [first, second, first, second].map((one) => mayUse(one, 'a')),
    [true, false, true, false],
  );
});

test('a refusal names what was asked and what would be right', () => {
  const limited = key({ models: ['gpt-*', 'o3'], tasks: ['draft'] });
  const model = modelNotAllowed(limited, 'claude');
  assert.equal(model.status, 403);
  assert.equal(model.code, 'model_not_allowed');
  assert.match(model.message, /"team-a" may not use the model "claude"; it may use gpt-\*, o3\./);
  const task = taskNotAllowed(limited, 'chat');
  assert.equal(task.status, 403);
  assert.equal(task.code, 'task_not_allowed');
  assert.match(task.message, /the task "chat"; it may ask for draft\./);
});
