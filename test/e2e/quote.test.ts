/** A quote: what it says comes true, and it changes nothing. */
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { Quote } from '../../src/quote/quote.ts';
import { answers } from '../../src/testing/fake-upstream.ts';
import { type House, startHouse } from './harness.ts';

const usage = { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 };
const ONE = 12 * 1000 + 5 * 2000;
const LADDER =
  '  climb:\n    tiers:\n      - { model: small, accept: [{ mentions: [yes] }] }\n      - { model: large }\n';

const question = (more: object = {}) => ({
  model: 'task/climb',
  messages: [{ role: 'user', content: 'Hello there' }],
  ...more,
});

async function quoteOf(house: House, body: object, headers = {}): Promise<Quote> {
  const response = await house.post('/v1/quote', body, headers);
  assert.equal(response.status, 200);
  return (await response.json()) as Quote;
}

describe('a quote', () => {
  test('guesses while nothing was learned, and asks nobody', async () => {
    const house = await startHouse({ tasks: LADDER });
    const guess = await quoteOf(house, question());
    assert.equal(guess.tiers[0]?.tokens_from, 'guessed');
    assert.equal(guess.tiers[0]?.reached, null);
    assert.equal(guess.calls_seen, 0);
    assert.equal(guess.expected_nano_usd, guess.tiers[0]?.cost_nano_usd);
    assert.equal(house.upstream.requests.length, 0);
    await house.close();
  });

  test('the expectation is each tier by how often it was reached, and the reference beside it', async () => {
    const house = await startHouse({ tasks: LADDER, top: 'reference: large' });
    house.upstream.respond(answers('yes', { usage }));
    for (let call = 0; call < 3; call++) await house.post('/v1/chat/completions', question());
    house.upstream.respondOnce(answers('no', { usage }));
    await house.post('/v1/chat/completions', question());
    await house.gateway.stores.ledger.flush();
    const quoted = await quoteOf(house, question());
    assert.equal(quoted.calls_seen, 4);
    assert.deepEqual(
      quoted.tiers.map(({ reached, cost_nano_usd: cost, tokens_from: from }) => [
        reached,
        cost,
        from,
      ]),
      [
        [1, ONE, 'learned'],
        [0.25, ONE * 10, 'learned'],
      ],
    );
    assert.equal(quoted.expected_nano_usd, ONE + (ONE * 10) / 4);
    assert.deepEqual(quoted.reference, { model: 'large', cost_nano_usd: ONE * 10 });
    assert.equal(quoted.verdict, 'ok');
    await house.close();
  });

  test('says which error a call would get: the cap, the budget, the price', async () => {
    const house = await startHouse({ top: 'budgets:\n  - { usd: 0.0000001, per: day }' });
    const dear = await quoteOf(house, question({ model: 'small' }));
    assert.equal(dear.verdict, 'budget_exceeded');
    assert.equal(dear.budgets[0]?.verdict, 'refuses');
    assert.equal((await quoteOf(house, question({ model: 'unpriced' }))).verdict, 'unpriced_model');
    const capped = await quoteOf(house, question({ model: 'small' }), {
      'x-farthing-max-cost': '0.000000001',
    });
    assert.equal(capped.verdict, 'max_cost_exceeded');
    assert.match(capped.tiers[0]?.refused ?? '', /could exceed/);
    const wrong = await house.post('/v1/quote', question({ model: 'smal' }));
    assert.equal(wrong.status, 404);
    assert.equal(house.upstream.requests.length, 0);
    await house.close();
  });

  test('names the entry that would answer, for nothing', async () => {
    const house = await startHouse({ top: 'cache: { ttl: 1h }' });
    const body = question({ model: 'small', temperature: 0 });
    assert.equal((await quoteOf(house, body)).cache.state, 'miss');
    await house.post('/v1/chat/completions', body);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const quoted = await quoteOf(house, body);
    assert.equal(quoted.cache.state, 'hit');
    assert.equal(quoted.expected_nano_usd, 0);
    assert.equal((await quoteOf(house, question({ model: 'small' }))).cache.state, 'off');
    await house.close();
  });
});
