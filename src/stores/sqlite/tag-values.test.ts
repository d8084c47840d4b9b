import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { DAY } from './rollup-spans.ts';
import { OTHER_VALUES, TagValues } from './tag-values.ts';

const DAY_MS = 86_400_000;
const TODAY = Date.parse('2026-11-02T08:00:00Z');
const TOMORROW = TODAY + DAY_MS;

/** Values `prefix-0` to below `prefix-count`, each once; those that have a place. */
function offer(
  values: TagValues,
  at: number,
  [prefix, count]: readonly [string, number],
): string[] {
  const offered = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
  return offered.filter(
    (value) => values.placeOf({ tag: 'user', value: value, calls: 1 }, at) === value,
  );
}

describe('values of tags', () => {
  test('are told apart up to a bound, and those with a place keep it all day', () => {
    const values = new TagValues({ span: DAY, most: 250, kept: 200 });
    const placed = offer(values, TODAY, ['a', 5000]);
    assert.ok(placed.length > 100 && placed.length < 1000);
    assert.equal(values.placeOf({ tag: 'user', value: 'a-4999', calls: 1 }, TODAY), OTHER_VALUES);
    assert.deepEqual(offer(values, TODAY + 3_600_000, ['a', 5000]), placed);
    assert.equal(values.placeOf({ tag: 'feature', value: 'a-4999', calls: 1 }, TODAY), 'a-4999');
  });

  test('that were frequent have a place the next day, however many come before them', () => {
    const values = new TagValues({ span: DAY, most: 250, kept: 200 });
    offer(values, TODAY, ['rare', 120]);
    for (let times = 0; times < 3; times++) offer(values, TODAY, ['frequent', 100]);
    const placed = offer(values, TOMORROW, ['new', 5000]);
    assert.ok(placed.length >= 50, 'newcomers have places too');
    assert.equal(offer(values, TOMORROW, ['frequent', 100]).length, 100);
  });

  test('that did not come for a day lose their place', () => {
    const values = new TagValues({ span: DAY, most: 250, kept: 200 });
    offer(values, TODAY, ['gone', 5000]);
    values.placeOf({ tag: 'user', value: 'one', calls: 1 }, TOMORROW);
    const first = offer(new TagValues({ span: DAY, most: 250, kept: 200 }), TODAY, ['new', 5000]);
    const placed = offer(values, TOMORROW + DAY_MS, ['new', 5000]);
    assert.equal(placed.length, first.length - 1, 'all but that of the one that came');
  });

  test('a call of an earlier day takes no place away', () => {
    const values = new TagValues({ span: DAY, most: 250, kept: 200 });
    const placed = offer(values, TOMORROW, ['a', 5000]);
    values.placeOf({ tag: 'user', value: 'late', calls: 1 }, TODAY);
    assert.deepEqual(offer(values, TOMORROW, ['a', 5000]), placed);
  });

  test('tags are bounded as well; one too many has no place at all', () => {
    const values = new TagValues({ span: DAY, most: 250, kept: 200 });
    const places = Array.from({ length: 5000 }, (_, tag) =>
      values.placeOf({ tag: `t-${tag}`, value: 'v', calls: 1 }, TODAY),
    );
    assert.equal(places[0], 'v');
    assert.equal(places.at(-1), undefined);
    assert.equal(values.placeOf({ tag: 't-0', value: 'w', calls: 1 }, TODAY), 'w');
  });
});
