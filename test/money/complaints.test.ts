/**
 * What users of other gateways complained about, number by number: docs/money.md tells what happened and links
 * the threads. Each is asked of a real gateway, and the ledger is looked at after.
 */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '../../src/config/load.ts';
import type { JsonObject } from '../../src/json.ts';
import { asObject } from '../../src/json.ts';
import { costNano } from '../../src/pricing/cost.ts';
import type { PriceRule } from '../../src/pricing/price-rule.ts';
import { convertOpenAIUsage } from '../../src/pricing/usage-openai.ts';
import { readResponsesUsage } from '../../src/pricing/usage-responses.ts';
import { TOKEN_CLASSES, inputTokens, outputTokens } from '../../src/pricing/usage.ts';
import {
  answers,
  completion,
  fails,
  jsonAnswer,
  rawStream,
} from '../../src/testing/fake-upstream.ts';
import { ask, eventsIn, inHouse, used } from './asking.ts';

const TEXT = 'A farthing was a quarter of a penny.';

/** Dear to write, cheap to read: every class at a rate of its own, so that no mistake can hide. */
const CACHED = `  cached:
    provider: fake
    price:
      { input: 2, cache-read: 0.2, cache-write: 2.5, cache-write-1h: 4, output: 10, reasoning: 12 }`;

test('1: cache hits inside the prompt are not charged on top of it (Gemini)', async () => {
  await inHouse({ models: CACHED }, async (house) => {
    const usage = {
      prompt_tokens: 50_000,
      completion_tokens: 100,
      total_tokens: 50_400,
      prompt_tokens_details: { cached_tokens: 45_000 },
    };
    house.upstream.respond(answers(TEXT, { usage }));
    const { attempt } = await ask(house, { model: 'cached' });
    assert.deepEqual(used(attempt), {
      input: 5000,
      cacheRead: 45_000,
      output: 100,
      reasoning: 300,
    });
    assert.equal(inputTokens(attempt.tokens), usage.prompt_tokens);
    assert.equal(attempt.costNano, 5000 * 2000 + 45_000 * 200 + 100 * 10_000 + 300 * 12_000);
  });
});

test('2: whether the prompt includes cached tokens is known of each provider (xAI, DeepSeek, Anthropic)', async () => {
  const cost = 20 * 2000 + 80 * 200 + 10 * 10_000;
  const total = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 };
  const told = {
    xai: { ...total, prompt_tokens_details: { text_tokens: 100, cached_tokens: 80 } },
    deepseek: { ...total, prompt_cache_hit_tokens: 80, prompt_cache_miss_tokens: 20 },
    moonshot: { ...total, cached_tokens: 80 },
  };
  await inHouse({ models: CACHED }, async (house) => {
    for (const [name, usage] of Object.entries(told)) {
      house.upstream.respond(answers(TEXT, { usage }));
      const { attempt } = await ask(house, { model: 'cached' });
      assert.deepEqual(used(attempt), { input: 20, cacheRead: 80, output: 10 }, name);
      assert.equal(attempt.costNano, cost, name);
    }
  });
  await inHouse({ models: CACHED, dialect: 'anthropic' }, async (house) => {
    const usage = { input_tokens: 20, cache_read_input_tokens: 80, output_tokens: 10 };
    house.upstream.respond(answers(TEXT, { usage }));
    assert.equal((await ask(house, { model: 'cached' })).attempt.costNano, cost);
  });
});

test('3: a cache write is charged at its own rate instead of the input’s, not beside it', async () => {
  await inHouse({ models: CACHED, dialect: 'anthropic' }, async (house) => {
    const usage = { input_tokens: 10, cache_creation_input_tokens: 1000, output_tokens: 1 };
    house.upstream.respond(answers(TEXT, { usage }));
    for (const stream of [false, true]) {
      const { attempt } = await ask(house, { model: 'cached', stream });
      assert.deepEqual(used(attempt), { input: 10, cacheWrite5m: 1000, output: 1 });
      assert.equal(attempt.costNano, 10 * 2000 + 1000 * 2500 + 10_000);
    }
  });
});

test('4: a cache write for an hour is charged at the rate for an hour', async () => {
  await inHouse({ models: CACHED, dialect: 'anthropic' }, async (house) => {
    const usage = {
      input_tokens: 10,
      cache_creation_input_tokens: 1000,
      cache_creation: { ephemeral_5m_input_tokens: 400, ephemeral_1h_input_tokens: 600 },
      output_tokens: 1,
    };
    house.upstream.respond(answers(TEXT, { usage }));
    for (const stream of [false, true]) {
      const { attempt } = await ask(house, { model: 'cached', stream });
      assert.equal(attempt.tokens.cacheWrite1h, 600);
      assert.equal(attempt.costNano, 10 * 2000 + 400 * 2500 + 600 * 4000 + 10_000);
    }
  });
});

test('5: service tier, prompt size and cache class make the price together', async () => {
  const models = `  banded:
    provider: fake
    price:
      input: 2
      cache-read: 0.2
      output: 10
      flex: 0.5
      batch: 0.5
      bands: [{ above: 272000, input: 4, cache-read: 0.4, output: 15 }]`;
  const answer = (prompt: number, tier: string): JsonObject => ({
    ...completion(TEXT, {
      usage: {
        prompt_tokens: prompt,
        completion_tokens: 100,
        total_tokens: prompt + 100,
        prompt_tokens_details: { cached_tokens: 100_000 },
      },
    }),
    service_tier: tier,
  });
  const low = 172_000 * 2000 + 100_000 * 200 + 100 * 10_000;
  const high = 172_001 * 4000 + 100_000 * 400 + 100 * 15_000;
  await inHouse({ models }, async (house) => {
    for (const [prompt, tier, cost] of [
      [272_000, 'default', low],
      [272_001, 'default', high],
      [272_000, 'flex', low / 2],
      [272_001, 'flex', high / 2],
      [272_001, 'batch', high / 2],
      // Nobody knows what this model costs at this tier: that is not nothing.
      [272_001, 'priority', undefined],
    ] as const) {
      house.upstream.respond(jsonAnswer(answer(prompt, tier)));
      const { attempt } = await ask(house, { model: 'banded' });
      assert.equal(attempt.costNano, cost, `${prompt} ${tier}`);
      assert.equal(attempt.serviceTier, tier);
    }
  });
});

test('6: the cost that a client is told is that of the classes that it is told', async () => {
  const rule: PriceRule = {
    id: 'test',
    rates: {
      input: 2,
      cacheRead: 0.2,
      cacheWrite5m: 2.5,
      cacheWrite1h: 4,
      output: 10,
      reasoning: 12,
    },
    source: 'test',
    asOf: '2026-11-24',
  };
  await inHouse({ models: CACHED, dialect: 'anthropic' }, async (house) => {
    const usage = {
      input_tokens: 30,
      cache_read_input_tokens: 200,
      cache_creation_input_tokens: 100,
      cache_creation: { ephemeral_5m_input_tokens: 60, ephemeral_1h_input_tokens: 40 },
      output_tokens: 50,
    };
    house.upstream.respond(answers(TEXT, { usage }));
    const streamed = await ask(house, { model: 'cached', stream: true, wantsUsage: true });
    const told = asObject(eventsIn(streamed.text).at(-1)?.['usage']);
    const read = convertOpenAIUsage(told);
    assert.deepEqual(read?.tokens, streamed.attempt.tokens);
    assert.equal(asObject(told?.['cost_details'])?.['cost_nano_usd'], costNano(read.tokens, rule));
    const whole = await ask(house, { model: 'cached' });
    const dollars = whole.response?.headers.get('x-farthing-cost-usd');
    assert.equal(Number(dollars) * 1e9, costNano(whole.attempt.tokens, rule));
    const body = JSON.parse(whole.text) as JsonObject;
    assert.deepEqual(convertOpenAIUsage(body['usage'])?.tokens, whole.attempt.tokens);
  });
});

test('7: a report is the sum of its rows, so that it can be set against an invoice', async () => {
  await inHouse({}, async (house) => {
    const costs = { small: 0, large: 0 };
    for (const model of ['small', 'large', 'small'] as const) {
      house.upstream.respond(answers(TEXT));
      costs[model] += (await ask(house, { model })).attempt.costNano ?? 0;
    }
    house.upstream.respond(answers(TEXT));
    await ask(house, { model: 'unpriced' });
    const { rows, totals } = house.gateway.stores.ledger.report({ by: 'model' });
    const costOf = (name: string): number | undefined =>
      rows.find(({ group }) => group === name)?.cost_nano_usd;
    assert.deepEqual({ small: costOf('small'), large: costOf('large') }, costs);
    assert.equal(totals.cost_nano_usd, costs.small + costs.large);
    assert.equal(totals.unpriced, 1);
  });
});

test('8: the provider’s own cost counts, and ours is kept beside it', async () => {
  const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
  await inHouse({}, async (house) => {
    for (const [own, nano] of [
      [{ cost: 0.000_95 }, 950_000],
      [{ cost: 0 }, 0],
      [{ cost_in_usd_ticks: 3_775_600 }, 377_560],
    ] as const) {
      house.upstream.respond(answers(TEXT, { usage: { ...usage, ...own } }));
      for (const stream of [false, true]) {
        const { attempt } = await ask(house, { stream });
        assert.equal(attempt.costNano, nano);
        assert.equal(attempt.reportedNano, nano);
        assert.equal(attempt.computedNano, 1000 * 1000 + 100 * 2000);
      }
    }
    // Without a price of our own the provider's word is enough.
    house.upstream.respond(answers(TEXT, { usage: { ...usage, cost: 0.000_95 } }));
    const { attempt } = await ask(house, { model: 'unpriced' });
    assert.deepEqual([attempt.costNano, attempt.computedNano], [950_000, undefined]);
  });
});

test('9: cached tokens cost what cached tokens cost, at a user’s own price and at the price book’s', async () => {
  const usage = {
    prompt_tokens: 10_000,
    completion_tokens: 1,
    total_tokens: 10_001,
    prompt_tokens_details: { cached_tokens: 9000 },
  };
  await inHouse({ models: CACHED }, async (house) => {
    house.upstream.respond(answers(TEXT, { usage }));
    const { attempt } = await ask(house, { model: 'cached' });
    assert.equal(attempt.costNano, 1000 * 2000 + 9000 * 200 + 10_000);
  });
  const book = { models: '  gpt-4o: { provider: fake }', provider: ', host: openai' };
  await inHouse(book, async (house) => {
    house.upstream.respond(answers(TEXT, { usage }));
    const { attempt } = await ask(house, { model: 'gpt-4o' });
    assert.equal(attempt.costNano, 1000 * 2500 + 9000 * 1250 + 10_000);
    assert.match(attempt.priceId ?? '', /^openai\/gpt-4o@/);
  });
});

test('10: a price typed in the wrong unit is refused, with the likely meaning', async () => {
  const config = (price: string): Promise<unknown> =>
    parseConfig(
      `providers: { openai: { key: k } }\nmodels: { gpt-4o: { provider: openai, price: ${price} } }`,
    );
  await assert.rejects(config('{ input: 0.0000025, output: 0.00001 }'), /USD per token.*2\.5\?/s);
  await assert.rejects(config('{ input: 250, output: 1000 }'), /cents per 1M tokens.*2\.5\?/s);
  await assert.rejects(config('{ input: -2.5, output: 10 }'), /must not be negative/);
  await config('{ input: 2.5, output: 10 }');
});

test('11: output is charged whole when some of it is reasoning', async () => {
  const inside = {
    prompt_tokens: 10,
    completion_tokens: 1000,
    total_tokens: 1010,
    completion_tokens_details: { reasoning_tokens: 950 },
  };
  await inHouse({ models: CACHED }, async (house) => {
    for (const usage of [inside, { ...inside, completion_tokens: 50 }]) {
      house.upstream.respond(answers(TEXT, { usage }));
      for (const stream of [false, true]) {
        const { attempt } = await ask(house, { model: 'cached', stream });
        assert.deepEqual(used(attempt), { input: 10, output: 50, reasoning: 950 });
        const { tokens } = attempt;
        assert.equal(inputTokens(tokens) + outputTokens(tokens), usage.total_tokens);
        assert.equal(attempt.costNano, 10 * 2000 + 50 * 10_000 + 950 * 12_000);
      }
    }
  });
});

test('12: money is whole nano-dollars in every row and every sum', async () => {
  const models = '  odd: { provider: fake, price: { input: 0.07, output: 0.13 } }';
  const usage = { prompt_tokens: 1001, completion_tokens: 7, total_tokens: 1008 };
  await inHouse({ models, top: 'reference: large' }, async (house) => {
    house.upstream.respond(answers(TEXT, { usage }));
    let cost = 0;
    let reference = 0;
    for (let calls = 0; calls < 10; calls++) {
      const { attempt, call } = await ask(house, { model: 'odd' });
      // 1001 x 70 + 7 x 130 pico-dollars are 70.98 nano-dollars, rounded once.
      assert.equal(attempt.costNano, 70_980);
      cost += attempt.costNano;
      reference += call.referenceNano ?? NaN;
    }
    const { totals } = house.gateway.stores.ledger.report({});
    assert.equal(totals.cost_nano_usd, cost);
    assert.equal(totals.saved_nano_usd, reference - cost);
    const { saved_by_nano_usd: byStage, ...sums } = totals;
    for (const sum of [...Object.values(sums), ...Object.values(byStage)]) {
      assert.ok(Number.isSafeInteger(sum));
    }
  });
});

test('13: no class and no bill is ever negative, whatever the provider reports', async () => {
  const usages: readonly JsonObject[] = [
    { prompt_tokens_details: { cached_tokens: 5000 } },
    { prompt_tokens_details: { cached_tokens: -5 } },
    { prompt_cache_hit_tokens: 90, prompt_cache_miss_tokens: -20 },
    { completion_tokens_details: { reasoning_tokens: 7000 } },
    { total_tokens: 3 },
    { cost: -1 },
  ];
  await inHouse({ models: CACHED, top: 'reference: large' }, async (house) => {
    for (const odd of usages) {
      const usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110, ...odd };
      house.upstream.respond(answers(TEXT, { usage }));
      const { attempt } = await ask(house, { model: 'cached' });
      for (const name of TOKEN_CLASSES) assert.ok(attempt.tokens[name] >= 0, name);
      assert.equal(inputTokens(attempt.tokens), 100);
      assert.equal(outputTokens(attempt.tokens), 10);
      assert.ok((attempt.costNano ?? -1) > 0, JSON.stringify(odd));
    }
  });
});

const LADDER =
  '  ladder:\n    tiers:\n      - { model: small, accept: [{ min-length: 20 }] }\n      - { model: large }';

test('14: every attempt is a row at its own price, and what a failed one used is kept', async () => {
  await inHouse({ tasks: LADDER }, async (house) => {
    const early = { prompt_tokens: 12, completion_tokens: 0, total_tokens: 12 };
    const chunk = (content: string, more: JsonObject): string =>
      `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }], ...more })}\n\n`;
    // The cheap tier reports its prompt, says something and breaks off.
    house.upstream.respondOnce(
      rawStream(chunk('', { usage: early }), chunk('One farthing', {}), { end: 'reset' }),
    );
    house.upstream.respond(answers(TEXT));
    const { call } = await ask(house, { model: 'task/ladder', stream: true });
    const [failed, answered] = call.attempts;
    assert.deepEqual([failed?.model, answered?.model], ['small', 'large']);
    assert.equal(failed?.usageSource, 'partial');
    assert.ok((failed?.tokens.output ?? 0) > 0);
    assert.equal(failed?.costNano, 12 * 1000 + (failed?.tokens.output ?? 0) * 2000);
    assert.equal(answered?.costNano, 10 * 10_000 + 5 * 20_000);
    const { totals } = house.gateway.stores.ledger.report({});
    assert.equal(totals.cost_nano_usd, (failed?.costNano ?? 0) + (answered?.costNano ?? 0));
  });
  await inHouse({}, async (house) => {
    house.upstream.respond(fails(503));
    house.other.respond(answers(TEXT));
    const { call } = await ask(house, { model: 'spare' });
    const rows = call.attempts.map(({ provider, costNano: cost }) => [provider, cost]);
    assert.deepEqual(rows, [
      ['fake', 0],
      ['other', 20_000],
    ]);
  });
});

test('15: savings are against one reference, with what they cost inside, and negative where they lost', async () => {
  await inHouse({ tasks: LADDER, top: 'reference: large' }, async (house) => {
    const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
    const cheap = 10 * 1000 + 5 * 2000;
    const dear = 10 * 10_000 + 5 * 20_000;
    house.upstream.respond(answers(TEXT, { usage }));
    await ask(house, { model: 'task/ladder' });
    assert.equal(house.gateway.stores.ledger.report({}).totals.saved_nano_usd, dear - cheap);
    // Too short: the dear tier is asked, too, and the call costs more than it would have.
    house.upstream.respondOnce(answers('No.', { usage }));
    const { call } = await ask(house, { model: 'task/ladder' });
    assert.equal(call.attempts.length, 2);
    const { totals } = house.gateway.stores.ledger.report({});
    assert.equal(totals.reference_nano_usd, 2 * dear);
    assert.equal(totals.saved_nano_usd, dear - cheap - cheap);
    assert.equal(totals.reference_nano_usd - totals.saved_nano_usd, totals.cost_nano_usd);
    // A call that fails has no reference: nothing is credited for an answer that nobody got.
    house.upstream.respond(fails(500));
    assert.equal((await ask(house, { model: 'large' })).call.referenceNano, 0);
  });
});

test('17: a client that leaves is a row with its tokens, and a reported zero is not made up for', async () => {
  await inHouse({}, async (house) => {
    house.upstream.respond(answers('word '.repeat(200), { pause: 5 }));
    const left = await ask(house, { stream: true, leaveAfter: 'word' });
    // Usage is asked for although the client did not, and it left before there was any.
    const asked = house.upstream.requests.at(-1)?.body['stream_options'];
    assert.deepEqual(asked, { include_usage: true });
    assert.equal(left.call.status, 499);
    assert.equal(left.attempt.usageSource, 'estimated');
    assert.ok(left.attempt.tokens.output >= 1 && left.attempt.tokens.output < 200);
    assert.ok((left.attempt.costNano ?? 0) > 0);
    const { totals } = house.gateway.stores.ledger.report({});
    assert.deepEqual([totals.calls, totals.estimated], [1, 1]);
    assert.equal(totals.cost_nano_usd, left.attempt.costNano);
    const zero = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
    house.upstream.respond(answers(TEXT, { usage: zero }));
    for (const stream of [false, true]) {
      const { attempt } = await ask(house, { stream });
      assert.deepEqual([attempt.usageSource, attempt.costNano], ['provider', 0]);
    }
  });
});

test('18: usage is read from every kind of end', async () => {
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
  await inHouse({}, async (house) => {
    for (const finishReason of ['length', 'content_filter']) {
      house.upstream.respond(answers(TEXT, { usage, finishReason }));
      for (const stream of [false, true]) {
        const { attempt } = await ask(house, { stream });
        assert.deepEqual([attempt.usageSource, attempt.costNano], ['provider', 20_000]);
      }
    }
  });
  for (const state of ['completed', 'incomplete', 'failed', 'cancelled']) {
    const response = { status: state, usage: { input_tokens: 10, output_tokens: 5 } };
    const read = readResponsesUsage({ type: `response.${state}`, response });
    assert.deepEqual([read?.source, read?.tokens.input], ['provider', 10], state);
  }
});

test('the table of the documentation names tests that exist, and all of these', () => {
  const root = join(import.meta.dirname, '../..');
  const table = readFileSync(join(root, 'docs/money.md'), 'utf8');
  const named = [...table.matchAll(/^\| (\d+) .*\| `([^`]+)`: "([^"]+)" +\|$/gm)];
  for (const [, number, file = '', name = ''] of named) {
    assert.ok(readFileSync(join(root, file), 'utf8').includes(`test('${name}'`), name);
    assert.ok(name.startsWith(`${number}: `), name);
  }
  const numbers = [...readFileSync(import.meta.filename, 'utf8').matchAll(/^test\('(\d+): /gm)];
  const listed = new Set(named.map(([, number]) => number));
  assert.ok(numbers.length > 0);
  for (const [, number] of numbers) assert.ok(listed.has(number), `${number} is not in the table`);
});
