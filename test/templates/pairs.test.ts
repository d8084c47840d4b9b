/** The measured level of docs/templates.md, held on the half that nothing was fitted on. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { isOneTemplate } from '../../bench/templates.ts';
import { families, fill, isHeldOut, labelledPairs } from '../../bench/templates/pairs.ts';
import { TemplateIndex } from '../../src/stages/identify/template-index.ts';

const pairs = labelledPairs();

test('there are at least 200 labelled pairs, of both labels', () => {
  assert.ok(pairs.length >= 200);
  assert.ok(pairs.filter(({ same }) => same).length >= 100);
  assert.ok(pairs.filter(({ same }) => !same).length >= 100);
});

test('on held-out pairs: one template is split in two in at most 15 %, two are merged in at most 3 %', () => {
  const heldOut = pairs.filter(({ family }) => isHeldOut(family));
  const share = (same: boolean): number => {
    const ofLabel = heldOut.filter((pair) => pair.same === same);
    return ofLabel.filter((pair) => isOneTemplate(pair) !== same).length / ofLabel.length;
  };
  assert.ok(share(true) <= 0.15, `split ${share(true)}`);
  assert.ok(share(false) <= 0.03, `merged ${share(false)}`);
});

test('all prompts through one index: families stay apart', () => {
  const index = new TemplateIndex();
  const owner = new Map<string, string>();
  const mixed = families().flatMap(({ id, base, fills }) =>
    fills.map((values) => ({ id, content: fill(base, values) })),
  );
  let foreign = 0;
  for (const { id, content } of mixed.toSorted((a, b) => a.content.length - b.content.length)) {
    const template = index.identify({ messages: [{ role: 'system', content }] }, '').id;
    if (!owner.has(template)) owner.set(template, id);
    if (owner.get(template) !== id) foreign++;
  }
  assert.equal(foreign, 0);
});
