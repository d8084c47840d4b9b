import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { nearest } from './nearest.ts';

const models = [
  'gpt-4o',
  'gpt-4o-mini',
  'gpt-4.1',
  'claude-haiku-4-5',
  'claude-sonnet-4-5',
  'o1',
  'o3-mini',
];

describe('nearest', () => {
  test('typing errors', () => {
    assert.equal(nearest('gpt-4o-mni', models), 'gpt-4o-mini');
    assert.equal(nearest('gtp-4o', models), 'gpt-4o');
    assert.equal(nearest('cluade-haiku-4-5', models), 'claude-haiku-4-5');
    assert.equal(nearest('claude-sonet-4-5', models), 'claude-sonnet-4-5');
  });

  test('letter case and the characters between words count little', () => {
    assert.equal(nearest('GPT4o', models), 'gpt-4o');
    assert.equal(nearest('gpt_4o_mini', models), 'gpt-4o-mini');
    assert.equal(nearest('claude haiku 4.5', models), 'claude-haiku-4-5');
    assert.equal(nearest('gpt-41', models), 'gpt-4.1');
  });

  test('the name itself', () => {
    assert.equal(nearest('gpt-4o', ['GPT-4o', 'gpt4o', 'gpt-4o']), 'gpt-4o');
  });

  test('nothing that is not close', () => {
    assert.equal(nearest('llama-3.1-8b', models), undefined);
    assert.equal(nearest('gemini', models), undefined);
    assert.equal(nearest('x', models), undefined);
    assert.equal(nearest('a', ['b']), undefined);
    assert.equal(nearest('', models), undefined);
    assert.equal(nearest('gpt-4o', []), undefined);
  });

  test('the first of equally close ones', () => {
    assert.equal(nearest('budgte', ['budgets', 'budget']), 'budget');
    assert.equal(nearest('tear', ['team', 'tears']), 'team');
  });

  test('config keys', () => {
    const keys = ['accept', 'model', 'threshold', 'max-cost', 'match'];
    assert.equal(nearest('maxcost', keys), 'max-cost');
    assert.equal(nearest('max_cost', keys), 'max-cost');
    assert.equal(nearest('treshold', keys), 'threshold');
    assert.equal(nearest('accpet', keys), 'accept');
    assert.equal(nearest('temperature', keys), undefined);
  });
});
