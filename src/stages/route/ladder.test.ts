import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { Call, Handler, Reply } from '../../call.ts';
import { FarthingError } from '../../errors.ts';
import { PriceLookup } from '../../pricing/price-lookup.ts';
import type { PriceBook } from '../../pricing/price-book.ts';
import {
  callOf,
  checkThat,
  type Line,
  modelAt,
  promised,
  scripted,
  taskOf,
  textOf,
  tierOf,
} from '../../testing/stage-fixtures.ts';
import { Conversations } from './conversations.ts';
import { route } from './route.ts';

const emptyBook = { rules: () => [] } as unknown as PriceBook;
const prices = new PriceLookup(emptyBook);

const small = modelAt('small', 1, 1);
const large = modelAt('large', 10, 10);
const saysYes = checkThat('says-yes', ({ text }) => text.includes('yes'));
const brief = checkThat('brief', ({ text }) => text.length < 10);

function answering(lines: Readonly<Record<string, Line>>): (call: Call) => Promise<Reply> {
  return promised(route({ prices, conversations: new Conversations() }).wrap(scripted(lines)));
}

const askedModels = ({ trace }: Call): string[] => trace.attempts.map(({ model }) => model.name);

for (const stream of [false, true]) {
  describe(`a ladder, ${stream ? 'streaming' : 'JSON'}`, () => {
    const task = taskOf([tierOf(small, saysYes), tierOf(large, saysYes)]);

    test('the cheapest tier answers when its checks pass', async () => {
      const call = callOf(task, { stream });
      const reply = await answering({ small: { text: 'yes, small' }, large: { text: 'yes' } })(
        call,
      );
      assert.equal(await textOf(reply), 'yes, small');
      assert.deepEqual(askedModels(call), ['small']);
      assert.equal(call.trace.outcome, 'accepted');
      assert.equal(call.trace.answer?.model, small);
    });

    test('the next tier is asked when a check fails, and both are in the trace', async () => {
      const call = callOf(task, { stream });
      const reply = await answering({ small: { text: 'no' }, large: { text: 'yes' } })(call);
      assert.equal(await textOf(reply), 'yes');
      assert.deepEqual(askedModels(call), ['small', 'large']);
      assert.equal(call.trace.outcome, 'accepted');
      assert.equal(call.trace.attempts[0]?.outcome, 'rejected');
      assert.match(String(call.trace.attempts[0]?.reasons), /says-yes said no/);
    });

    test('a tier that fails is an escalation', async () => {
      const call = callOf(task, { stream });
      const broken = new FarthingError('upstream_unreachable', 'gone');
      const reply = await answering({ small: broken, large: { text: 'yes' } })(call);
      assert.equal(await textOf(reply), 'yes');
    });

    test("the last tier's error is the call's, when nobody answered", async () => {
      const lines = {
        small: new FarthingError('upstream_unreachable', 'gone'),
        large: new FarthingError('upstream_timeout', 'slow'),
      };
      await assert.rejects(answering(lines)(callOf(task, { stream })), {
        code: 'upstream_timeout',
      });
    });

    test('a rejected answer is better than an error above it', async () => {
      const call = callOf(task, { stream });
      const lines = { small: { text: 'no' }, large: new FarthingError('upstream_timeout', 'slow') };
      assert.equal(await textOf(await answering(lines)(call)), 'no');
      assert.equal(call.trace.outcome, 'rejected');
      assert.equal(call.trace.answer?.model, small);
    });
  });
}

test('of rejected answers the one with the best score is given', async () => {
  const task = taskOf([
    { ...tierOf(small, saysYes, brief), threshold: 1 },
    { ...tierOf(large, saysYes, brief), threshold: 1 },
  ]);
  const call = callOf(task);
  const lines = { small: { text: 'yes, but at length' }, large: { text: 'no, and at length' } };
  assert.equal(await textOf(await answering(lines)(call)), 'yes, but at length');
  assert.equal(call.trace.answer?.model, small);
});

describe('a cap on the cost of a call', () => {
  // 1 USD per 1M tokens: 1,000 nano-dollars a token; the prompt is bounded by some 280 tokens.
  const request = { max_tokens: 100 };
  const tiers = [tierOf(small, saysYes), tierOf(large)];
  const used = { tokens: { input: 20, output: 50 } };

  test('a tier that could exceed it is not asked; the best so far is given and marked', async () => {
    const call = callOf(taskOf(tiers, { maxCostNano: 1_000_000 }), request);
    const lines = { small: { text: 'no', ...used }, large: { text: 'yes' } };
    assert.equal(await textOf(await answering(lines)(call)), 'no');
    assert.deepEqual(askedModels(call), ['small']);
    assert.equal(call.trace.capped, true);
    assert.equal(call.trace.outcome, 'rejected');
  });

  test('a tier that fits is asked', async () => {
    const call = callOf(taskOf(tiers, { maxCostNano: 5_000_000 }), request);
    const lines = { small: { text: 'no', ...used }, large: { text: 'yes' } };
    assert.equal(await textOf(await answering(lines)(call)), 'yes');
    assert.equal(call.trace.capped, undefined);
  });

  test('the answer is limited where only its longest form would exceed it', async () => {
    let limit: number | undefined;
    const next: Handler = async (call) => {
      limit = call.ask?.maxOutputTokens;
      return scripted({ small: { text: 'yes' } })(call);
    };
    const task = taskOf([tierOf(small, saysYes)], { maxCostNano: 600_000 });
    await route({ prices, conversations: new Conversations() }).wrap(next)(
      callOf(task, { max_tokens: 100_000 }),
    );
    assert.ok(limit !== undefined && limit >= 256 && limit < 600, `limited to ${limit}`);
  });

  test('nothing is asked, and nothing spent, when no tier fits', async () => {
    const call = callOf(taskOf(tiers, { maxCostNano: 10 }), request);
    await assert.rejects(answering({})(call), { code: 'max_cost_exceeded' });
    assert.deepEqual(askedModels(call), []);
  });

  test('a model without a price is not asked under a cap', async () => {
    const task = taskOf([tierOf(modelAt('unknown'))], { maxCostNano: 1_000_000_000 });
    await assert.rejects(answering({})(callOf(task)), /unknown has no known price/);
  });

  test("the caller's own cap counts when it is lower", async () => {
    const call = {
      ...callOf(taskOf(tiers, { maxCostNano: 5_000_000 }), request),
      maxCostNano: 1_000_000,
    };
    const lines = { small: { text: 'no', ...used }, large: { text: 'yes' } };
    assert.equal(await textOf(await answering(lines)(call)), 'no');
  });
});

describe('a conversation', () => {
  const history = (answer: string) => [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: answer },
    { role: 'user', content: 'And now?' },
  ];
  const lines = { small: { text: 'no' }, large: { text: 'yes' } };

  async function secondTurn(sticky: boolean, stream: boolean): Promise<string[]> {
    const task = taskOf([tierOf(small, saysYes), tierOf(large)], { sticky });
    const handler = answering(lines);
    await textOf(await handler(callOf(task, { stream })));
    const call = callOf(task, { stream, messages: history('yes') });
    await textOf(await handler(call));
    return askedModels(call);
  }

  for (const stream of [false, true]) {
    test(`stays on the model that it is on (${stream ? 'stream' : 'JSON'})`, async () => {
      assert.deepEqual(await secondTurn(true, stream), ['large']);
    });

    test(`starts anew where its task says so (${stream ? 'stream' : 'JSON'})`, async () => {
      assert.deepEqual(await secondTurn(false, stream), ['small', 'large']);
    });
  }

  test('of unknown history starts at the cheapest', async () => {
    const call = callOf(taskOf([tierOf(small, saysYes), tierOf(large)]), {
      messages: history('never said'),
    });
    await textOf(await answering(lines)(call));
    assert.deepEqual(askedModels(call), ['small', 'large']);
  });
});
