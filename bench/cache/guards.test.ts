import { test } from 'node:test';
import assert from 'node:assert/strict';
import { loadGuards } from '../../src/semantic/guards/guards.ts';
import { refused } from './guards.ts';
import { trapPairs } from './traps.ts';

const guards = await loadGuards();
const pairs = trapPairs();
const heldOut = pairs.filter((pair) => pair.heldOut);

test('there are as many traps and paraphrases as are claimed, in five domains', () => {
  assert.ok(pairs.filter(({ kind }) => kind !== 'same').length >= 300);
  assert.ok(pairs.filter(({ kind }) => kind === 'same').length >= 200);
  assert.equal(new Set(pairs.map(({ domain }) => domain)).size, 5);
  assert.equal(new Set(pairs.map(({ asked, kept }) => `${asked}\n${kept}`)).size, pairs.length);
  assert.ok(pairs.every(({ kind, asked, kept }) => kind !== '' && asked !== '' && kept !== ''));
});

test('on the half that was not tuned on, guards stop at least 90 % of the traps', () => {
  const { count, of } = refused(
    guards,
    heldOut.filter(({ kind }) => kind !== 'same'),
  );
  assert.ok(count >= 0.9 * of, `${count} of ${of}`);
});

test('and lose at most 5 % of the paraphrases', () => {
  const { count, of } = refused(
    guards,
    heldOut.filter(({ kind }) => kind === 'same'),
  );
  assert.ok(count <= 0.05 * of, `${count} of ${of}`);
});

test('no kind of trap is let through as a whole', () => {
  for (const kind of new Set(pairs.map((pair) => pair.kind))) {
    if (kind === 'same') continue;
    const { count, of } = refused(
      guards,
      heldOut.filter((pair) => pair.kind === kind),
    );
    assert.ok(count >= 0.75 * of, `${kind}: ${count} of ${of}`);
  }
});
