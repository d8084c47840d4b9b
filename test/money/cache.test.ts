/** What a cache must not do to money and to tenants. The numbers are those of docs/money.md. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { answers } from '../../src/testing/fake-upstream.ts';
import { startHouse } from '../e2e/harness.ts';

const question = {
  model: 'small',
  temperature: 0,
  messages: [{ role: 'user', content: 'Hello there' }],
};
const usage = { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 };

test('16: a hit of the cache uses no tokens of a limit and no money of a budget', async () => {
  const house = await startHouse({
    top: 'cache: { ttl: 1h }\nbudgets: [{ usd: 1, per: day }]\nlimits: [{ tokens-per-minute: 1000 }]',
  });
  house.upstream.respond(answers('Hello.', { usage }));
  await house.post('/v1/chat/completions', question);
  await new Promise((resolve) => setTimeout(resolve, 50));
  let left: string | null = null;
  for (let call = 0; call < 20; call++) {
    const response = await house.post('/v1/chat/completions', question);
    assert.equal(response.headers.get('x-farthing-cache'), 'hit');
    assert.equal(response.headers.get('x-farthing-cost-usd'), '0');
    left = response.headers.get('x-ratelimit-remaining-tokens');
    await response.text();
  }
  // The first call's 17 tokens, and what the last one is expected to use until it is settled.
  assert.equal(Number(left), 1000 - 17 - 17);
  await house.gateway.stores.ledger.flush();
  const { totals } = house.gateway.stores.ledger.report({});
  assert.equal(totals.calls, 21);
  assert.equal(totals.attempts, 1);
  assert.equal(totals.cost_nano_usd, 12 * 1000 + 5 * 2000);
  const [account] = house.gateway.cashier.book.shared(Date.now());
  assert.ok(account);
  const { used } = await house.gateway.stores.accounts.state(account.account);
  assert.equal(used, totals.cost_nano_usd);
  await house.close();
});

test('19: the same call of another key is another call to the cache, whatever it says of itself', async () => {
  const house = await startHouse({ top: 'cache: { ttl: 1h }\nkeys: required' });
  house.upstream.respond(answers('Hello.', { usage }));
  const { keys } = house.gateway.stores;
  const ask = async (secret: string, more: Record<string, string> = {}): Promise<string | null> => {
    const headers = { authorization: `Bearer ${secret}`, ...more };
    const response = await house.post('/v1/chat/completions', question, headers);
    await response.text();
    await new Promise((resolve) => setTimeout(resolve, 30));
    return response.headers.get('x-farthing-cache');
  };
  const one = (await keys.create({ name: 'one' })).secret;
  const two = (await keys.create({ name: 'two' })).secret;
  assert.deepEqual([await ask(one), await ask(one)], ['miss', 'hit']);
  const claims = { 'x-farthing-tags': 'tenant=one,key=one', 'x-tenant': 'one' };
  assert.equal(await ask(two, claims), 'miss');
  // A part of the key that a client may choose divides its own entries only.
  assert.equal(await ask(two, { 'cf-aig-cache-key': 'one' }), 'miss');
  assert.equal(await ask(two, { 'helicone-cache-seed': 'one' }), 'miss');
  assert.equal(await ask(two), 'hit');
  await house.close();
});
