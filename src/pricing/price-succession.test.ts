import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { absurdities } from './lists/absurd.ts';
import type { PriceRow } from './price-list.ts';
import { currentRow, mergeRows, succeed } from './price-succession.ts';

const row = (input: number, asOf: string, more: Partial<PriceRow> = {}): PriceRow => ({
  provider: 'openai',
  model: 'm',
  rates: { input, output: 2 },
  source: 'test',
  asOf,
  ...more,
});

describe('succeed', () => {
  test('a price that changes holds until the day of the newer one', () => {
    assert.deepEqual(succeed([row(1, '2026-07-02')], row(3, '2026-08-01')), [
      row(1, '2026-07-02', { until: '2026-08-01' }),
      row(3, '2026-08-01', { from: '2026-08-01' }),
    ]);
  });

  test('a price that is confirmed only becomes younger', () => {
    const dated = row(1, '2026-07-02', { from: '2026-01-01' });
    assert.deepEqual(succeed([dated], row(1, '2026-08-01')), [
      row(1, '2026-08-01', { from: '2026-01-01' }),
    ]);
  });

  test('a price of the same day is corrected', () => {
    assert.deepEqual(succeed([row(1, '2026-08-01')], row(3, '2026-08-01')), [row(3, '2026-08-01')]);
  });

  test('an announced price of a later day stays', () => {
    const rows = [
      row(1, '2026-07-02', { until: '2027-01-01' }),
      row(9, '2026-07-02', { from: '2027-01-01' }),
    ];
    assert.deepEqual(succeed(rows, row(3, '2026-08-01')), [
      row(1, '2026-07-02', { until: '2026-08-01' }),
      row(3, '2026-08-01', { from: '2026-08-01', until: '2027-01-01' }),
      row(9, '2026-07-02', { from: '2027-01-01' }),
    ]);
  });

  test('property: after any number of updates each day has one price, that of the list before it', () => {
    const updates = fc.uniqueArray(
      fc.record({ day: fc.integer({ min: 1, max: 28 }), input: fc.integer({ min: 1, max: 3 }) }),
      { selector: ({ day }) => day, minLength: 1, maxLength: 8 },
    );
    const iso = (day: number): string => `2026-08-${String(day).padStart(2, '0')}`;
    fc.assert(
      fc.property(updates, (unsorted) => {
        const sorted = unsorted.toSorted((a, b) => a.day - b.day);
        const rows = sorted.reduce<readonly PriceRow[]>(
          (known, { day, input }) => succeed(known, row(input, iso(day))),
          [row(7, '2026-07-01')],
        );
        assert.deepEqual(absurdities(rows), []);
        for (let day = 1; day <= 28; day++) {
          const last = sorted.findLast((update) => update.day <= day);
          assert.equal(currentRow(rows, iso(day))?.rates.input, last?.input ?? 7);
        }
      }),
    );
  });
});

describe('two lists as one', () => {
  test('the younger price of each model holds; of the same day the newer list', () => {
    const other = row(5, '2026-01-01', { model: 'other' });
    const merged = (older: PriceRow, newer: PriceRow): readonly PriceRow[] =>
      mergeRows([older, other], [newer]);
    assert.deepEqual(merged(row(1, '2026-07-02'), row(3, '2026-08-01')), [
      row(3, '2026-08-01'),
      other,
    ]);
    assert.deepEqual(merged(row(1, '2026-08-01'), row(3, '2026-08-01')), [
      row(3, '2026-08-01'),
      other,
    ]);
  });

  test('an upgrade that brings a younger price follows the history of the file', () => {
    const file = [
      row(1, '2026-07-02', { until: '2026-08-01' }),
      row(3, '2026-08-01', { from: '2026-08-01' }),
    ];
    assert.deepEqual(mergeRows([row(4, '2026-10-01')], file), [
      file[0],
      { ...file[1], until: '2026-10-01' },
      row(4, '2026-10-01', { from: '2026-10-01' }),
    ]);
    const dated = [
      row(4, '2026-10-01', { until: '2026-09-01' }),
      row(5, '2026-10-01', { from: '2026-09-01' }),
    ];
    assert.deepEqual(mergeRows(dated, file), dated);
  });

  test('names that differ in letter case are one model', () => {
    const merged = mergeRows([row(1, '2026-07-02', { model: 'M' })], [row(3, '2026-08-01')]);
    assert.equal(merged.length, 1);
  });
});
