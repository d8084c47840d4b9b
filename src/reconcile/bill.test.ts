import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { PriceBook } from '../pricing/price-book.ts';
import { type Bill, billsOf } from './bill.ts';
import { modelKey } from './model-key.ts';
import type { ProviderDay, ProviderExport } from './provider-day.ts';

const book = PriceBook.load();
let identities = 0;

function row(more: Partial<ProviderDay> = {}): ProviderDay {
  return {
    day: '2026-11-01',
    model: 'gpt-4o',
    currency: 'USD',
    identity: `row ${identities++}`,
    ...more,
  };
}

function exported(more: Partial<ProviderExport> = {}): ProviderExport {
  return {
    file: 'file',
    format: 'format',
    rank: 0,
    provider: 'openai',
    utcOffsetMinutes: 0,
    period: { first: '2026-11-01', last: '2026-11-03' },
    measures: ['cost', 'requests', 'tokens'],
    complete: true,
    days: [],
    notes: [],
    ...more,
  };
}

function bill(exports: readonly ProviderExport[], limits = {}): Bill {
  const [first, ...others] = billsOf(exports, book, limits);
  assert.equal(others.length, 0);
  return first ?? assert.fail('no bill');
}

const brief = ({ lines }: Bill): unknown[] =>
  lines.map(({ day, name, costNano, requests, tokens }) => [day, name, costNano, requests, tokens]);

describe('names of models', () => {
  const same = (provider: string, ...models: string[]): void => {
    assert.equal(
      new Set(models.map((model) => modelKey(provider, model, book))).size,
      1,
      models.join(),
    );
  };

  test('dated, prefixed and latest versions are one', () => {
    same('openai', 'gpt-4o', 'gpt-4o-2024-08-06', 'openai/gpt-4o', 'GPT-4o');
    same('openai', 'no-such-model', 'no-such-model-2026-01-02', 'no-such-model-latest');
    same('anthropic', 'claude-haiku-4-5', 'claude-haiku-4-5-20251001');
  });

  test('a dated version with a price of its own stays apart', () => {
    same('openai', 'gpt-4o-2024-05-13', 'openai/gpt-4o-2024-05-13');
    assert.notEqual(
      modelKey('openai', 'gpt-4o-2024-05-13', book),
      modelKey('openai', 'gpt-4o', book),
    );
  });

  test("OpenRouter's permanent names have their words in another order", () => {
    same('openrouter', 'anthropic/claude-sonnet-4.5', 'anthropic/claude-4.5-sonnet-20250929');
    assert.notEqual(modelKey('openrouter', 'a/x:free', book), modelKey('openrouter', 'a/x', book));
  });
});

describe('a bill', () => {
  test('sums rows of a day and model, whatever they are called', () => {
    const days = [
      row({ costNano: 5, requests: 1, tokens: { input: 10, cacheRead: 2 } }),
      row({ costNano: 7, model: 'gpt-4o-2024-08-06', tokens: { input: 1, output: 3 } }),
      row({ costNano: 9, item: 'web search', model: undefined }),
      row({ costNano: 1, day: '2026-11-02' }),
    ];
    assert.deepEqual(brief(bill([exported({ days })])), [
      ['2026-11-01', 'gpt-4o', 12, 1, { input: 11, cacheRead: 2, output: 3 }],
      ['2026-11-01', 'web search', 9, undefined, undefined],
      ['2026-11-02', 'gpt-4o', 1, undefined, undefined],
    ]);
  });

  test('costs from one export, usage from the better one of two, each once', () => {
    const usage = exported({
      measures: ['requests', 'tokens'],
      period: { first: '2026-11-01', last: '2026-11-01' },
      days: [row({ requests: 3, tokens: { input: 30 } })],
    });
    const csv = exported({
      rank: 1,
      measures: ['requests', 'tokens'],
      days: [
        row({ requests: 3, tokens: { input: 30 } }),
        row({ day: '2026-11-02', requests: 4, tokens: { input: 40 } }),
      ],
    });
    const costs = exported({
      rank: 2,
      measures: ['cost', 'tokens'],
      days: [row({ costNano: 100, tokens: { input: 31 } })],
    });
    assert.deepEqual(brief(bill([csv, costs, usage])), [
      ['2026-11-01', 'gpt-4o', 100, 3, { input: 30 }],
      ['2026-11-02', 'gpt-4o', undefined, 4, { input: 40 }],
    ]);
  });

  test('a page that was fetched twice counts once, as it was fetched last', () => {
    const first = exported({
      days: [row({ costNano: 5, identity: 'same' }), row({ costNano: 1 })],
    });
    const again = exported({ days: [row({ costNano: 6, identity: 'same' })] });
    const found = bill([first, again]);
    assert.equal(found.lines[0]?.costNano, 7);
    assert.match(found.notes.join(), /1 rows stand in several files/);
  });

  test('within a file rows that look alike all count', () => {
    const days = [row({ costNano: 5, identity: 'same' }), row({ costNano: 5, identity: 'same' })];
    assert.equal(bill([exported({ days })]).lines[0]?.costNano, 10);
  });

  test('costs without models make one line a day', () => {
    const days = [
      row({ costNano: 5, model: undefined }),
      row({ requests: 2, model: 'gpt-4o' }),
      row({ requests: 3, model: 'gpt-4o-mini' }),
    ];
    const found = bill([exported({ days })]);
    assert.equal(found.byModel, false);
    assert.deepEqual(brief(found), [['2026-11-01', '(all models)', 5, 5, undefined]]);
    assert.match(found.notes.join(), /group_by/);
  });

  test('usage without models is left out beside costs that have them', () => {
    const days = [row({ costNano: 5 }), row({ requests: 2, model: undefined })];
    const found = bill([exported({ days })]);
    assert.deepEqual(brief(found), [['2026-11-01', 'gpt-4o', 5, undefined, undefined]]);
    assert.match(found.notes.join(), /Usage without models/);
  });

  test('other money is told and not compared', () => {
    const days = [row({ costNano: 7_000_000_000, currency: 'CNY', requests: 1 })];
    const found = bill([exported({ days })]);
    assert.deepEqual(brief(found), [['2026-11-01', 'gpt-4o', undefined, 1, undefined]]);
    assert.deepEqual(found.costDays, []);
    assert.match(found.notes.join(), /7\.00 CNY, which is not compared/);
  });

  test('limits on days', () => {
    const days = ['01', '02', '03'].map((day) => row({ day: `2026-11-${day}`, costNano: 1 }));
    const found = bill([exported({ days })], { since: '2026-11-02', until: '2026-11-03' });
    assert.deepEqual(found.period, { first: '2026-11-02', last: '2026-11-02' });
    assert.equal(found.lines.length, 1);
    assert.deepEqual(billsOf([exported({ days })], book, { since: '2027-01-01' }), []);
  });

  test('one for each provider; days of different time zones are refused', () => {
    const two = billsOf([exported(), exported({ provider: 'anthropic' })], book);
    assert.deepEqual(
      two.map(({ provider }) => provider),
      ['openai', 'anthropic'],
    );
    assert.throws(() => billsOf([exported(), exported({ utcOffsetMinutes: 480 })], book), {
      code: 'invalid_value',
      message: /different time zones/,
    });
  });

  test('a last page that says that more follow', () => {
    const cut = exported({ complete: false });
    assert.match(bill([cut]).notes.join(), /^format: the last page says that more follow/);
    assert.deepEqual(bill([cut, exported()]).notes, []);
  });
});
