import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Budget, RateLimit } from '../config/spending.ts';
import { AccountBook } from './account-book.ts';
import type { Spender } from './whose.ts';

const budgetOf = (more: Partial<Budget> = {}): Budget => ({
  id: 'all/day',
  whose: {},
  limitNano: 1000,
  period: { kind: 'calendar', unit: 'day' },
  hard: true,
  warnAt: [1],
  webhook: undefined,
  unpriced: 'refuse',
  ...more,
});

const limitOf = (more: Partial<RateLimit> = {}): RateLimit => ({
  id: 'all/minute',
  whose: {},
  requestsPerMinute: 5,
  tokensPerMinute: undefined,
  ...more,
});

const bookOf = (budgets: readonly Budget[], limits: readonly RateLimit[] = [], since = {}) =>
  new AccountBook({ budgets, limits }, since);

const ann: Spender = { key: 'team-a', task: 'draft', tags: { user: 'ann', feature: 'x' } };
const noon = Date.parse('2026-11-25T12:00:00Z');
const DAY = 86_400_000;

const onlyId = (book: AccountBook, spender: Spender, at = noon): string => {
  const [found, ...others] = book.budgetsOf(spender, at);
  assert.ok(found !== undefined && others.length === 0);
  return found.account.id;
};

describe('the accounts of a call', () => {
  test('are those of all rules of which every part holds', () => {
    const fitting = [
      {},
      { key: 'team-a' },
      { key: '*', task: 'draft' },
      { user: 'ann', tag: { feature: '*' } },
    ];
    const others = [{ key: 'team-b' }, { task: 'x' }, { user: 'ann', tag: { team: '*' } }];
    const book = bookOf(
      [...fitting, ...others].map((whose, n) => budgetOf({ id: `b${n}`, whose })),
    );
    assert.deepEqual(
      book.budgetsOf(ann, noon).map(({ budget }) => budget.id),
      ['b0', 'b1', 'b2', 'b3'],
    );
    assert.deepEqual(
      book.shared(noon).map(({ account }) => account.id.split('/')[0]),
      ['b0', 'b1', 'b4', 'b5'],
    );
  });

  test('a call that lacks a value, or has an empty one, is nobody’s', () => {
    const book = bookOf([budgetOf({ whose: { user: '*' } }), budgetOf({ whose: { key: '*' } })]);
    assert.deepEqual(book.budgetsOf({ key: '', task: '', tags: {} }, noon), []);
    assert.deepEqual(book.budgetsOf({ key: '', task: '', tags: { user: '' } }, noon), []);
  });

  test('the same account is the same object, and knows its budget', () => {
    const book = bookOf([budgetOf()], [limitOf()]);
    const [one] = book.budgetsOf(ann, noon);
    assert.equal(book.budgetsOf({ ...ann, key: 'other' }, noon + 1)[0], one);
    assert.equal(book.budgetOf(one!.account), one);
    const [limit] = book.limitsOf(ann);
    assert.equal(book.limitsOf(ann)[0], limit);
    assert.equal(book.budgetOf(limit!.requests!), undefined);
  });

  test('a call belongs to the period that it began in, whatever came since', () => {
    const book = bookOf([budgetOf()]);
    const today = onlyId(book, ann, noon);
    const tomorrow = onlyId(book, ann, noon + DAY);
    assert.notEqual(today, tomorrow);
    assert.equal(onlyId(book, ann, noon), today);
    assert.equal(onlyId(book, ann, noon + DAY), tomorrow);
  });

  test('in any order of times each call is in the account of its own day', () => {
    const days = fc.array(fc.integer({ min: 0, max: 5 * DAY }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(days, (offsets) => {
        const book = bookOf([budgetOf()]);
        for (const offset of offsets) {
          const day = new Date(noon + offset).toISOString().slice(0, 10);
          assert.equal(onlyId(book, ann, noon + offset), `all/day/${day}T00:00:00.000Z`);
        }
      }),
    );
  });

  test('rolling and total budgets have one account for good', () => {
    for (const period of [{ kind: 'total' }, { kind: 'rolling', ms: DAY }] as const) {
      const book = bookOf([budgetOf({ id: 'b', period })]);
      const [early] = book.budgetsOf(ann, noon);
      assert.equal(book.budgetsOf(ann, noon + 400 * DAY)[0], early);
      assert.equal(early?.account.id, 'b');
      assert.equal(early.renewsAt, Infinity);
      assert.equal(early.account.windowMs, period.kind === 'rolling' ? DAY : undefined);
    }
  });

  test('what was spent before a budget was kept is counted, of the same calls and its period', () => {
    const whose = { key: 'team-a', user: '*' };
    const book = bookOf([budgetOf({ whose })], [], { 'all/day': noon });
    const [today] = book.budgetsOf(ann, noon);
    assert.deepEqual(today?.account.seed, {
      from: Date.parse('2026-11-25'),
      until: noon,
      match: { key: 'team-a', tags: { user: 'ann' } },
    });
    assert.equal(book.budgetsOf(ann, noon + DAY)[0]?.account.seed, undefined);
  });

  test('different values never share an account, however they are written', () => {
    const hostile = fc.oneof(
      fc.string({ minLength: 1, unit: 'binary' }),
      fc.constantFrom('*', 'a', '{"user":"a"}', 'a","feature":"b', 'all/day', '\n', '\0', '/', ' '),
    );
    const spender = fc.record({
      key: hostile,
      task: hostile,
      tags: fc.record({ user: hostile, feature: hostile }),
    });
    const whose = { key: '*', task: '*', user: '*', tag: { feature: '*' } };
    fc.assert(
      fc.property(spender, spender, (a, b) => {
        const book = bookOf([budgetOf({ whose })], [limitOf({ whose })]);
        const same = JSON.stringify(a) === JSON.stringify(b);
        assert.equal(onlyId(book, a) === onlyId(book, b), same);
        const [one, other] = [a, b].map((each) => book.limitsOf(each)[0]?.requests?.id);
        assert.equal(one === other, same);
      }),
      { numRuns: 500 },
    );
  });

  test('a limit has accounts of a minute for what it names', () => {
    const [both] = bookOf([], [limitOf({ tokensPerMinute: 9 })]).limitsOf(ann);
    assert.deepEqual(both?.requests, { id: 'all/minute/requests', limit: 5, windowMs: 60_000 });
    assert.deepEqual(both.tokens, { id: 'all/minute/tokens', limit: 9, windowMs: 60_000 });
    assert.equal(bookOf([], [limitOf()]).limitsOf(ann)[0]?.tokens, undefined);
  });
});
