import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CALENDAR_UNITS } from '../config/spending.ts';
import { stretchOf } from './period.ts';

const at = (text: string): number => Date.parse(text);
const calendar = (unit: (typeof CALENDAR_UNITS)[number], text: string): [string, string] => {
  const { from, until } = stretchOf({ kind: 'calendar', unit }, at(text));
  return [new Date(from).toISOString(), new Date(until).toISOString()];
};

test('calendar periods begin and end where a calendar says, in UTC', () => {
  assert.deepEqual(calendar('hour', '2026-11-25T02:59:59.999Z'), [
    '2026-11-25T02:00:00.000Z',
    '2026-11-25T03:00:00.000Z',
  ]);
  // 2026-11-25 is a Wednesday.
  assert.deepEqual(calendar('week', '2026-11-25T02:00:00Z'), [
    '2026-11-23T00:00:00.000Z',
    '2026-11-30T00:00:00.000Z',
  ]);
  assert.deepEqual(calendar('week', '2026-11-29T23:59:59.999Z')[0], '2026-11-23T00:00:00.000Z');
  assert.deepEqual(calendar('month', '2028-02-29T12:00:00Z'), [
    '2028-02-01T00:00:00.000Z',
    '2028-03-01T00:00:00.000Z',
  ]);
  assert.deepEqual(calendar('year', '2026-12-31T23:59:59Z'), [
    '2026-01-01T00:00:00.000Z',
    '2027-01-01T00:00:00.000Z',
  ]);
});

test('every instant is in exactly one stretch, and stretches follow each other', () => {
  const instant = fc.integer({ min: at('1999-01-01'), max: at('2060-01-01') });
  fc.assert(
    fc.property(fc.constantFrom(...CALENDAR_UNITS), instant, (unit, time) => {
      const period = { kind: 'calendar', unit } as const;
      const { from, until } = stretchOf(period, time);
      assert.ok(from <= time && time < until);
      assert.deepEqual(stretchOf(period, from), { from, until });
      assert.equal(stretchOf(period, until - 1).from, from);
      assert.equal(stretchOf(period, until).from, until);
    }),
  );
});

test('a rolling window ends now; a total never does', () => {
  assert.deepEqual(stretchOf({ kind: 'rolling', ms: 1000 }, 5000), { from: 4000, until: Infinity });
  assert.deepEqual(stretchOf({ kind: 'total' }, 5000), { from: 0, until: Infinity });
});
