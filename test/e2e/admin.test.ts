/** The admin API over a listening gateway. */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { parseConfig } from '../../src/config/load.ts';
import { type House, startHouse } from './harness.ts';

const SECRET = 'a-secret-of-forty-characters-0123456789x';
const ADMIN = { authorization: `Bearer ${SECRET}` };

interface Answered {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly text: string;
}

describe('the admin API', () => {
  let house: House;
  before(async () => {
    house = await startHouse({
      top: `admin-key: ${SECRET}\ncache: { ttl: 1h }`,
      tasks: '  one: { model: small }\n  two: { model: small }',
    });
  });
  after(async () => house.close());

  const admin = async (
    path: string,
    { method = 'GET', headers = ADMIN }: { method?: string; headers?: Record<string, string> } = {},
  ): Promise<Answered> => {
    const response = await fetch(new URL(`/admin/v1/${path}`, house.url), { method, headers });
    const text = await response.text();
    return { status: response.status, text, body: JSON.parse(text) as Record<string, unknown> };
  };
  const ask = async (task: string, content: string, tags = ''): Promise<string | null> => {
    const messages = [{ role: 'user', content }];
    const response = await house.post(
      '/v1/chat/completions',
      { model: `task/${task}`, temperature: 0, messages },
      tags === '' ? {} : { 'x-farthing-tags': tags },
    );
    assert.equal(response.status, 200);
    await response.text();
    await house.gateway.cache?.idle();
    return response.headers.get('x-farthing-cache');
  };

  test('strangers learn nothing, and a secret is never repeated', async () => {
    const wrong = { authorization: `Bearer ${SECRET.slice(1)}y` };
    for (const [headers, code] of [
      [{}, 'missing_api_key'],
      [{ authorization: 'Basic abc' }, 'missing_api_key'],
      [wrong, 'invalid_api_key'],
    ] as const) {
      const { status, text, body } = await admin('cache/stats', { headers });
      assert.equal(status, 401);
      assert.equal((body['error'] as { code: string }).code, code);
      assert.ok(!text.includes(SECRET.slice(2, 20)));
    }
  });

  test('entries are counted, listed without their answers, and purged as meant', async () => {
    await ask('one', 'a', 'feature=draft');
    await ask('one', 'b');
    await ask('two', 'c');
    assert.equal(await ask('two', 'c'), 'hit');
    const stats = await admin('cache/stats');
    assert.deepEqual([stats.body['entries'], stats.body['calls'], stats.body['hits']], [3, 4, 1]);
    const listed = await admin('cache/entries?task=one');
    const entries = listed.body['entries'] as { key: string; body?: unknown }[];
    assert.equal(entries.length, 2);
    assert.ok(entries.every((entry) => entry.body === undefined));
    assert.equal(((await admin('cache/entries?limit=1')).body['entries'] as unknown[]).length, 1);

    const drop = async (what: string): Promise<unknown> =>
      (await admin(`cache/entries${what}`, { method: 'DELETE' })).body['purged'];
    assert.equal(await drop('?tag=feature%3Ddraft'), 1);
    assert.equal(await drop('?older-than=1h'), 0);
    assert.equal(await ask('one', 'a'), 'miss');
    const [newest] = (await admin('cache/entries?task=one&limit=1')).body['entries'] as [
      { key: string },
    ];
    assert.equal(await drop(`/${newest.key}`), 1);
    assert.equal(await drop('?all=true'), 2);
    assert.equal(await ask('two', 'c'), 'miss');
  });

  for (const [what, path, method, param] of [
    ['nothing said of what to purge', 'cache/entries', 'DELETE', null],
    ['all and a task', 'cache/entries?all=true&task=one', 'DELETE', null],
    ['a mistyped parameter', 'cache/entries?tsak=one', 'DELETE', 'tsak'],
    ['a parameter twice', 'cache/entries?task=one&task=two', 'DELETE', 'task'],
    ['no tag', 'cache/entries?tag=draft', 'GET', 'tag'],
    ['no time', 'cache/entries?older-than=soon', 'GET', 'older-than'],
    ['no number', 'cache/entries?limit=0', 'GET', 'limit'],
  ] as const) {
    test(`${what} is an error that says so, and purges nothing`, async () => {
      await ask('one', 'kept');
      const { status, body } = await admin(path, { method });
      assert.equal(status, 400);
      assert.equal((body['error'] as { param: string | null }).param, param);
      assert.equal(await ask('one', 'kept'), 'hit');
    });
  }

  test('other paths and methods are not there', async () => {
    assert.equal((await admin('cache')).status, 404);
    assert.equal((await admin('cache/stats', { method: 'DELETE' })).status, 404);
  });
});

test('without a secret there is no admin API; a short one is a problem of the configuration', async () => {
  const house = await startHouse({ top: 'cache: { ttl: 1h }' });
  const response = await fetch(new URL('/admin/v1/cache/stats', house.url), { headers: ADMIN });
  assert.equal(response.status, 404);
  assert.doesNotMatch(await response.text(), /secret/);
  await house.close();
  await assert.rejects(parseConfig('admin-key: short', { environment: {} }), /admin-key.*32/s);
  const environment = { FARTHING_ADMIN_KEY: 'short-too' };
  await assert.rejects(parseConfig('data: ":memory:"', { environment }), /FARTHING_ADMIN_KEY/);
});

test('without a cache it says so', async () => {
  const house = await startHouse({ top: `admin-key: ${SECRET}` });
  const url = new URL('/admin/v1/cache/stats', house.url);
  const response = await fetch(url, { headers: ADMIN });
  assert.equal(response.status, 400);
  assert.match(await response.text(), /keeps no answers/);
  await house.close();
});
