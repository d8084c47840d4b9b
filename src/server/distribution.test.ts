import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Histogram, Registry } from 'prom-client';
import { Distribution } from './distribution.ts';

const BOUNDS = [0.1, 1, 2.5];
const options = { name: 'seconds', help: 'How long', label: 'task', bounds: BOUNDS };

test('writes what Prometheus’ own client writes, whatever was observed under whatever name', async () => {
  const names = fc.constantFrom('a', 'b', 'a "quoted" \\ name\nof two lines', 'Ünïcode');
  const amounts = fc.oneof(
    fc.constantFrom(...BOUNDS),
    fc.integer({ min: 0, max: 40 }).map((n) => n / 8),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(names, amounts), { maxLength: 40 }), async (observed) => {
      const registry = new Registry();
      const histogram = new Histogram({
        name: 'farthing_seconds',
        help: 'How long',
        labelNames: ['task'],
        buckets: BOUNDS,
        registers: [registry],
      });
      const distribution = new Distribution(options);
      for (const [task, amount] of observed) {
        histogram.observe({ task }, amount);
        distribution.of(task).add(amount);
      }
      assert.equal(distribution.text(), await registry.metrics());
    }),
  );
});
