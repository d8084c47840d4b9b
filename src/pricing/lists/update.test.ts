import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { PriceBook } from '../price-book.ts';
import type { PriceRow } from '../price-list.ts';
import { mergeRows } from '../price-succession.ts';
import { planUpdate, type PriceUpdate } from './update.ts';

const row = (model: string, input: number, more: Partial<PriceRow> = {}): PriceRow => ({
  provider: 'openai',
  model,
  rates: { input, output: 10 },
  source: 'models.dev',
  asOf: '2026-07-02',
  ...more,
});
const newer = (model: string, input: number, more: Partial<PriceRow> = {}): PriceRow =>
  row(model, input, { asOf: '2026-08-01', ...more });
const plan = (
  list: readonly PriceRow[],
  builtIn: readonly PriceRow[],
  file: readonly PriceRow[] = [],
): PriceUpdate => planUpdate(list, { builtIn, file });
const bookAfter = (list: readonly PriceRow[], builtIn: readonly PriceRow[]): PriceBook =>
  new PriceBook({
    _source: { list: '', license: '', asOf: '' },
    rows: mergeRows(builtIn, plan(list, builtIn).rows),
  });

describe('what an update changes', () => {
  test('a changed price: the old one keeps holding until the day of the list', () => {
    const builtIn = [row('a', 2.5)];
    const update = plan([newer('a', 2)], builtIn);
    assert.deepEqual(update.changed[0]?.differences, [{ what: 'input', before: 2.5, after: 2 }]);
    const book = bookAfter([newer('a', 2)], builtIn);
    const priceAt = (date: string): unknown => {
      const rule = book.find('openai', 'a', Date.parse(date));
      return [rule?.rates.input, rule?.id, rule?.asOf];
    };
    assert.deepEqual(priceAt('2026-07-31T23:59:59.999Z'), [
      2.5,
      'openai/a@2026-07-02',
      '2026-07-02',
    ]);
    assert.deepEqual(priceAt('2026-08-01'), [2, 'openai/a@2026-08-01', '2026-08-01']);
  });

  test('a confirmed price is younger afterwards', () => {
    const { confirmed, changed, rows } = plan([newer('a', 2.5)], [row('a', 2.5)]);
    assert.deepEqual({ confirmed, changed }, { confirmed: 1, changed: [] });
    assert.deepEqual(rows, [newer('a', 2.5)]);
  });

  test('added, and no longer listed: its last price holds', () => {
    const builtIn = [row('old', 1), row('ours', 1, { source: 'a page' })];
    const { added, removed, rows } = plan([newer('new', 1)], builtIn);
    assert.deepEqual(added, [newer('new', 1)]);
    assert.deepEqual(removed, [row('old', 1)]);
    assert.deepEqual(rows, [newer('new', 1)]);
    assert.ok(bookAfter([newer('new', 1)], builtIn).find('openai', 'old'));
  });

  test('of providers that the list has nothing of, nothing is missing', () => {
    const other = row('x', 1, { provider: 'xai' });
    assert.deepEqual(plan([newer('new', 1)], [other]).removed, []);
  });

  test('of a model that another list took over, nothing is missing', () => {
    const file = [
      row('a', 3, { until: '2026-08-01' }),
      newer('a', 2, { from: '2026-08-01', source: 'litellm' }),
    ];
    assert.deepEqual(plan([newer('new', 1)], [], file).removed, []);
  });

  test('a second update builds on the first', () => {
    const builtIn = [row('a', 3), row('b', 1)];
    const first = plan([newer('a', 2)], builtIn);
    const second = plan([newer('a', 1, { asOf: '2026-09-01' })], builtIn, first.rows);
    assert.deepEqual(
      second.rows.map(({ rates, from, until }) => [rates.input, from, until]),
      [
        [3, undefined, '2026-08-01'],
        [2, '2026-08-01', '2026-09-01'],
        [1, '2026-09-01', undefined],
      ],
    );
    const third = plan([newer('b', 5, { asOf: '2026-09-01' })], builtIn, second.rows);
    assert.equal(third.rows.length, 5);
  });
});

describe('what an update leaves alone', () => {
  test('a price that is younger than the list, also under another spelling', () => {
    const overlay = row('gpt-6', 2, { source: 'a page', asOf: '2026-11-24' });
    const update = plan([newer('gpt-6', 1), newer('gpt-6-2026-09-22', 1)], [overlay]);
    assert.deepEqual(
      update.kept.map(({ before, reason }) => [before.model, before.rates.input, reason]),
      [
        ['gpt-6', 2, 'younger'],
        ['gpt-6-2026-09-22', 2, 'younger'],
      ],
    );
    assert.deepEqual(update.rows, []);
  });

  test('a price of ours that is older does change', () => {
    const overlay = row('a', 2, { source: 'a page', asOf: '2026-07-31' });
    assert.equal(plan([newer('a', 1)], [overlay]).changed.length, 1);
  });

  test('bug 13: a paid model that becomes free, which mostly means unknown', () => {
    const free = newer('a', 0, { rates: { input: 0, output: 0 } });
    const { kept, rows } = plan([free], [row('a', 2)]);
    assert.equal(kept[0]?.reason, 'free');
    assert.deepEqual(rows, []);
  });

  test('bug 7: a dated id that the list prices apart was priced as its model before', () => {
    const builtIn = [row('gpt-4o', 2.5)];
    const book = bookAfter([newer('gpt-4o-2024-08-06', 5)], builtIn);
    const input = (model: string, date: string): unknown =>
      book.find('openai', model, Date.parse(date))?.rates.input;
    assert.equal(input('gpt-4o-2024-08-06', '2026-07-15'), 2.5);
    assert.equal(input('gpt-4o-2024-08-06', '2026-08-15'), 5);
    assert.equal(input('gpt-4o', '2026-08-15'), 2.5);
  });
});

describe('lists that say less', () => {
  const rich = row('a', 2, {
    rates: { input: 2, output: 10, cacheRead: 0.2 },
    bands: [{ abovePromptTokens: 1000, rates: { input: 4, output: 15 } }],
    tiers: { priority: { factor: 2 } },
    maxOutputTokens: 100,
  });

  test('another list that agrees on input and output leaves the rest, and names both sources', () => {
    const update = plan(
      [newer('a', 2, { source: 'litellm', tiers: { flex: { factor: 0.4 } } })],
      [rich],
    );
    assert.deepEqual(update.changed[0]?.differences, [
      { what: 'flex factor', before: 0.5, after: 0.4 },
    ]);
    const { rates, bands, tiers, source, maxOutputTokens } = update.rows.at(-1) ?? {};
    assert.deepEqual(
      { rates, bands, tiers, source, maxOutputTokens },
      {
        rates: { input: 2, output: 10, cacheRead: 0.2 },
        bands: rich.bands,
        tiers: { priority: { factor: 2 }, flex: { factor: 0.4 } },
        source: 'litellm; models.dev',
        maxOutputTokens: 100,
      },
    );
  });

  test('the same list says by silence that something is over', () => {
    const update = plan([newer('a', 2)], [rich]);
    assert.deepEqual(
      update.changed[0]?.differences.map(({ what }) => what),
      ['cacheRead', 'over 1K: input', 'over 1K: output', 'priority factor'],
    );
    assert.equal(update.rows.at(-1)?.maxOutputTokens, 100);
  });

  test('another price takes nothing over from the old one but limits', () => {
    const [, next] = plan([newer('a', 3, { source: 'litellm' })], [rich]).rows;
    assert.equal(next?.bands, undefined);
    assert.equal(next?.source, 'litellm');
  });
});

test("a list's own dates are kept, and what was before them", () => {
  const dated = [
    newer('a', 2, { from: '2026-05-01', until: '2026-12-01' }),
    newer('a', 1, { from: '2026-12-01' }),
  ];
  const { rows, changed } = plan(dated, [row('a', 3)]);
  assert.deepEqual(rows, [row('a', 3, { until: '2026-05-01' }), ...dated]);
  assert.equal(changed[0]?.after.rates.input, 2);
});

test("a provider's terms are no difference", () => {
  const stated = newer('a', 2.5, { tiers: { batch: { factor: 0.5 }, flex: { factor: 0.5 } } });
  assert.equal(plan([stated], [row('a', 2.5)]).confirmed, 1);
});
