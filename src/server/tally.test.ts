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
  tally.of('a', 'big').amount += 1;
  tally.of('a', 'big').amount += 2.5;
  tally.of('b', 'small').amount += 1;
  const first = await registry.metrics();
  assert.match(first, /farthing_things_total\{kind="a",size="big"\} 3\.5/);
  assert.match(first, /farthing_things_total\{kind="b",size="small"\} 1/);
  tally.of('a', 'big').amount += 1;
  assert.match(await registry.metrics(), /farthing_things_total\{kind="a",size="big"\} 4\.5/);
});
