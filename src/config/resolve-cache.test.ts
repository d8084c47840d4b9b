import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from './config.ts';
import { parseConfig } from './load.ts';

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'farthing-cache-config-'));
  writeFileSync(
    join(directory, 'keys.mjs'),
    'export default (text) => text; export const kind = () => "kind"; export const none = 1;',
  );
});
after(() => rmSync(directory, { recursive: true }));

/** A configuration with this at the top, and tasks with these caches. */
async function configOf(
  top: string,
  tasks: Readonly<Record<string, string>> = { a: '' },
  environment: Record<string, string> = {},
): Promise<Config> {
  const lines = Object.entries(tasks).map(
    ([name, cache]) => `  ${name}: { model: m${cache === '' ? '' : `, cache: ${cache}`} }`,
  );
  return parseConfig(
    `${top}
providers: { p: { url: "http://127.0.0.1:1/v1", key: none } }
models: { m: { provider: p } }
tasks:
${lines.join('\n')}
`,
    { environment, directory },
  );
}

describe('cache in the configuration', () => {
  test('is off until it is configured', async () => {
    const { cache, tasks } = await configOf('');
    assert.equal(cache.policy, undefined);
    assert.equal(tasks.get('a')?.cache, undefined);
  });

  test('a ttl at the top is for all; a task says it otherwise, or not at all', async () => {
    const { cache, tasks } = await configOf(
      'cache: { ttl: 10m, stale: 1m, normalize: [case], size: 1gb, timeout: 20ms, epoch: 3 }',
      { plain: '', own: '{ ttl: 2h, sampled: true, samples: 4 }', off: 'false', empty: '{}' },
    );
    assert.equal(cache.policy?.ttlMs, 600_000);
    assert.deepEqual([cache.bytes, cache.timeoutMs], [1024 ** 3, 20]);
    assert.deepEqual(tasks.get('plain')?.cache, cache.policy);
    assert.deepEqual(tasks.get('empty')?.cache, cache.policy);
    assert.deepEqual(tasks.get('own')?.cache, {
      ttlMs: 7_200_000,
      staleMs: 60_000,
      normalize: ['case'],
      keyFunction: undefined,
      sampled: true,
      samples: 4,
      epoch: 3,
      semantic: undefined,
    });
    assert.equal(tasks.get('off')?.cache, undefined);
  });

  test('without a ttl the top switches nothing on; a task has one of its own', async () => {
    const { cache, tasks } = await configOf('cache: { size: 64mb }', { a: '', b: '{}' });
    assert.equal(cache.policy, undefined);
    assert.equal(tasks.get('a')?.cache, undefined);
    assert.equal(tasks.get('b')?.cache?.ttlMs, 3_600_000);
  });

  test('Redis is named there or in the environment', async () => {
    const environment = { REDIS_URL: 'redis://env:6379' };
    assert.equal((await configOf('', { a: '' }, environment)).cache.redisUrl, 'redis://env:6379');
    const own = await configOf('cache: { redis: "redis://own:6379/1" }', { a: '' }, environment);
    assert.equal(own.cache.redisUrl, 'redis://own:6379/1');
  });

  test('a key function is loaded, by its name', async () => {
    const { tasks } = await configOf('', {
      a: '{ key: "./keys.mjs#kind" }',
      b: '{ key: keys.mjs }',
    });
    assert.equal(tasks.get('a')?.cache?.keyFunction?.of('x', { role: 'user', message: 0 }), 'kind');
    assert.equal(tasks.get('b')?.cache?.keyFunction?.of('x', { role: 'user', message: 0 }), 'x');
  });

  const wrong: readonly [string, string, RegExp][] = [
    ['cache: { ttl: soon }', '', /cache\.ttl.*duration/],
    ['cache: { tll: 1h }', '', /ttl/],
    ['cache: { ttl: 1h, samples: 2 }', '', /cache\.samples.*sampled: true/],
    ['cache: { redis: "http://x" }', '', /redis or rediss URL/],
    ['', '{ normalize: [spaces] }', /normalize/],
    ['', '{ samples: 2 }', /tasks\.a\.cache\.samples.*sampled: true/],
    ['', '{ key: ./missing.mjs }', /tasks\.a\.cache\.key.*file that exists/],
    ['', '{ key: "./keys.mjs#none" }', /tasks\.a\.cache\.key.*function as "none"/],
    ['', '{ size: 1mb }', /size/],
    ['', 'true', /cache/],
  ];
  for (const [top, cache, message] of wrong) {
    test(`${top}${cache} is refused`, async () => {
      await assert.rejects(configOf(top, { a: cache }), message);
    });
  }
});
