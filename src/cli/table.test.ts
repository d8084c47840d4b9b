import { test } from 'node:test';
import assert from 'node:assert/strict';
import { displayWidth, renderTable } from './table.ts';

const columns = [
  { title: 'model', align: 'left' },
  { title: 'USD', align: 'right' },
] as const;

test('numbers stand on the right, text on the left', () => {
  assert.equal(
    renderTable(columns, [
      ['gpt-4o', '2.50'],
      ['o1', '150.00'],
    ]),
    ['model      USD', '──────  ──────', 'gpt-4o    2.50', 'o1      150.00'].join('\n'),
  );
});

test('without rows there is still a head', () => {
  assert.equal(renderTable(columns, []), 'model  USD\n─────  ───');
});

test('missing cells are empty, further ones are left out', () => {
  assert.equal(
    renderTable(columns, [['a'], ['b', '1', '2']]),
    'model  USD\n─────  ───\na\nb        1',
  );
});

test('nothing is cut off', () => {
  const long = 'x'.repeat(300);
  assert.ok(renderTable(columns, [[long, '1']]).includes(`${long}    1`));
});

test('width as a terminal shows it', () => {
  assert.equal(displayWidth('gpt-4o'), 6);
  assert.equal(displayWidth('漢字'), 4);
  assert.equal(displayWidth('한글'), 4);
  assert.equal(displayWidth('é'), 1);
  assert.equal(displayWidth('e\u0301'), 1);
  assert.equal(displayWidth('👩‍👩‍👧'), 2);
  assert.equal(displayWidth('✓ ─ …'), 5);
  const table = renderTable(columns, [
    ['漢字', '1'],
    ['ab', '22'],
  ]);
  const widths = table.split('\n').map(displayWidth);
  assert.deepEqual(new Set(widths), new Set([10]));
});

test('a row is a line, and no cell steers the terminal', () => {
  const table = renderTable(columns, [['two\nlines\u001b[31m red\u0007', '1']]);
  assert.equal(table.split('\n').length, 3);
  assert.ok(table.includes('two lines red'));
  assert.doesNotMatch(table.replaceAll('\n', ''), /\p{Cc}/u);
});
