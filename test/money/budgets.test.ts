/**
 * Budgets, limits and keys, end to end: real HTTP on both sides, many calls at once. The numbers are those
 * of docs/money.md.
 */
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import OpenAI from 'openai';
import { verify } from '../../src/alerts/signature.ts';
import { answers } from '../../src/testing/fake-upstream.ts';
import { type House, startHouse } from '../e2e/harness.ts';

/** Nano-dollars of one answer of `small`: 12 prompt tokens at 1,000 and 5 answer tokens at 2,000. */
const usage = { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 };
const ONE = 12 * 1000 + 5 * 2000;

const question = (more: object = {}) => ({
  model: 'small',
  messages: [{ role: 'user', content: 'Hello there' }],
  ...more,
});

const budgetOf = (calls: number, more = ''): string =>
  `{ usd: ${(calls * ONE) / 1e9}, per: day${more} }`;

async function houseWith(top: string, more: object = {}): Promise<House> {
  const house = await startHouse({ top, ...more });
  house.upstream.respond(answers('Hello.', { usage }));
  return house;
}

async function statuses(
  house: House,
  calls: number,
  { body = {}, headers = {} }: { body?: object; headers?: Record<string, string> } = {},
): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  await Promise.all(
    Array.from({ length: calls }, async () => {
      const answer = await house.post('/v1/chat/completions', question(body), headers);
      await answer.text();
      counts[answer.status] = (counts[answer.status] ?? 0) + 1;
    }),
  );
  return counts;
}

async function totals(house: House) {
  await house.gateway.stores.ledger.flush();
  return house.gateway.stores.ledger.report({}).totals;
}

async function errorOf(response: Response): Promise<{ code: string; message: string }> {
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  return error;
}

describe('budgets', () => {
  test('20: 500 calls at once against a budget for 100: exactly 100 are served', async () => {
    const house = await houseWith(`budgets:\n  - ${budgetOf(100)}`);
    assert.deepEqual(await statuses(house, 500), { 200: 100, 429: 400 });
    assert.equal((await totals(house)).cost_nano_usd, 100 * ONE);
    assert.equal((await totals(house)).calls, 500);
    await house.close();
  });

  test('20: the first call of a user nobody knew yet counts, and each user has a budget', async () => {
    const house = await houseWith(`budgets:\n  - ${budgetOf(2, ', match: { user: "*" }')}`);
    assert.deepEqual(await statuses(house, 5, { body: { user: 'ann' } }), { 200: 2, 429: 3 });
    assert.deepEqual(await statuses(house, 5, { body: { user: 'bob' } }), { 200: 2, 429: 3 });
    assert.deepEqual(await statuses(house, 3), { 200: 3 });
    await house.close();
  });

  test('21: a refusal says what is left and when it renews, and no SDK tries again', async () => {
    const house = await houseWith(`budgets:\n  - ${budgetOf(1)}`);
    const client = new OpenAI({ baseURL: house.url, apiKey: 'none' });
    await client.chat.completions.create(question() as never);
    await assert.rejects(client.chat.completions.create(question() as never), (error) => {
      assert.ok(error instanceof OpenAI.RateLimitError);
      assert.equal(error.code, 'budget_exceeded');
      assert.match(error.message, /has \$0\.00 left.*renews at \d{4}-/s);
      assert.equal(error.headers.get('x-should-retry'), 'false');
      assert.equal(error.headers.get('x-farthing-budget-left-usd'), '0.00');
      assert.ok(Date.parse(error.headers.get('x-farthing-budget-renews') ?? '') > Date.now());
      return true;
    });
    assert.equal(house.upstream.requests.length, 1);
    assert.equal((await totals(house)).calls, 2);
    await house.close();
  });

  test('metrics tell of budgets', async () => {
    const house = await houseWith(`budgets:\n  - ${budgetOf(10)}`);
    await statuses(house, 2);
    const text = await (await fetch(`${house.server.url}/metrics`)).text();
    assert.match(
      text,
      new RegExp(`farthing_budget_spent_usd\\{budget="all/day"\\} ${(2 * ONE) / 1e9}`),
    );
    assert.match(
      text,
      new RegExp(`farthing_budget_limit_usd\\{budget="all/day"\\} ${(10 * ONE) / 1e9}`),
    );
    await house.close();
  });

  test('22: a worst case is not set aside: huge max_tokens block nobody at no spending', async () => {
    const house = await houseWith(`budgets:\n  - ${budgetOf(50)}`);
    const body = { max_tokens: 1_000_000 };
    assert.deepEqual(await statuses(house, 60, { body }), { 200: 50, 429: 10 });
    await house.close();
  });

  test('22: what a failed call had set aside is given back, once', async () => {
    const house = await houseWith(`budgets:\n  - ${budgetOf(10)}`);
    house.upstream.respond({ kind: 'error', status: 400 });
    assert.deepEqual(await statuses(house, 40), { 400: 40 });
    house.upstream.respond(answers('Hello.', { usage }));
    assert.deepEqual(await statuses(house, 12), { 200: 10, 429: 2 });
    await house.close();
  });

  test('22: a model without a price is refused by a hard budget, unless it may pass', async () => {
    const house = await houseWith(`budgets:\n  - ${budgetOf(10)}`);
    const refused = await house.post('/v1/chat/completions', question({ model: 'unpriced' }));
    assert.equal(refused.status, 400);
    const { code, message } = await errorOf(refused);
    assert.equal(code, 'unpriced_model');
    assert.match(message, /models\.unpriced\.price.*unpriced: allow/s);
    await house.close();
    const open = await houseWith(`budgets:\n  - ${budgetOf(10, ', unpriced: allow')}`);
    assert.deepEqual(await statuses(open, 1, { body: { model: 'unpriced' } }), { 200: 1 });
    assert.equal((await totals(open)).unpriced, 1);
    await open.close();
  });

  test('23: no route leads around: streams, embeddings, ladders and spare providers pay alike', async () => {
    const house = await houseWith(`budgets:\n  - ${budgetOf(10)}`, {
      tasks:
        '  climb:\n    tiers:\n      - { model: small, accept: [{ mentions: [never] }] }\n      - { model: small }\n',
    });
    await statuses(house, 2, { body: { stream: true } });
    await statuses(house, 1, { body: { model: 'task/climb' } });
    await statuses(house, 1, { body: { model: 'spare' } });
    const embedded = await house.post('/v1/embeddings', { model: 'small', input: 'Hello' });
    assert.equal(embedded.status, 200);
    const { cost_nano_usd: spent, attempts } = await totals(house);
    assert.equal(attempts, 6);
    const [account] = house.gateway.cashier.book.budgetsOf(
      { key: '', task: 'climb', tags: {} },
      Date.now(),
    );
    assert.ok(account);
    assert.equal((await house.gateway.stores.accounts.state(account.account)).used, spent);
    await house.close();
  });

  test('23: a quote spends nothing; a tier that does not fit is not asked, the answer so far is given', async () => {
    const house = await houseWith(`budgets:\n  - ${budgetOf(1.5)}`, {
      tasks:
        '  climb:\n    tiers:\n      - { model: small, accept: [{ mentions: [never] }] }\n      - { model: large }\n',
    });
    for (let quotes = 0; quotes < 3; quotes++) {
      const quoted = await house.post('/v1/quote', question({ model: 'task/climb' }));
      assert.equal(quoted.status, 200);
    }
    assert.equal(house.upstream.requests.length, 0);
    const answer = await house.post(
      '/v1/chat/completions',
      question({ model: 'task/climb', max_tokens: 5 }),
    );
    assert.equal(answer.status, 200);
    const call = await house.lastCall();
    assert.equal(call.attempts.length, 1);
    assert.equal(call.capped, true);
    await house.close();
  });

  test('24: streams in flight count before they end', async () => {
    const house = await houseWith(`budgets:\n  - ${budgetOf(3)}`);
    // Learned first: what a call costs is known from then on.
    await statuses(house, 1, { body: { stream: true } });
    assert.deepEqual(await statuses(house, 20, { body: { stream: true } }), { 200: 2, 429: 18 });
    await house.close();
  });

  test('a budget that only warns refuses nobody and tells once at each share, signed', async () => {
    const told: { type: string; data: Record<string, unknown> }[] = [];
    const secret = 'a secret of the test';
    const receiver = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const headers = request.headers as Record<string, string>;
        assert.ok(verify(headers, body, secret));
        told.push(JSON.parse(body) as (typeof told)[number]);
        response.end();
      });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => receiver.once('listening', resolve));
    const { port } = receiver.address() as AddressInfo;
    const house = await houseWith(
      `webhook-secret: ${secret}\nbudgets:\n  - ${budgetOf(10, `, hard: false, warn-at: [50%, 80%], webhook: "http://127.0.0.1:${port}/"`)}`,
    );
    for (let round = 0; round < 3; round++) {
      assert.deepEqual(await statuses(house, 5), { 200: 5 });
      for (let tries = 0; tries < 200 && told.length < [1, 3, 3][round]!; tries++)
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.deepEqual(
      told.map(({ data }) => data['threshold']),
      [0.5, 0.8, 1],
    );
    assert.equal(told[0]?.type, 'budget.threshold');
    assert.equal(told[2]?.data['exhausted'], false);
    await house.close();
    receiver.close();
  });
});

describe('limits', () => {
  test('requests of a minute: what is left stands in the headers, one too many is told when', async () => {
    const house = await houseWith('limits:\n  - { requests-per-minute: 5 }');
    const first = await house.post('/v1/chat/completions', question());
    assert.equal(first.headers.get('x-ratelimit-limit-requests'), '5');
    assert.equal(first.headers.get('x-ratelimit-remaining-requests'), '4');
    assert.match(first.headers.get('x-ratelimit-reset-requests') ?? '', /^[\d.]+s$/);
    assert.deepEqual(await statuses(house, 10), { 200: 4, 429: 6 });
    const refused = await house.post('/v1/chat/completions', question());
    assert.equal((await errorOf(refused)).code, 'rate_limit_exceeded');
    const wait = Number(refused.headers.get('retry-after'));
    assert.ok(wait >= 1 && wait <= 60, String(wait));
    assert.equal(house.upstream.requests.length, 5);
    await house.close();
  });

  test('tokens of a minute are put right when a call is settled', async () => {
    const house = await houseWith('limits:\n  - { tokens-per-minute: 1000 }');
    for (let call = 0; call < 10; call++) await statuses(house, 1);
    await house.gateway.stores.ledger.flush();
    const last = await house.post('/v1/chat/completions', question());
    const left = Number(last.headers.get('x-ratelimit-remaining-tokens'));
    // Eleven calls of 17 tokens; the last is counted as the ten before were.
    assert.equal(left, 1000 - 11 * 17);
    const huge = await house.post('/v1/chat/completions', question({ user: 'x'.repeat(90_000) }));
    assert.equal(huge.status, 429);
    assert.match((await errorOf(huge)).message, /never fits/);
    assert.equal(huge.headers.get('x-should-retry'), 'false');
    await house.close();
  });
});

describe('keys', () => {
  test('a call needs one; who pays, what is allowed and its tags come from it', async () => {
    const house = await houseWith(
      `keys: required\nbudgets:\n  - ${budgetOf(2, ', match: { key: team-a }')}`,
    );
    const { keys } = house.gateway.stores;
    const { secret } = await keys.create({ name: 'team-a', models: ['sm*'], tags: { team: 'a' } });
    const authorization = `Bearer ${secret}`;
    const bare = await house.post('/v1/chat/completions', question());
    assert.equal(bare.status, 401);
    assert.equal((await errorOf(bare)).code, 'missing_api_key');
    const wrong = await house.post('/v1/chat/completions', question(), {
      authorization: `Bearer ${secret.slice(0, -1)}${secret.endsWith('x') ? 'y' : 'x'}`,
    });
    assert.equal((await errorOf(wrong)).code, 'invalid_api_key');
    const headers = { authorization, 'x-farthing-tags': 'team=b,feature=f' };
    assert.deepEqual(await statuses(house, 3, { headers }), { 200: 2, 429: 1 });
    const call = await house.lastCall();
    assert.equal(call.tenant, 'team-a');
    assert.deepEqual(call.tags, { team: 'a', feature: 'f' });
    const large = await house.post('/v1/chat/completions', question({ model: 'large' }), headers);
    assert.equal(large.status, 403);
    assert.equal((await errorOf(large)).code, 'model_not_allowed');
    const listed = await fetch(`${house.url}/models`, { headers: { authorization } });
    const { data } = (await listed.json()) as { data: { id: string }[] };
    assert.deepEqual(
      data.map(({ id }) => id),
      ['small'],
    );
    assert.equal((await fetch(`${house.url}/models`)).status, 401);
    assert.equal((await house.post('/v1/quote', question())).status, 401);
    assert.equal((await fetch(`${house.server.url}/healthz`)).status, 200);
    await keys.revoke('team-a');
    for (let tries = 0; tries < 200; tries++) {
      const late = await house.post('/v1/chat/completions', question(), headers);
      if (late.status === 401) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal((await house.post('/v1/chat/completions', question(), headers)).status, 401);
    assert.ok(!JSON.stringify(house.upstream.requests).includes(secret));
    await house.close();
  });
});

describe('the hold-out', () => {
  test('its share is answered by the reference untouched, and the saving is measured', async () => {
    const house = await houseWith('reference: large\nhold-out: { share: 30% }', {
      tasks:
        '  cheap:\n    tiers:\n      - { model: small, accept: [not-empty] }\n      - { model: large }\n',
    });
    for (let round = 0; round < 10; round++)
      await statuses(house, 20, { body: { model: 'task/cheap' } });
    await house.gateway.stores.ledger.flush();
    const { arms, totals: sums } = house.gateway.stores.ledger.report({});
    const heldOut = arms.find(({ arm }) => arm === 'hold-out');
    const treated = arms.find(({ arm }) => arm === 'treated');
    assert.equal((heldOut?.calls ?? 0) + (treated?.calls ?? 0), 200);
    // 200 draws of 30 %: outside of 30 to 90 about once in ten million runs.
    assert.ok((heldOut?.calls ?? 0) > 30 && (heldOut?.calls ?? 0) < 90, String(heldOut?.calls));
    assert.equal(heldOut?.cost_nano_usd, (heldOut?.calls ?? 0) * ONE * 10);
    assert.equal(treated?.cost_nano_usd, (treated?.calls ?? 0) * ONE);
    assert.equal(sums.saved_by_nano_usd.route, (treated?.calls ?? 0) * ONE * 9);
    await house.close();
  });

  test('by user: all calls of a user are on one side; embeddings are on none', async () => {
    const house = await houseWith('reference: large\nhold-out: { share: 50%, by: user }');
    for (let user = 0; user < 20; user++) {
      await statuses(house, 3, { body: { user: `user-${user}` } });
    }
    await house.post('/v1/embeddings', { model: 'small', input: 'Hello', user: 'user-1' });
    await house.gateway.stores.ledger.flush();
    const sides = new Map<string, Set<string | undefined>>();
    for (const call of house.gateway.stores.ledger.calls({})) {
      if (call.operation === 'embeddings') assert.equal(call.arm, undefined);
      else {
        const user = call.tags['user'] ?? '';
        sides.set(user, (sides.get(user) ?? new Set()).add(call.arm));
      }
    }
    assert.ok([...sides.values()].every((arms) => arms.size === 1));
    const { arms } = house.gateway.stores.ledger.report({});
    assert.equal(
      arms.reduce((sum, { units }) => sum + units, 0),
      20,
    );
    await house.close();
  });
});
