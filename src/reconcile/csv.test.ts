import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseCsv } from './csv.ts';

const field = fc.string({ unit: fc.constantFrom('a', 'é', ',', '"', '\n', '\r', ' ', ';', '1') });

/** Some writers quote only what must be, others everything. */
function write(value: string, always: boolean): string {
  const must = /[",\r\n]/.test(value);
  return always || must ? `"${value.replaceAll('"', '""')}"` : value;
}

describe('CSV', () => {
  test('quotes, doubled quotes and line breaks inside', () => {
    assert.deepEqual(parseCsv('a,"b, ""c""\r\nd",e\r\n"",f,\r\n'), [
      ['a', 'b, "c"\r\nd', 'e'],
      ['', 'f', ''],
    ]);
  });

  test('byte order mark, any line end, no end of line at the end, empty lines', () => {
    assert.deepEqual(parseCsv('\uFEFFa,b\r1,2\n\r\n3,4'), [
      ['a', 'b'],
      ['1', '2'],
      ['3', '4'],
    ]);
    assert.deepEqual(parseCsv(''), []);
    assert.deepEqual(parseCsv('a,'), [['a', '']]);
  });

  test('a quote in the middle stands for itself; one that is never closed is an error', () => {
    assert.deepEqual(parseCsv('5" disk,"x"y'), [['5" disk', 'xy']]);
    assert.equal(parseCsv('a,"b'), undefined);
  });

  test('what is written is read back', () => {
    const records = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1 });
    const how = fc.record({
      always: fc.boolean(),
      end: fc.constantFrom('\n', '\r\n', '\r'),
      mark: fc.boolean(),
      closed: fc.boolean(),
    });
    fc.assert(
      fc.property(records, how, (rows, { always, end, mark, closed }) => {
        const lines = rows.map((row) => row.map((value) => write(value, always)).join(','));
        const text = (mark ? '\uFEFF' : '') + lines.join(end) + (closed ? end : '');
        assert.deepEqual(parseCsv(text), rows);
      }),
    );
  });
});
