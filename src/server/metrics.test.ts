import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { Tally } from './tally.ts';

test('a tally is what was added, whenever it is looked at', async () => {
  const registry = new Registry();
  const tally = new Tally({
    name: 'things_total',
    help: 'Things',
    labels: ['kind', 'size'],
    registry,
  });
  tally.add(1, 'a', 'big');
  tally.add(2.5, 'a', 'big');
  tally.add(1, 'b', 'small');
  const first = await registry.metrics();
  assert.match(first, /farthing_things_total\{kind="a",size="big"\} 3\.5/);
  assert.match(first, /farthing_things_total\{kind="b",size="small"\} 1/);
  tally.add(1, 'a', 'big');
  assert.match(await registry.metrics(), /farthing_things_total\{kind="a",size="big"\} 4\.5/);
});
